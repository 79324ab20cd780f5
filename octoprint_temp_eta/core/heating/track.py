"""One heater whole: its state, its countdown, and what the world is told of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..estimation.estimator import ARRIVAL_TOLERANCE, Direction, Episode, Estimate, Estimator, Goal, HeaterKind
from .accuracy import Score, score
from .countdown import Countdown, goal_of
from .episode import Recorder
from .heater import Heater, State, Transition

#: s of readings that the told rate is taken from.
RATE_WINDOW = 15.0
#: °C assumed around the printer until a heater at rest has been seen, and the range in which that is believed.
AMBIENT_C = 25.0
AMBIENT_RANGE_C = (5.0, 35.0)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user wants to know of a heater."""

    heating: bool = True
    cooling: bool = True
    #: °C that count as cooled, None: the ambient and `hysteresis` °C.
    cooled_at: float | None = None
    #: °C, None: the coolest seen.
    ambient: float | None = None
    hysteresis: float = 1.0


@dataclass(frozen=True, slots=True)
class HeaterView:
    """What is told of a heater at a moment: °C, s, °C/s, and Unix seconds for the moments; None: not known."""

    heater: str
    state: State
    target: float | None = None
    actual: float | None = None
    cooldown_target: float | None = None
    direction: Direction | None = None
    eta: float | None = None
    low: float | None = None
    high: float | None = None
    ready_at: float | None = None
    cool_at: float | None = None
    rate: float | None = None
    progress: float | None = None
    method: str | None = None

    @property
    def on_its_way(self) -> bool:
        """Whether the heater still has to reach a target; one that just cools has not."""
        return self.state in (State.HEATING, State.STALLED) or (self.state is State.COOLING and bool(self.target))


@dataclass(frozen=True, slots=True)
class Step:
    """What a reading has brought about: a change of state, and a way that is complete, with how right it was told."""

    transition: Transition | None = None
    episode: Episode | None = None
    score: Score | None = None


#: Makes the estimator of a heater, by name and kind, that sits in so many °C of ambient.
EstimatorFactory = Callable[[str, HeaterKind, float], Estimator]


class Track:
    """Follows one heater."""

    def __init__(self, name: str, policy: Policy, make_estimator: EstimatorFactory) -> None:
        self._heater = Heater(name)
        self._coolest: float | None = None
        self._policy = policy
        self._make_estimator = make_estimator
        self._countdown = Countdown(self._estimator)
        self._recorder = Recorder()
        self._apply_policy()

    @property
    def state(self) -> State:
        """What the heater is doing."""
        return self._heater.state

    @property
    def last_read_at(self) -> float | None:
        """When (monotonic seconds) the newest reading came, None before the first."""
        newest = self._heater.history.newest
        return newest.at if newest else None

    def apply(self, policy: Policy) -> None:
        """Take what the user now wants to know."""
        self._policy = policy
        self._apply_policy()
        self._follow()

    @property
    def kind(self) -> HeaterKind:
        """What kind of heater it is."""
        return self._heater.kind

    def read(self, at: float, actual: float | None, target: float | None) -> Step:
        """Take a reading; see `Heater.read`."""
        last = self.last_read_at
        if self._heater.state in (State.OFF, State.UNKNOWN) and actual is not None:
            self._feel(actual)
        transition = self._heater.read(at, actual, target)
        newest = self._heater.history.newest
        fresh = newest is not None and newest.at != last
        self._follow(fresh=fresh)
        if newest is None or not fresh:
            return Step(transition)
        self._countdown.update(newest)
        self._heater.slow = self._countdown.stalled
        episode = self._recorder.add(newest, self._countdown.remaining(newest.at))
        return Step(transition, episode, score(episode, self._recorder.estimates) if episode else None)

    def forecast(self, target: float) -> Estimate | None:
        """Return how long it would take from now to `target` °C, None where that cannot be told."""
        actual = self._heater.actual
        if actual is None:
            return None
        heating = actual <= target + ARRIVAL_TOLERANCE
        goal = Goal(Direction.HEATING, target) if heating else Goal(Direction.COOLING, target + ARRIVAL_TOLERANCE)
        return Estimate(0.0, 0.0, 0.0) if goal.reached(actual) else self._estimator().forecast(actual, goal)

    def lose(self) -> Transition | None:
        """Nothing is known of the heater any more."""
        self._countdown.stop()
        self._recorder.drop()
        return self._heater.lose()

    def begin_anew(self) -> None:
        """Drop what the present way has shown so far: it begins anew from here."""
        self._countdown.stop()
        self._follow()

    def view(self, at: float, wall: float) -> HeaterView:
        """Return what is told of the heater at `at` (monotonic) = `wall` (Unix seconds)."""
        heater, goal = self._heater, self._countdown.goal
        if heater.actual is None:
            return HeaterView(heater.name, heater.state)
        remaining = self._countdown.remaining(at)
        cools_down = heater.state is State.COOLING and not heater.target
        wanted = goal is not None and self._wanted(goal.direction)
        moment = self._countdown.announced(at, wall) if wanted else None
        view = HeaterView(
            heater=heater.name,
            state=heater.state,
            target=heater.target,
            actual=heater.actual,
            cooldown_target=heater.cooled_at if cools_down else None,
            direction=goal.direction if goal else None,
            rate=heater.history.rate(RATE_WINDOW),
            progress=self._countdown.progress(heater.actual),
        )
        if remaining is None or not wanted:
            return view
        return _with_eta(view, remaining, moment, self._countdown.method)

    @property
    def _ambient(self) -> float:
        if self._policy.ambient is not None:
            return self._policy.ambient
        return AMBIENT_C if self._coolest is None else self._coolest

    def _feel(self, actual: float) -> None:
        """Take the temperature of a heater at rest for its ambient, where it may be."""
        low, high = AMBIENT_RANGE_C
        if low <= actual <= high and (self._coolest is None or actual < self._coolest):
            self._coolest = actual
            self._apply_policy()

    def _wanted(self, direction: Direction) -> bool:
        return self._policy.heating if direction is Direction.HEATING else self._policy.cooling

    def _apply_policy(self) -> None:
        fixed = self._policy.cooled_at
        self._heater.cooled_at = self._ambient + self._policy.hysteresis if fixed is None else fixed

    def _estimator(self) -> Estimator:
        return self._make_estimator(self._heater.name, self._heater.kind, self._ambient)

    def _follow(self, *, fresh: bool = False) -> None:
        """Let countdown and recorder take up the way that the heater is on; a `fresh` sample is its first."""
        goal, newest = goal_of(self._heater), self._heater.history.newest
        if goal == self._countdown.goal or newest is None:
            return
        before = list(self._heater.history)[: -1 if fresh else None]
        self._countdown.follow(goal, before)
        if goal is not None:
            self._recorder.begin(goal, before)
        elif self._heater.state in (State.AT_TARGET, State.COOLED_DOWN):
            self._recorder.arrive(newest.at)
        else:
            self._recorder.drop()


def _with_eta(view: HeaterView, remaining: Estimate, moment: float | None, method: str | None) -> HeaterView:
    """Return `view` with the estimate in it; a heater that only cools has a `cool_at`, any other a `ready_at`."""
    ready = view.on_its_way
    return replace(
        view,
        eta=remaining.eta,
        low=remaining.low,
        high=remaining.high,
        ready_at=moment if ready else None,
        cool_at=None if ready else moment,
        method=method,
    )

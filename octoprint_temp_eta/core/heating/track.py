"""One heater as the rest of the plugin sees it: its state, its estimate, and the view that is published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..estimation.estimator import ARRIVAL_TOLERANCE, Direction, Episode, Estimate, Estimator, Goal, HeaterKind, Shape
from ..frozen import frozen
from .accuracy import Comparison, Score, compare, score
from .countdown import Countdown, goal_of
from .episode import Recorder
from .extrapolation import CoolDown
from .forecasts import Forecast
from .state_machine.heater import Heater
from .state_machine.states import State, Transition

#: The ambient temperature in °C until a heater at rest has been read, and the range in which that reading counts.
AMBIENT_C = 25.0
AMBIENT_RANGE_C = (5.0, 35.0)


@frozen
class Policy:
    """The settings that apply to a heater.

    `heating` and `cooling`: whether an ETA is published. Temperatures in °C.
    """

    heating: bool = True
    cooling: bool = True
    #: The cool-down target, None: the ambient temperature plus `hysteresis`.
    cooled_at: float | None = None
    #: None: the lowest temperature read at rest.
    ambient: float | None = None
    hysteresis: float = 1.0


@frozen
class HeaterView:
    """What is published of a heater.

    Temperatures in °C, durations in s, rates in °C/s, `ready_at` and `cool_at` in Unix seconds; None: not known.
    """

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
    #: Whether `actual` and the state are expected, not read: the printer was disconnected while a heater cooled down.
    extrapolated: bool = False
    #: Unix seconds.
    state_since: float | None = None
    #: Whether the heater has a target, but no temperature; a `Track` cannot tell, see `Heaters.unread`.
    unread: bool = False

    @property
    def heats(self) -> bool:
        """Whether the heater has yet to get as warm as its target, as far as is known."""
        return self.state in (State.HEATING, State.STALLED) or self.unread

    @property
    def pending(self) -> bool:
        """Whether the heater has yet to reach its target. A cool-down without a target is not pending."""
        return self.heats or (self.state is State.COOLING and bool(self.target))


@frozen
class Step:
    """The result of a reading: a change of state, and a completed episode with the accuracy of its estimates."""

    transition: Transition | None = None
    episode: Episode | None = None
    score: Score | None = None
    comparison: Comparison | None = None


#: Makes the estimator of a heater from its name, its kind and the ambient temperature in °C.
EstimatorFactory = Callable[[str, HeaterKind, float], Estimator]
#: Returns the forecast from a temperature in °C to a goal.
Forecaster = Callable[[float, Goal], Forecast]
#: What forecasts depend on: state, target and whether they are extrapolated; and the temperature in °C.
Situation = tuple[tuple[State, float, bool], float | None]
#: At the target.
ARRIVED = Estimate(0.0, 0.0, 0.0)


class Track:
    """Follows one heater."""

    def __init__(self, name: str, policy: Policy, make_estimator: EstimatorFactory) -> None:
        self._heater = Heater(name)
        self._coolest: float | None = None
        self._policy = policy
        self._make_estimator = make_estimator
        self._countdown = Countdown(self._estimator)
        self._recorder = Recorder()
        self._extrapolation: CoolDown | None = None
        #: When the present state was entered, in monotonic seconds; and in Unix seconds, once it was published.
        self._entered_at: float | None = None
        self._state_since: float | None = None
        self._apply_policy()

    def take_ignored(self) -> list[str]:
        """Return the targets since the last call that the state table has no row for, as text for the log."""
        return self._heater.take_ignored()

    @property
    def state(self) -> State:
        """The heater's state."""
        return self._heater.state

    @property
    def target(self) -> float:
        """The target in °C, 0: off."""
        return self._heater.target

    @property
    def extrapolated(self) -> bool:
        """Whether a cool-down, or the rest beside it, continues without readings."""
        return self._extrapolation is not None

    @property
    def last_read_at(self) -> float | None:
        """The time of the newest reading in monotonic seconds, None before the first."""
        newest = self._heater.history.newest
        return newest.at if newest else None

    def apply(self, policy: Policy) -> None:
        """Use changed settings."""
        self._policy = policy
        self._apply_policy()
        if self._extrapolation is None:
            self._follow()

    @property
    def kind(self) -> HeaterKind:
        """The kind of heater."""
        return self._heater.kind

    def doubts(self, at: float, actual: float | None, target: float | None) -> bool:
        """Return whether a reading is not believed before it is confirmed."""
        return self._extrapolation is None and self._heater.doubts(at, actual, target)

    def read(self, at: float, actual: float | None, target: float | None, *, doubted: bool = False) -> Step:
        """Process a reading; see `Heater.read`."""
        doubted = doubted or self.doubts(at, actual, target)
        if self._extrapolation is not None and actual is not None:
            self._resume()
        elif self._extrapolation is not None and target:
            # OctoPrint reports a target that was just set before the printer's first temperature.
            return Step(self.lose(at))
        last = self.last_read_at
        if self._heater.state in (State.OFF, State.UNKNOWN) and actual is not None and not doubted:
            self._note_ambient(actual)
        transition = self._entered(at, self._heater.read(at, actual, target, doubted=doubted))
        if transition is not None and (transition.previous, transition.state) == (State.STALLED, State.HEATING):
            self._countdown.stop()  # what came before the stall is no part of the curve
        newest = self._heater.history.newest
        fresh = newest is not None and newest.at != last
        self._follow(fresh=fresh)
        if self._heater.restless:
            self._recorder.drop()
        if newest is None or not fresh:
            return Step(transition)
        self._countdown.update(newest)
        self._heater.slow = self._countdown.stalled
        episode = self._recorder.add(newest, self._countdown.remaining(newest.at))
        if episode is None:
            return Step(transition)
        estimates = self._recorder.estimates
        return Step(transition, episode, score(episode, estimates), compare(episode, estimates))

    def shape(self, at: float) -> Shape:
        """Return the predicted curve of the rest of the heat-up or cool-down at `at`, empty if it is unknown."""
        return self._countdown.shape() if self._extrapolation is None else self._extrapolation.shape(at)

    def situation(self) -> Situation:
        """Return what forecasts depend on. The temperature is None in the state `unknown`."""
        heater = self._heater
        return (heater.state, heater.target, self._extrapolation is not None), heater.actual

    def forecast(self, target: float, forecast: Forecaster) -> Forecast:
        """Return how long it would take from now to `target` °C. `forecast` does where the heater is not there yet."""
        actual = self._heater.actual
        if actual is None or self._extrapolation is not None:
            return Forecast(None)
        if self._heater.state is State.AT_TARGET and abs(self._heater.target - target) < ARRIVAL_TOLERANCE:
            return Forecast(ARRIVED)
        heating = Goal(Direction.HEATING, target)
        cooling = Goal(Direction.COOLING, target + ARRIVAL_TOLERANCE)
        if heating.reached(actual) and cooling.reached(actual):
            return Forecast(ARRIVED, heating.threshold, cooling.threshold)
        return forecast(actual, cooling if heating.reached(actual) else heating)

    def lose(self, at: float) -> Transition | None:
        """Forget the readings and the estimate."""
        self._extrapolation = None
        self._countdown.stop()
        self._recorder.drop()
        return self._entered(at, self._heater.lose())

    def disconnect(self, at: float, limit: float, *, beside: bool = False) -> Transition | None:
        """Continue without readings: a cool-down is extrapolated for up to `limit` seconds.

        Anything else is lost, except a heater at rest `beside` one that cools down: it stays as it was read. A heater
        with a target is lost, because it is unknown whether it is still heated.
        """
        if self._extrapolation is not None:
            return None
        heater, newest, remaining = self._heater, self._heater.history.newest, self._countdown.remaining(at)
        if newest is None or heater.target or limit <= 0:
            return self.lose(at)
        if heater.state is State.COOLING and remaining is not None:
            reached_at, threshold = at + remaining.eta, heater.cooled_at
        elif beside and heater.rests:
            reached_at, threshold = newest.at, newest.actual
        else:
            return self.lose(at)
        self._recorder.drop()
        self._extrapolation = CoolDown(newest.at, newest.actual, reached_at, threshold, self._ambient, at + limit)
        return None

    def tick(self, at: float) -> Transition | None:
        """Continue the extrapolation: a cool-down until it ends, then the state until the limit."""
        extrapolation = self._extrapolation
        if extrapolation is None:
            return None
        if at > extrapolation.until:
            return self.lose(at)
        if self._heater.state is State.COOLING and at >= extrapolation.reached_at:
            transition = self._entered(at, self._heater.finish_cooling(at))
            self._follow()
            return transition
        return None

    def restart_estimate(self) -> None:
        """Drop the samples of the present episode: its estimate starts again from here."""
        if self._extrapolation is not None:
            return  # there are no readings to start with
        self._countdown.stop()
        self._follow()

    def view(self, at: float, wall: float) -> HeaterView:
        """Return what is published at `at` (monotonic seconds), which is `wall` in Unix seconds."""
        heater, goal, extrapolation = self._heater, self._countdown.goal, self._extrapolation
        actual = heater.actual if extrapolation is None else extrapolation.temperature(at)
        if actual is None:
            return HeaterView(heater.name, heater.state, state_since=self._since(at, wall))
        remaining = self._countdown.remaining(at)
        cools_down = heater.state is State.COOLING and not heater.target
        announced = self._countdown.announced(at, wall) if goal is not None and self._wanted(goal) else None
        view = HeaterView(
            heater=heater.name,
            state=heater.state,
            target=heater.target,
            actual=actual,
            cooldown_target=heater.cooled_at if cools_down else None,
            direction=goal.direction if goal else None,
            rate=heater.rate if extrapolation is None else None,
            progress=self._countdown.progress(actual),
            extrapolated=extrapolation is not None,
            state_since=self._since(at, wall),
        )
        if remaining is None or announced is None:
            return view
        return _with_eta(view, remaining, announced, self._countdown.method)

    def clock_set(self) -> None:
        """Compute again since when the state holds: the clock was set."""
        self._state_since = None

    def _since(self, at: float, wall: float) -> float | None:
        """Return since when the state holds: computed once, so that it does not vary by the drift of the clocks."""
        if self._state_since is None and self._entered_at is not None:
            self._state_since = wall - (at - self._entered_at)
        return self._state_since

    def _entered(self, at: float, transition: Transition | None) -> Transition | None:
        if transition is not None:
            self._entered_at, self._state_since = at, None
        return transition

    def _resume(self) -> None:
        """Replace the extrapolation by readings."""
        self._extrapolation = None
        self._countdown.stop()
        self._heater.resume()

    @property
    def _ambient(self) -> float:
        if self._policy.ambient is not None:
            return self._policy.ambient
        return AMBIENT_C if self._coolest is None else self._coolest

    def _note_ambient(self, actual: float) -> None:
        """Use the temperature of a heater at rest as its ambient temperature if it can be one."""
        low, high = AMBIENT_RANGE_C
        if low <= actual <= high and (self._coolest is None or actual < self._coolest):
            self._coolest = actual
            self._apply_policy()

    def _wanted(self, goal: Goal) -> bool:
        enabled = self._policy.heating if goal.direction is Direction.HEATING else self._policy.cooling
        return enabled and self._heater.state is not State.STALLED  # that one does not get warmer

    def _apply_policy(self) -> None:
        fixed = self._policy.cooled_at
        self._heater.cooled_at = self._ambient + self._policy.hysteresis if fixed is None else fixed

    def _estimator(self) -> Estimator:
        return self._make_estimator(self._heater.name, self._heater.kind, self._ambient)

    def _follow(self, *, fresh: bool = False) -> None:
        """Start or end the episode of countdown and recorder; a `fresh` sample is the first of a new one."""
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


def _with_eta(view: HeaterView, remaining: Estimate, announced: float, method: str | None) -> HeaterView:
    """Return `view` with the estimate; a cool-down without a target has a `cool_at`, anything else a `ready_at`."""
    ready = view.pending
    return replace(
        view,
        eta=remaining.eta,
        low=remaining.low,
        high=remaining.high,
        ready_at=announced if ready else None,
        cool_at=None if ready else announced,
        method=method,
    )

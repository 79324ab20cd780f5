"""The countdown: the goal, the remaining time, and the announced time of arrival."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal, Sample
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.core.heating.countdown import ROUNDING_S, Countdown, goal_of
from octoprint_temp_eta.core.heating.state_machine.heater import Heater
from octoprint_temp_eta.core.heating.state_machine.states import State

TO_60 = Goal(Direction.HEATING, 60.0)
TO_40 = Goal(Direction.COOLING, 40.0)
WALL = 1_795_188_600.0


class FakeEstimator(Linear):
    """Returns the estimate that the test sets."""

    name = "fake"

    def __init__(self) -> None:
        super().__init__(Limits())
        self.next: Estimate | None = None
        self.started: list[tuple[Goal, list[Sample]]] = []
        self.samples: list[Sample] = []

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        self.started.append((goal, list(before)))

    def update(self, sample: Sample) -> Estimate | None:
        self.samples.append(sample)
        return self.next


class FakeEpisode:
    """A countdown with a fake estimator."""

    def __init__(self, goal: Goal | None = TO_60) -> None:
        self.estimators: list[FakeEstimator] = []
        self.countdown = Countdown(self._make)
        self.countdown.follow(goal, [])

    def read(self, at: float, actual: float, estimate: Estimate | None) -> None:
        self.estimators[-1].next = estimate
        self.countdown.update(Sample(at, actual))

    def announced(self, at: float) -> float | None:
        """Return the announced time in s after `WALL`; both clocks start together."""
        announced = self.countdown.announced(at, WALL + at)
        return None if announced is None else announced - WALL

    def _make(self) -> FakeEstimator:
        self.estimators.append(FakeEstimator())
        return self.estimators[-1]


@pytest.mark.parametrize(
    ("state", "target", "goal"),
    [
        (State.UNKNOWN, 60.0, None),
        (State.OFF, 0.0, None),
        (State.AT_TARGET, 60.0, None),
        (State.COOLED_DOWN, 0.0, None),
        (State.HEATING, 60.0, TO_60),
        (State.STALLED, 60.0, TO_60),
        (State.COOLING, 0.0, TO_40),
        (State.COOLING, 60.0, Goal(Direction.COOLING, 61.0)),
    ],
)
def test_the_goal_of_a_heater(state: State, target: float, goal: Goal | None):
    heater = Heater("bed")
    heater.state, heater.target, heater.cooled_at = state, target, 40.0
    assert goal_of(heater) == goal


def test_each_episode_gets_a_new_estimator():
    episode = FakeEpisode()
    before = [Sample(1.0, 20.0)]
    episode.countdown.follow(TO_60, before)
    assert len(episode.estimators) == 1, "the same goal continues the episode"
    episode.countdown.follow(TO_40, before)
    assert episode.estimators[-1].started == [(TO_40, before)]
    episode.countdown.follow(None, [])
    assert episode.countdown.method is None
    episode.countdown.follow(TO_60, [])
    assert len(episode.estimators) == 3


def test_between_samples_it_counts_down_and_never_below_zero():
    episode = FakeEpisode()
    episode.read(10.0, 30.0, Estimate(20.0, 15.0, 30.0))
    assert episode.countdown.remaining(10.0) == Estimate(20.0, 15.0, 30.0)
    assert episode.countdown.remaining(17.0) == Estimate(13.0, 8.0, 23.0)
    assert episode.countdown.remaining(26.0) == Estimate(4.0, 0.0, 14.0)
    assert episode.countdown.remaining(99.0) == Estimate(0.0, 0.0, 0.0)
    assert episode.countdown.remaining(9.0) == Estimate(20.0, 15.0, 30.0), "an earlier time adds nothing"


def test_without_an_estimate_nothing_is_announced():
    episode = FakeEpisode()
    episode.read(10.0, 30.0, Estimate(20.0))
    assert episode.announced(10.0) == 30.0
    episode.read(11.0, 30.0, None)
    assert episode.countdown.remaining(11.0) is None
    assert episode.announced(11.0) is None


def test_without_an_episode_nothing_is_announced():
    episode = FakeEpisode(None)
    episode.countdown.update(Sample(1.0, 20.0))
    assert (episode.countdown.remaining(1.0), episode.announced(1.0), episode.countdown.progress(20.0)) == (
        None,
        None,
        None,
    )


def test_the_announced_time_stays_while_the_estimate_does():
    episode = FakeEpisode()
    for at in range(0, 100, 2):
        episode.read(at, 20.0 + at / 4, Estimate(160.0 - at + (4.0 if at % 4 else 0.0)))
        assert episode.announced(at) == 160.0
        assert episode.announced(at + 1) == 160.0


@pytest.mark.parametrize(
    ("eta", "width", "moved", "announced"),
    [
        (30.0, 2.0, 2.0, 30.0),
        (30.0, 2.0, 2.5, 32.5),
        (30.0, 2.0, -2.5, 27.5),
        (5.0, 0.0, 0.9, 5.0),
        (5.0, 0.0, -1.1, 3.9),
        (100.0, 40.0, 8.5, 100.0),
        (100.0, 40.0, 9.5, 109.5),
        (1000.0, 4.0, 60.0, 1000.0),
        (1000.0, 4.0, -60.0, 940.0),
        (30.0, None, 6.0, 30.0),
        (30.0, None, -6.5, 23.5),
    ],
)
def test_the_announced_time_changes_when_the_estimate_leaves_the_hysteresis(
    eta: float, width: float | None, moved: float, announced: float
):
    def estimate(eta: float) -> Estimate:
        return Estimate(eta) if width is None else Estimate(eta, eta - width / 2, eta + width / 2)

    episode = FakeEpisode()
    episode.read(0.0, 20.0, estimate(eta))
    assert episode.announced(0.0) == eta
    episode.read(0.0, 20.0, estimate(eta + moved))
    assert episode.announced(0.0) == pytest.approx(announced)


def test_one_reading_postpones_the_announced_time_by_at_most_15_percent_of_what_remains():
    episode, announced = FakeEpisode(), []
    episode.read(0.0, 20.0, Estimate(100.0))
    for _ in range(6):
        episode.read(0.0, 20.0, Estimate(200.0))
        announced.append(episode.announced(0.0))
    assert announced == [130.0, 160.0, 160.0, 160.0, 160.0, 160.0]


@pytest.mark.parametrize(
    ("estimate", "announced"),
    [
        (Estimate(200.0, 190.0, 210.0), 130.0),
        (Estimate(200.0, 100.0, 340.0), 142.0),
        (Estimate(400.0, 0.0, 1000.0), 260.0),
    ],
)
def test_a_wide_interval_lets_one_reading_postpone_more(estimate: Estimate, announced: float):
    episode = FakeEpisode()
    episode.read(0.0, 20.0, Estimate(100.0, 80.0, 125.0))
    episode.read(0.0, 20.0, estimate)
    assert episode.announced(0.0) == pytest.approx(announced)


def test_an_overdue_arrival_approaches_a_late_estimate_in_steps():
    episode, rises = FakeEpisode(), []
    episode.read(0.0, 20.0, Estimate(10.0, 9.0, 11.0))
    shown = 10.0
    for second in range(1, 40):
        episode.read(second, 40.0, Estimate(100.0, 95.0, 105.0) if second > 9 else Estimate(10.0 - second))
        arrival = episode.announced(second)
        assert arrival is not None
        rises.append(arrival - second - (shown - 1.0))
        shown = arrival - second
    assert max(rises) <= 0.15 * 100.0 + 1.0
    assert shown > 80.0


def test_an_overdue_arrival_is_postponed_in_growing_steps():
    episode, announced = FakeEpisode(), set()
    episode.read(0.0, 20.0, Estimate(10.0))
    for second in range(60):
        episode.read(second, 58.9, Estimate(max(10.0 - second, 0.0)))
        arrival = episode.announced(second)
        assert arrival is not None
        assert arrival >= second
        announced.add(arrival)
    assert len(announced) <= 12


@given(
    etas=st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=30),
    spread=st.floats(1.0, 3.0),
    later=st.floats(0.0, 5.0),
)
def test_countdown_interval_and_announced_time_agree(etas: list[float], spread: float, later: float):
    episode = FakeEpisode()
    for second, eta in enumerate(etas):
        episode.read(second, 20.0, Estimate(eta, eta / spread, eta * spread))
        at = second + later
        announced, remaining = episode.announced(at), episode.countdown.remaining(at)
        assert remaining is not None
        assert remaining.low is not None
        assert remaining.high is not None
        assert remaining.low <= remaining.eta <= remaining.high
        if announced is not None:
            assert announced >= at
            assert announced - at == pytest.approx(remaining.eta, abs=ROUNDING_S)


def test_a_new_episode_is_announced_at_once():
    episode = FakeEpisode()
    episode.read(0.0, 20.0, Estimate(100.0))
    assert episode.announced(0.0) == 100.0
    episode.countdown.follow(Goal(Direction.HEATING, 61.0), [])
    episode.read(1.0, 20.0, Estimate(100.0))
    assert episode.announced(1.0) == 101.0


def test_a_corrected_wall_clock_corrects_the_announced_time():
    episode = FakeEpisode()
    episode.read(0.0, 20.0, Estimate(100.0))
    assert episode.countdown.announced(0.0, WALL) == WALL + 100.0
    assert episode.countdown.announced(1.0, WALL + 3600.0) == WALL + 3699.0


@pytest.mark.parametrize(
    ("goal", "start", "actual", "share"),
    [
        (TO_60, 20.0, 20.0, 0.0),
        (TO_60, 19.0, 39.0, 0.5),
        (TO_60, 20.0, 59.0, 1.0),
        (TO_60, 20.0, 70.0, 1.0),
        (TO_60, 20.0, 15.0, 0.0),
        (TO_60, 59.5, 59.6, 1.0),
        (TO_60, 59.5, 58.0, 0.0),
        (TO_60, 59.0, 58.0, 0.0),
        (TO_40, 80.0, 60.0, 0.5),
        (TO_40, 80.0, 40.0, 1.0),
        (TO_40, 80.0, 90.0, 0.0),
    ],
)
def test_progress_is_the_share_of_the_temperature_difference(goal: Goal, start: float, actual: float, share: float):
    episode = FakeEpisode(goal)
    assert episode.countdown.progress(actual) is None
    episode.read(0.0, start, None)
    assert episode.countdown.progress(actual) == pytest.approx(share)


@given(goal=st.sampled_from([TO_60, TO_40]), start=st.floats(-50, 600), actual=st.floats(-50, 600))
def test_progress_is_from_0_to_1(goal: Goal, start: float, actual: float):
    episode = FakeEpisode(goal)
    episode.read(0.0, start, None)
    share = episode.countdown.progress(actual)
    assert share is not None
    assert 0.0 <= share <= 1.0

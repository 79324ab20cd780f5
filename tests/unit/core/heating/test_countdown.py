"""The way to a goal: how long still, and the moment that is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal, Sample
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.core.heating.countdown import Countdown, goal_of
from octoprint_temp_eta.core.heating.heater import Heater, State

TO_60 = Goal(Direction.HEATING, 60.0)
TO_40 = Goal(Direction.COOLING, 40.0)
WALL = 1_795_188_600.0


class Oracle(Linear):
    """Says what it is told to say."""

    name = "oracle"

    def __init__(self) -> None:
        super().__init__(Limits())
        self.says: Estimate | None = None
        self.begun: list[tuple[Goal, list[Sample]]] = []
        self.samples: list[Sample] = []

    def begin(self, goal: Goal, before: Sequence[Sample]) -> None:
        self.begun.append((goal, list(before)))

    def update(self, sample: Sample) -> Estimate | None:
        self.samples.append(sample)
        return self.says


class Way:
    """A countdown whose estimator can be told what to say."""

    def __init__(self, goal: Goal | None = TO_60) -> None:
        self.oracles: list[Oracle] = []
        self.countdown = Countdown(self._make)
        self.countdown.follow(goal, [])

    def say(self, at: float, actual: float, estimate: Estimate | None) -> None:
        self.oracles[-1].says = estimate
        self.countdown.update(Sample(at, actual))

    def moment(self, at: float) -> float | None:
        """The told moment in s after `WALL`, on clocks that began together."""
        moment = self.countdown.moment(at, WALL + at)
        return None if moment is None else moment - WALL

    def _make(self) -> Oracle:
        self.oracles.append(Oracle())
        return self.oracles[-1]


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


def test_each_way_gets_an_estimator_of_its_own():
    way = Way()
    before = [Sample(1.0, 20.0)]
    way.countdown.follow(TO_60, before)
    assert len(way.oracles) == 1, "the same way goes on"
    way.countdown.follow(TO_40, before)
    assert way.oracles[-1].begun == [(TO_40, before)]
    way.countdown.follow(None, [])
    assert way.countdown.method is None
    way.countdown.follow(TO_60, [])
    assert len(way.oracles) == 3


def test_between_samples_it_counts_down_and_never_below_zero():
    way = Way()
    way.say(10.0, 30.0, Estimate(20.0, 15.0, 30.0))
    assert way.countdown.remaining(10.0) == Estimate(20.0, 15.0, 30.0)
    assert way.countdown.remaining(17.0) == Estimate(13.0, 8.0, 23.0)
    assert way.countdown.remaining(26.0) == Estimate(4.0, 0.0, 14.0)
    assert way.countdown.remaining(99.0) == Estimate(0.0, 0.0, 0.0)
    assert way.countdown.remaining(9.0) == Estimate(20.0, 15.0, 30.0), "a look back is no longer way"


def test_an_estimator_that_cannot_tell_leaves_nothing_told():
    way = Way()
    way.say(10.0, 30.0, Estimate(20.0))
    assert way.moment(10.0) == 30.0
    way.say(11.0, 30.0, None)
    assert way.countdown.remaining(11.0) is None
    assert way.moment(11.0) is None


def test_without_a_way_nothing_is_told():
    way = Way(None)
    way.countdown.update(Sample(1.0, 20.0))
    assert (way.countdown.remaining(1.0), way.moment(1.0), way.countdown.progress(20.0)) == (None, None, None)


def test_the_told_moment_stays_while_the_estimate_does():
    way = Way()
    for at in range(0, 100, 2):
        way.say(at, 20.0 + at / 4, Estimate(160.0 - at + (4.0 if at % 4 else 0.0)))
        assert way.moment(at) == 160.0
        assert way.moment(at + 1) == 160.0


@pytest.mark.parametrize(
    ("eta", "moved", "told"),
    [
        (30.0, 5.0, 30.0),
        (30.0, 5.5, 35.5),
        (30.0, -5.5, 24.5),
        (1000.0, 50.0, 1000.0),
        (1000.0, 60.0, 1060.0),
        (1000.0, -60.0, 940.0),
    ],
)
def test_the_told_moment_moves_by_more_than_5_s_and_5_percent(eta: float, moved: float, told: float):
    way = Way()
    way.say(0.0, 20.0, Estimate(eta))
    assert way.moment(0.0) == eta
    way.say(0.0, 20.0, Estimate(eta + moved))
    assert way.moment(0.0) == told


def test_a_slow_drift_moves_the_told_moment_in_steps_that_grow():
    way, told = Way(), []
    for second in range(60):
        way.say(second, 20.0, Estimate(100.0))
        told.append(way.moment(second))
    assert sorted(set(told)) == [100.0, 106.0, 114.0, 126.0, 143.0]


def test_a_new_way_tells_its_own_moment_at_once():
    way = Way()
    way.say(0.0, 20.0, Estimate(100.0))
    assert way.moment(0.0) == 100.0
    way.countdown.follow(Goal(Direction.HEATING, 61.0), [])
    way.say(1.0, 20.0, Estimate(100.0))
    assert way.moment(1.0) == 101.0


def test_a_corrected_wall_clock_corrects_the_told_moment():
    way = Way()
    way.say(0.0, 20.0, Estimate(100.0))
    assert way.countdown.moment(0.0, WALL) == WALL + 100.0
    assert way.countdown.moment(1.0, WALL + 3600.0) == WALL + 3699.0


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
def test_progress_is_the_share_of_the_way(goal: Goal, start: float, actual: float, share: float):
    way = Way(goal)
    assert way.countdown.progress(actual) is None
    way.say(0.0, start, None)
    assert way.countdown.progress(actual) == pytest.approx(share)


@given(goal=st.sampled_from([TO_60, TO_40]), start=st.floats(-50, 600), actual=st.floats(-50, 600))
def test_progress_is_from_0_to_1(goal: Goal, start: float, actual: float):
    way = Way(goal)
    way.say(0.0, start, None)
    share = way.countdown.progress(actual)
    assert share is not None
    assert 0.0 <= share <= 1.0

"""Recorded episodes: the arrival, what is recorded, and the accuracy of the estimates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Estimate, Goal, Sample
from octoprint_temp_eta.core.heating.accuracy import LAST, Accuracy, Score, score
from octoprint_temp_eta.core.heating.episode import AFTER_S, GAP_S, MOST_SAMPLES, Recorder, arrival
from tests.support import curves

TO_60 = Goal(Direction.HEATING, 60.0)
TO_40 = Goal(Direction.COOLING, 40.0)


def samples(readings: Sequence[curves.Reading]) -> list[Sample]:
    return [Sample(at, actual, target) for at, actual, target in readings]


def steps(*actuals: float) -> list[Sample]:
    return [Sample(float(at), actual) for at, actual in enumerate(actuals)]


# Arrival


def test_an_arrival_is_interpolated_between_two_samples():
    assert arrival(TO_60, steps(50, 57, 61, 60, 60, 60, 60)) == pytest.approx(1.5)
    assert arrival(TO_40, steps(50, 44, 36, 36, 36, 36, 36)) == pytest.approx(1.5)


def test_an_arrival_must_stay():
    assert arrival(TO_60, steps(50, 59.5, 58, 59.5, 59.5, 59.5, 59.5, 59.5)) == pytest.approx(2 + 1 / 1.5)
    assert arrival(TO_60, steps(50, 59.5, 59.5)) is None, "for as long as the hold"
    assert arrival(TO_60, steps(50, 55, 58)) is None


def test_an_arrival_in_a_gap_of_the_readings_is_not_timed():
    after = [Sample(2.0 + GAP_S + second, 60.0) for second in range(6)]
    assert arrival(TO_60, [*steps(50, 51, 52), *after]) is not None
    assert arrival(TO_60, [*steps(50, 51), *after]) is None


def test_overshoot_and_ringing_are_one_arrival():
    reached = arrival(TO_60, samples(curves.heating(60.0, rate=0.5, overshoot=4.0, hold=100.0)))
    assert reached == pytest.approx((59.0 - 22.0) / 0.5, abs=0.01)


@given(st.lists(st.floats(-50, 600), max_size=20), st.sampled_from([TO_60, TO_40]))
def test_an_arrival_is_within_the_episode(actuals: list[float], goal: Goal):
    reached = arrival(goal, steps(*actuals))
    assert reached is None or 0.0 <= reached <= len(actuals) - 1


# Recording


def record(
    readings: Sequence[Sample], arrives: int, estimate: Estimate | None = None
) -> tuple[Recorder, list[Episode]]:
    recorder, episodes = Recorder(), []
    recorder.begin(TO_60, [Sample(-1.0, 21.0)])
    for index, sample in enumerate(readings):
        if index == arrives:
            recorder.arrive(sample.at)
        episode = recorder.add(sample, estimate)
        if episode is not None:
            episodes.append(episode)
    return recorder, episodes


def test_an_episode_has_the_samples_before_its_start_and_after_its_arrival():
    readings = samples(curves.heating(60.0, rate=0.5, hold=60.0))
    _, [episode] = record(readings, arrives=78)
    assert episode.before == (Sample(-1.0, 21.0),)
    assert episode.samples[0] == readings[0]
    assert episode.samples[-1].at == readings[78].at + AFTER_S
    assert episode.reached_at == pytest.approx(74.0)


def test_estimates_are_recorded_until_the_arrival():
    recorder, _ = record(samples(curves.heating(60.0, rate=0.5, hold=60.0)), 78, Estimate(5.0))
    assert len(recorder.estimates) == 78


def test_without_an_episode_nothing_is_recorded():
    recorder = Recorder()
    assert recorder.add(Sample(0.0, 22.0), None) is None
    recorder.arrive(0.0)
    recorder.begin(TO_60, [])
    recorder.add(Sample(1.0, 60.0), None)
    recorder.drop()
    assert recorder.add(Sample(99.0, 60.0), None) is None


def test_a_new_episode_starts_without_estimates():
    recorder, _ = record(steps(20, 21, 22), arrives=99, estimate=Estimate(1.0))
    recorder.begin(TO_60, [])
    assert recorder.estimates == []


def test_a_long_episode_is_thinned_out_and_keeps_its_ends():
    readings = [Sample(float(at), min(60.0, 20.0 + at / 300)) for at in range(3 * MOST_SAMPLES)]
    _, [episode] = record(readings, arrives=len(readings) - 30)
    assert len(episode.samples) <= MOST_SAMPLES
    assert episode.samples[0] == readings[0]
    assert episode.reached_at == pytest.approx(39 * 300, abs=4)


# Accuracy


def scored(*etas: float, interval: tuple[float, float] | None = None) -> Score | None:
    """Score estimates made every 10 s of an episode of 100 s."""
    episode = Episode(TO_60, (), (Sample(0.0, 20.0), Sample(110.0, 60.0)), 100.0)
    low, high = interval or (None, None)
    estimates = [(10.0 * index, Estimate(eta, low, high)) for index, eta in enumerate(etas)]
    return score(episode, estimates)


def test_a_score_is_the_mean_error_in_percent_of_the_duration():
    assert scored(*(100.0 - 10 * index for index in range(10))) == Score(0.0, None)
    assert scored(*(110.0 - 10 * index for index in range(10))) == Score(pytest.approx(10.0), None)


def test_a_score_has_the_coverage_of_the_interval():
    assert scored(100.0, 90.0, interval=(95.0, 105.0)) == Score(0.0, 50.0)


def test_without_estimates_or_arrival_there_is_no_score():
    assert scored() is None
    assert score(Episode(TO_60, (), (Sample(0.0, 20.0),), None), [(0.0, Estimate(1.0))]) is None
    assert score(Episode(TO_60, (), (Sample(5.0, 59.5),), 5.0), [(0.0, Estimate(1.0))]) is None


def test_accuracy_is_the_mean_of_the_last_heat_ups():
    accuracy = Accuracy()
    assert (accuracy.error, accuracy.coverage) == (None, None)
    for error in range(LAST + 5):
        accuracy = accuracy.with_score(Score(float(error), None if error % 2 else 80.0))
    assert len(accuracy.scores) == LAST
    assert accuracy.error == pytest.approx(5 + (LAST - 1) / 2)
    assert accuracy.coverage == 80.0


def test_accuracy_is_restored_from_json():
    accuracy = Accuracy((Score(1.5, 80.0), Score(2.25, None), Score(0.0, 0.0)))
    assert Accuracy.from_json(accuracy.as_json()) == accuracy


@pytest.mark.parametrize(
    "stored",
    [
        None,
        7,
        "ab",
        [[1]],
        [1],
        [["x", 1]],
        {"a": 1},
        [[None, 1]],
        [[1, []]],
        [[float("nan"), 1]],
        [[1, float("inf")]],
        [[-1.0, 80.0]],
        [[5.0, 101.0]],
        [[5.0, -1.0]],
    ],
)
def test_a_damaged_record_is_an_empty_one(stored: Any):
    assert Accuracy.from_json(stored) == Accuracy()

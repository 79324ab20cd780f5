"""The belief about the current episode: when it changes."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of
from octoprint_temp_eta.core.estimation.thermal.inference import posterior
from octoprint_temp_eta.core.estimation.thermal.inference.posterior import Posterior
from octoprint_temp_eta.core.estimation.thermal.inference.prior import Belief, shipped_prior

from ......support.thermal_heater import bed, hotend


def started(kind: HeaterKind, goal: Goal, samples: Sequence[Sample], before: Sequence[Sample] = ()) -> Posterior:
    belief = shipped_prior()[goal.direction, kind].heater
    return Posterior(kind, goal, start_of(goal, before, samples[0]), belief, seen=False)


@pytest.mark.parametrize("direction", list(Direction))
def test_readings_during_the_dead_time_change_nothing(direction: Direction) -> None:
    goal = Goal(direction, 60.0 if direction is Direction.HEATING else 40.0)
    flat = [Sample(float(second), 25.0 if direction is Direction.HEATING else 80.0) for second in range(3)]
    episode = started(HeaterKind.BED, goal, flat)
    first = episode.estimate().eta
    for sample in flat[1:]:
        episode.update(sample.at, sample.actual)
        assert episode.estimate().eta == pytest.approx(first - sample.at, rel=0.02)


def test_the_curve_is_fitted_only_when_there_is_something_to_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    heater = bed()
    heater.heat(60.0, after_s=200.0)
    cool_down = heater.cool(40.0)
    fits = []
    original = posterior.fit
    monkeypatch.setattr(posterior, "fit", lambda *arguments: fits.append(1) or original(*arguments))
    episode = started(HeaterKind.BED, cool_down.goal, cool_down.samples, cool_down.before)
    for sample in cool_down.samples[1:]:
        episode.update(sample.at - cool_down.samples[0].at, sample.actual)
    assert len(fits) < 0.3 * len(cool_down.samples)


def test_a_heat_up_is_fitted_more_often_before_its_middle_than_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    heat_up = bed().heat(60.0)
    assert heat_up.reached_at is not None
    began, fits = heat_up.samples[0].at, []
    original = posterior.fit
    episode = started(HeaterKind.BED, heat_up.goal, heat_up.samples)
    for sample in heat_up.samples[1:]:
        monkeypatch.setattr(posterior, "fit", lambda *arguments, at=sample.at: fits.append(at) or original(*arguments))
        episode.update(sample.at - began, sample.actual)
    ends = [began + share * (heat_up.reached_at - began) for share in (0.3, 0.5, 0.6, 1.0)]
    early, late = (len({at for at in fits if first <= at < last}) for first, last in (ends[:2], ends[2:]))
    assert early >= 4, "0.3 to 0.5 of the duration: 5 times 10 %"
    assert late < early, "0.6 to 1.0, the same ratio: 20 % each"


def test_the_curve_of_a_heat_up_is_fitted_before_a_dead_time_as_long_as_expected_has_passed() -> None:
    goal = Goal(Direction.HEATING, 60.0)
    belief = shipped_prior()[Direction.HEATING, HeaterKind.BED].heater
    expected = math.exp(belief.mean[2]) + math.exp(belief.mean[3])
    flat = [Sample(0.1 * tick, 25.0) for tick in range(int(7.0 * expected))]
    episode = started(HeaterKind.BED, goal, flat)
    first = episode.estimate().eta
    for sample in flat[1:]:
        episode.update(sample.at, sample.actual)
    assert episode.estimate().eta > 1.01 * (first - flat[-1].at), "no rise for 70 % of it: this heater is slower"


def test_a_cool_down_that_starts_while_the_heater_already_cools() -> None:
    heater = hotend()
    heater.heat(220.0, after_s=100.0)
    cool_down = heater.cool(50.0)
    assert cool_down.reached_at is not None
    late = cool_down.samples[len(cool_down.samples) // 5 :]
    before = (*cool_down.before, *cool_down.samples[: len(cool_down.samples) // 5])
    episode = started(HeaterKind.TOOL, cool_down.goal, late, before)
    errors = []
    for sample in late[1:]:
        episode.update(sample.at - late[0].at, sample.actual)
        if sample.at < cool_down.reached_at:
            errors.append(abs(episode.estimate().eta - (cool_down.reached_at - sample.at)))
    assert sum(errors) / len(errors) < 0.15 * (cool_down.reached_at - late[0].at)


def test_the_shape_is_the_fitted_curve_from_the_newest_reading_to_the_arrival() -> None:
    heat_up = bed().heat(60.0).samples
    episode = started(HeaterKind.BED, Goal(Direction.HEATING, 60.0), heat_up)
    for sample in heat_up[1:60]:
        episode.update(sample.at - heat_up[0].at, sample.actual)
    shape = episode.shape()
    assert shape[0] == (0.0, pytest.approx(heat_up[59].actual))
    assert shape[-1] == (1.0, 59.0)
    left = next(sample.at for sample in heat_up if sample.actual >= 59.0) - heat_up[59].at
    for share, temperature in shape:
        real = min(heat_up, key=lambda sample: abs(sample.at - heat_up[59].at - share * left)).actual
        assert temperature == pytest.approx(real, abs=3.0)


def test_the_first_readings_of_a_noisy_thermistor_are_not_believed() -> None:
    heat_up = bed().heat(60.0)
    assert heat_up.reached_at is not None
    random_ = random.Random(5)
    noisy = [Sample(sample.at, sample.actual + random_.gauss(0.0, 2.5), sample.target) for sample in heat_up.samples]
    rest = [Sample(noisy[0].at + t, noisy[0].actual + random_.gauss(0.0, 2.5)) for t in range(-40, 0)]
    episode = started(HeaterKind.BED, heat_up.goal, noisy, rest)
    arrivals = []
    for sample in noisy[1:]:
        episode.update(sample.at - noisy[0].at, sample.actual)
        if sample.at < heat_up.reached_at:
            arrivals.append(sample.at + episode.estimate().eta)
    moves = [abs(b - a) for a, b in pairwise(arrivals)]
    total = heat_up.reached_at - noisy[0].at
    assert sum(moves) < 2.5 * total
    assert max(moves) < 0.5 * total


@pytest.mark.parametrize("seen", [False, True])
def test_the_estimate_lies_in_its_interval(*, seen: bool) -> None:
    heat_up = hotend().heat(215.0)
    start = start_of(heat_up.goal, heat_up.before, heat_up.samples[0])
    belief = shipped_prior()[heat_up.goal.direction, HeaterKind.TOOL].heater
    wide = Belief(belief.mean, 9.0 * belief.covariance)
    episode = Posterior(HeaterKind.TOOL, heat_up.goal, start, wide, seen=seen)
    for sample in heat_up.samples[:40]:
        episode.update(sample.at - heat_up.samples[0].at, sample.actual)
        estimate = episode.estimate()
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.eta <= estimate.high


def test_an_estimate_of_a_chamber_is_nearer_to_the_median_than_one_of_a_bed() -> None:
    goal, belief = Goal(Direction.COOLING, 40.0), shipped_prior()[Direction.COOLING, HeaterKind.BED].heater
    start = start_of(goal, (), Sample(0.0, 80.0))
    shares = []
    for kind in (HeaterKind.CHAMBER, HeaterKind.BED):
        estimate = Posterior(kind, goal, start, belief, seen=False).estimate()
        assert estimate.low is not None
        assert estimate.high is not None
        shares.append(estimate.eta / (estimate.low * estimate.high) ** 0.5)
    assert 1.0 > shares[0] > shares[1]


def test_a_flat_start_of_an_unknown_bed_is_no_cool_down_of_hours() -> None:
    samples = [Sample(float(at), 60.0 - 0.3 * (1.0 - math.exp(-at / 10.0)) - 0.0002 * at) for at in range(120)]
    episode = started(HeaterKind.BED, Goal(Direction.COOLING, 45.0), samples)
    first, longest = episode.estimate().eta, 0.0
    for sample in samples[1:]:
        episode.update(sample.at, round(sample.actual, 1))
        estimate = episode.estimate()
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.eta <= estimate.high
        longest = max(longest, estimate.eta)
    assert longest < 6.0 * first

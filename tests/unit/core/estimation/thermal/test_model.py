"""The estimator `model` as its users see it: simulated heaters in, seconds out."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from tests.support.learned_heaters import KINDS, error, follow, heated, learned
from tests.support.thermal_heater import bed, hotend


@pytest.mark.parametrize(("kind", "make", "targets"), KINDS)
def test_estimates_from_the_first_sample_and_is_far_better_once_it_has_learned(
    kind: HeaterKind, make: Any, targets: tuple[float, ...]
) -> None:
    *seen, last = heated(make(), *targets)
    cold, warm = follow(kind, None, last), follow(kind, learned(kind, seen), last)
    assert error(cold) < 0.25
    assert error(warm) < 0.05
    assert error(warm) < error(cold)
    for _, estimate in warm:
        assert estimate.low is not None
        assert estimate.high is not None
        assert 0.0 <= estimate.low <= estimate.high


@pytest.mark.parametrize(("kind", "make", "to"), [(HeaterKind.TOOL, hotend, 50.0), (HeaterKind.BED, bed, 35.0)])
def test_cooling_is_learned(kind: HeaterKind, make: Any, to: float) -> None:
    heater = make()
    heater.heat(200.0 if kind is HeaterKind.TOOL else 60.0, after_s=200.0)
    first = heater.cool(to)
    heater.heat(210.0 if kind is HeaterKind.TOOL else 65.0, after_s=200.0)
    second = heater.cool(to)
    state = learned(kind, [first])
    assert error(follow(kind, state, second)) < 0.07


@pytest.mark.parametrize("every", [2.0, 5.0])
def test_slow_polling_is_enough(every: float) -> None:
    first, second = heated(hotend(), 215.0, 200.0)
    state = learned(HeaterKind.TOOL, [first])
    estimates = follow(HeaterKind.TOOL, state, second, second.samples[:: round(every)])
    assert error(estimates) < 0.06


def test_a_gap_of_20_s_and_whole_degrees_do_no_harm() -> None:
    first, second = heated(bed(), 60.0, 70.0)
    coarse = [
        Sample(sample.at, round(sample.actual), sample.target)
        for i, sample in enumerate(second.samples)
        if not 20 <= i < 40
    ]
    estimates = follow(HeaterKind.BED, learned(HeaterKind.BED, [first]), second, coarse)
    assert error(estimates) < 0.08


def test_a_forecast_is_the_first_estimate() -> None:
    first, second = heated(hotend(), 215.0, 215.0)
    model = ThermalModel(HeaterKind.TOOL)
    state = learned(HeaterKind.TOOL, [first])
    assert state is not None
    model.restore(state)
    ahead = model.forecast(second.samples[0].actual, second.goal)
    assert ahead is not None
    assert ahead.low is not None
    assert ahead.high is not None
    assert ahead.low < ahead.eta < ahead.high
    truth, _ = follow(HeaterKind.TOOL, state, second)[0]
    assert ahead.eta == pytest.approx(truth, rel=0.08)


def test_a_forecast_grows_with_the_target() -> None:
    model = ThermalModel(HeaterKind.BED)
    times = [model.forecast(25.0, Goal(Direction.HEATING, target)) for target in (40.0, 60.0, 90.0)]
    etas = [estimate.eta for estimate in times if estimate is not None]
    assert etas == sorted(etas)
    assert len(etas) == 3


def test_a_heater_switched_off_while_it_rises_cools_from_its_crest() -> None:
    heater = hotend()
    for _ in heater.run(40.0, 200.0):
        pass
    episode = heater.cool(50.0, before_s=0.0)
    estimates = follow(HeaterKind.TOOL, None, episode)
    assert all(estimate.eta > 0.0 for _, estimate in estimates)
    assert error(estimates[len(estimates) // 2 :]) < 0.25

"""The estimator `model` as its users see it: simulated heaters in, seconds out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from octoprint_temp_eta.core.estimation.estimator import (
    Direction,
    Episode,
    Estimate,
    Goal,
    HeaterKind,
    LearnedState,
    Sample,
)
from octoprint_temp_eta.core.estimation.thermal.learning.memory import VERSION
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel

from .....support.thermal_heater import (
    Fault,
    SimulatedHeater,
    bed,
    cartridge_fails,
    door_is_opened,
    hotend,
    thermistor_comes_loose,
)


def follow(
    kind: HeaterKind, state: LearnedState | None, episode: Episode, samples: Sequence[Sample] | None = None
) -> list[tuple[float, Estimate]]:
    """Return the estimates of an episode as (truth, estimate)."""
    assert episode.reached_at is not None
    model = ThermalModel(kind)
    if state is not None:
        model.restore(json.loads(json.dumps(state)))
    model.begin(episode.goal, episode.before)
    estimates = []
    for sample in samples or episode.samples:
        estimate = model.update(sample)
        if sample.at < episode.reached_at:
            assert estimate is not None
            estimates.append((episode.reached_at - sample.at, estimate))
    return estimates


def error(estimates: Sequence[tuple[float, Estimate]]) -> float:
    """Return the mean error as a share of the whole."""
    return sum(abs(estimate.eta - truth) for truth, estimate in estimates) / len(estimates) / estimates[0][0]


def learned(kind: HeaterKind, episodes: Sequence[Episode]) -> LearnedState | None:
    state: LearnedState | None = None
    for episode in episodes:
        state = ThermalModel.learn(kind, state, episode)
    return state


def heated(heater: SimulatedHeater, *targets: float) -> list[Episode]:
    """Return heat-ups with a cool-down between them."""
    episodes = []
    for target in targets:
        episodes.append(heater.heat(target))
        for _ in heater.run(900.0, 0.0):
            pass
    return episodes


KINDS = [(HeaterKind.TOOL, hotend, (215.0, 200.0, 230.0)), (HeaterKind.BED, bed, (60.0, 55.0, 70.0))]


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


@pytest.mark.parametrize(
    "state",
    [
        {"version": 99, "heating": {"mean": [1]}},
        {"algorithm": "linear", "history": []},
        {"version": VERSION, "heating": {"mean": "?"}},
        {"version": VERSION, "heating": {"mean": [0.0] * 9, "covariance": [[float("nan")] * 9] * 9, "traces": []}},
        {"version": VERSION, "heating": {"mean": [0.0] * 3, "covariance": [[1.0]], "traces": []}},
    ],
)
def test_an_invalid_state_is_ignored(state: dict[str, Any]) -> None:
    (episode,) = heated(hotend(), 200.0)
    fresh, odd = follow(HeaterKind.TOOL, None, episode), ThermalModel(HeaterKind.TOOL)
    odd.restore(state)
    odd.begin(episode.goal, episode.before)
    assert odd.update(episode.samples[0]) == fresh[0][1]
    relearned = ThermalModel.learn(HeaterKind.TOOL, state, episode)
    assert relearned is not None
    assert relearned["version"] == VERSION


def test_the_state_stays_small_and_keeps_both_directions() -> None:
    heater = hotend()
    state: LearnedState | None = None
    for target in (200.0, 210.0, 220.0, 230.0, 240.0, 200.0, 205.0):
        state = ThermalModel.learn(HeaterKind.TOOL, state, heater.heat(target, after_s=60.0))
        state = ThermalModel.learn(HeaterKind.TOOL, state, heater.cool(50.0))
    assert state is not None
    assert {"heating", "cooling"} <= set(state)
    assert len(json.dumps(state)) < 20_000


def test_an_episode_that_was_given_up_is_not_learned() -> None:
    (episode,) = heated(hotend(), 200.0)
    given_up = Episode(episode.goal, episode.before, episode.samples[:20], None)
    assert ThermalModel.learn(HeaterKind.TOOL, None, given_up) is None


def test_an_episode_with_another_target_midway_is_not_learned() -> None:
    (episode,) = heated(hotend(), 200.0)
    changed = [Sample(s.at, s.actual, 180.0 if i < 10 else 200.0) for i, s in enumerate(episode.samples)]
    estimates = Episode(episode.goal, episode.before, changed, episode.reached_at)
    assert ThermalModel.learn(HeaterKind.TOOL, None, estimates) is None


def test_one_odd_heating_is_not_learned_but_a_new_hotend_is_after_two() -> None:
    heater = hotend()
    usual = heated(heater, 210.0, 215.0, 220.0, 200.0)
    state = learned(HeaterKind.TOOL, usual[:3])
    weak = SimulatedHeater(power=1.6, lag_s=5.0, body_s=30.0)
    odd = heated(weak, 210.0, 220.0, 200.0)
    once = ThermalModel.learn(HeaterKind.TOOL, state, odd[0])
    before, after = follow(HeaterKind.TOOL, state, usual[3]), follow(HeaterKind.TOOL, once, usual[3])
    assert error(after) == pytest.approx(error(before))
    twice = ThermalModel.learn(HeaterKind.TOOL, once, odd[1])
    assert error(follow(HeaterKind.TOOL, twice, odd[2])) < 0.06


def test_a_usual_episode_drops_an_odd_one() -> None:
    heater = hotend()
    usual = heated(heater, 210.0, 215.0, 220.0, 200.0)
    state = learned(HeaterKind.TOOL, usual[:2])
    (odd,) = heated(SimulatedHeater(power=1.6, lag_s=5.0), 210.0)
    state = learned_on(state, [odd, usual[2], odd])
    assert error(follow(HeaterKind.TOOL, state, usual[3])) < 0.05


def learned_on(state: LearnedState | None, episodes: Sequence[Episode]) -> LearnedState | None:
    for episode in episodes:
        state = ThermalModel.learn(HeaterKind.TOOL, state, episode)
    return state


FAULTS = [cartridge_fails, thermistor_comes_loose, door_is_opened]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("kind", "make", "target", "fault_at", "within"),
    [
        (HeaterKind.TOOL, hotend, 215.0, 60.0, 20.0),
        (HeaterKind.TOOL, hotend, 215.0, 150.0, 20.0),
        (HeaterKind.BED, bed, 70.0, 35.0, 60.0),
        (HeaterKind.BED, bed, 70.0, 50.0, 60.0),
    ],
)
def test_a_fault_stalls_a_learned_heater_soon(
    kind: HeaterKind, make: Any, target: float, fault_at: float, within: float, fault: Fault
) -> None:
    heater: SimulatedHeater = make()
    state = learned(kind, heated(heater, target, target))
    assert state is not None
    model = ThermalModel(kind)
    model.restore(state)
    model.begin(Goal(Direction.HEATING, target), tuple(heater.run(20.0, 0.0)))
    failed_at = None
    for sample in heater.run(400.0, target):
        model.update(sample)
        if failed_at is None:
            assert not model.stalled
            if sample.actual >= fault_at:
                fault(heater)
                failed_at = sample.at
        elif model.stalled:
            assert sample.at - failed_at <= within
            return
    pytest.fail("the fault was not detected")


@pytest.mark.parametrize(("kind", "make", "targets"), KINDS)
def test_a_sound_heater_never_stalls(kind: HeaterKind, make: Any, targets: tuple[float, ...]) -> None:
    first, *others = heated(make(), *targets)
    state = learned(kind, [first])
    assert state is not None
    for episode in others:
        model = ThermalModel(kind)
        model.restore(state)
        model.begin(episode.goal, episode.before)
        for sample in episode.samples:
            model.update(sample)
            assert not model.stalled


def test_a_heater_switched_off_while_it_rises_cools_from_its_crest() -> None:
    heater = hotend()
    for _ in heater.run(40.0, 200.0):
        pass
    episode = heater.cool(50.0, before_s=0.0)
    estimates = follow(HeaterKind.TOOL, None, episode)
    assert all(estimate.eta > 0.0 for _, estimate in estimates)
    assert error(estimates[len(estimates) // 2 :]) < 0.25

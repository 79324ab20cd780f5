"""What is kept of a heater's episodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from octoprint_temp_eta.core.estimation.estimator import Episode, HeaterKind, LearnedState
from octoprint_temp_eta.core.estimation.thermal.learning.memory import VERSION
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from tests.support.learned_heaters import error, follow, heated, learned
from tests.support.thermal_heater import SimulatedHeater, hotend

#: A covariance with a negative variance.
INDEFINITE = [[(i == j) * (1.0 if i else -1.0) for i in range(9)] for j in range(9)]


@pytest.mark.parametrize(
    "state",
    [
        {"version": 99, "heating": {"mean": [1]}},
        {"algorithm": "linear", "history": []},
        {"version": VERSION, "heating": {"mean": "?"}},
        {"version": VERSION, "heating": {"mean": [0.0] * 9, "covariance": [[float("nan")] * 9] * 9, "traces": []}},
        {"version": VERSION, "heating": {"mean": [0.0] * 9, "covariance": INDEFINITE, "traces": []}},
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


@pytest.mark.parametrize(
    ("key", "at", "value"),
    [("ages", 0, -1e7), ("times", 1, -1.0), ("temperatures", 1, 1e6), ("history", 0, float("nan")), ("start", 1, 1e6)],
)
def test_a_memory_with_an_impossible_number_is_ignored(key: str, at: int, value: float) -> None:
    """It would give a belief of NaN, with which every reading fails."""
    first, second = heated(hotend(), 200.0, 210.0)
    state: Any = json.loads(json.dumps(learned(HeaterKind.TOOL, [first])))
    sound = ThermalModel.learn(HeaterKind.TOOL, None, second)
    state["heating"]["traces"][0][key][at] = value
    assert ThermalModel.learn(HeaterKind.TOOL, state, second) == sound


def test_the_state_stays_small_and_keeps_both_directions() -> None:
    heater = hotend()
    state: LearnedState | None = None
    for target in (200.0, 210.0, 220.0, 230.0, 240.0, 200.0, 205.0):
        state = ThermalModel.learn(HeaterKind.TOOL, state, heater.heat(target, after_s=60.0))
        state = ThermalModel.learn(HeaterKind.TOOL, state, heater.cool(50.0))
    assert state is not None
    assert {"heating", "cooling"} <= set(state)
    assert len(json.dumps(state)) < 20_000


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

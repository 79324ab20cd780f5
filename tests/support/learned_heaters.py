"""Simulated heaters and what the estimator `model` learns from them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from octoprint_temp_eta.core.estimation.estimator import Episode, Estimate, HeaterKind, LearnedState, Sample
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from tests.support.thermal_heater import SimulatedHeater, bed, hotend


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

"""What is learned from an episode."""

from __future__ import annotations

from octoprint_temp_eta.core.estimation.estimator import Episode, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from tests.support.learned_heaters import heated
from tests.support.thermal_heater import hotend


def test_an_episode_that_was_given_up_is_not_learned() -> None:
    (episode,) = heated(hotend(), 200.0)
    given_up = Episode(episode.goal, episode.before, episode.samples[:20], None)
    assert ThermalModel.learn(HeaterKind.TOOL, None, given_up) is None


def test_an_episode_with_another_target_midway_is_not_learned() -> None:
    (episode,) = heated(hotend(), 200.0)
    changed = [Sample(s.at, s.actual, 180.0 if i < 10 else 200.0) for i, s in enumerate(episode.samples)]
    estimates = Episode(episode.goal, episode.before, changed, episode.reached_at)
    assert ThermalModel.learn(HeaterKind.TOOL, None, estimates) is None

"""What is learned from an episode."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

from octoprint_temp_eta.core.estimation.estimator import Episode, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from tests.support.learned_heaters import heated
from tests.support.thermal_heater import SimulatedHeater, hotend


def test_an_episode_that_was_given_up_is_not_learned() -> None:
    (episode,) = heated(hotend(), 200.0)
    given_up = Episode(episode.goal, episode.before, episode.samples[:20], None)
    assert ThermalModel.learn(HeaterKind.TOOL, None, given_up) is None


def test_an_episode_with_another_target_midway_is_not_learned() -> None:
    (episode,) = heated(hotend(), 200.0)
    changed = [Sample(s.at, s.actual, 180.0 if i < 10 else 200.0) for i, s in enumerate(episode.samples)]
    estimates = Episode(episode.goal, episode.before, changed, episode.reached_at)
    assert ThermalModel.learn(HeaterKind.TOOL, None, estimates) is None


LEARN = """
import sys
from octoprint_temp_eta.core.estimation.estimator import HeaterKind
from octoprint_temp_eta.core.estimation.thermal.model import ThermalModel
from tests.support.thermal_heater import hotend

heater = hotend()
episodes = heater.heat(240.0), heater.cool(50.0)
for episode in episodes:
    assert ThermalModel.learn(HeaterKind.TOOL, None, episode) is not None
print(max(len(episode.samples) for episode in episodes), "numpy.ma" in sys.modules)
"""


def test_to_learn_from_many_readings_does_not_import_masked_arrays() -> None:
    done = subprocess.run([sys.executable, "-c", LEARN], check=True, capture_output=True, text=True)
    readings, imported = done.stdout.split()
    assert int(readings) > 100
    assert imported == "False"


def test_to_learn_takes_little_memory_at_a_time() -> None:
    weak = SimulatedHeater(power=1.2, lag_s=9.0, body_s=30.0).heat(200.0)
    # The descent from the population's mean does not explain it, so all draws are tried.
    assert ThermalModel.learn(HeaterKind.TOOL, None, weak) is not None
    tracemalloc.start()
    try:
        ThermalModel.learn(HeaterKind.TOOL, None, weak)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # 3.1 MB with the curves of all draws at once
    finally:
        tracemalloc.stop()

"""The estimation methods by name, with and without numpy."""

from __future__ import annotations

import sys

import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Estimator, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.linear import Limits
from octoprint_temp_eta.core.estimation.methods import METHODS, MODEL, learn, make_estimator
from tests.support.thermal_heater import hotend

THERMAL_MODEL = "octoprint_temp_eta.core.estimation.thermal.model"


def estimator(name: str) -> Estimator:
    return make_estimator(name, HeaterKind.TOOL, Limits(), None)


@pytest.fixture
def without_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, THERMAL_MODEL, None)


@pytest.mark.parametrize("name", METHODS)
def test_each_method_has_an_estimator_of_its_own_name(name: str) -> None:
    assert estimator(name).name == name


def test_an_unknown_method_is_linear() -> None:
    assert estimator("of the future").name == "linear"


@pytest.mark.usefixtures("without_numpy")
def test_without_numpy_linear_replaces_the_model() -> None:
    assert estimator(MODEL).name == "linear"


@pytest.mark.usefixtures("without_numpy")
def test_without_numpy_what_was_learned_is_kept() -> None:
    episode = Episode(Goal(Direction.HEATING, 60.0), (), (Sample(0.0, 20.0, 60.0),), None)
    learned = {"version": 2, "heating": {}}
    assert learn(HeaterKind.BED, learned, episode) is learned


def test_the_model_learns_and_uses_what_it_learned() -> None:
    learned = learn(HeaterKind.TOOL, None, hotend().heat(200.0))
    assert learned is not None
    goal = Goal(Direction.HEATING, 200.0)
    fresh, experienced = (make_estimator(MODEL, HeaterKind.TOOL, Limits(), each) for each in (None, learned))
    assert fresh.forecast(25.0, goal) != experienced.forecast(25.0, goal)

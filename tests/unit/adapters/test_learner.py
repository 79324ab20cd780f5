"""Learning in the background: whatever happens, the bridge gets a state back."""

from __future__ import annotations

import logging

import pytest

from octoprint_temp_eta.adapters import learner
from octoprint_temp_eta.adapters.learner import Learner
from octoprint_temp_eta.adapters.threads.tasks import Tasks
from octoprint_temp_eta.bridge.protocol.effects import Learn
from octoprint_temp_eta.bridge.protocol.inputs import Input, Learned
from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Goal, HeaterKind, LearnedState, Sample

LOGGER = logging.getLogger("test-learner")
STATE: LearnedState = {"version": 2}
EPISODE = Episode(Goal(Direction.HEATING, 60.0), (), (Sample(0.0, 20.0, 60.0),), None)
EFFECT = Learn("_default/bed", HeaterKind.BED, STATE, EPISODE)


def learned(*, numpy_works: bool = True) -> list[Input]:
    posted: list[Input] = []
    background = Tasks("test-background", LOGGER)
    background.start()
    Learner(posted.append, background, LOGGER, numpy_works=numpy_works).learn(EFFECT)
    background.close(10)
    return posted


def test_the_learned_state_is_posted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(learner, "learn", lambda *_: {"version": 2, "heating": {}})
    assert learned() == [Learned("_default/bed", {"version": 2, "heating": {}})]


def test_a_failure_is_logged_and_leaves_the_state(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    def fail(*_: object) -> LearnedState:
        raise ZeroDivisionError

    monkeypatch.setattr(learner, "learn", fail)
    assert learned() == [Learned("_default/bed", STATE)]
    assert "Cannot learn from an episode of _default/bed" in caplog.text


def test_without_numpy_nothing_is_learned(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(learner, "learn", lambda *_: pytest.fail("it needs numpy"))
    assert learned(numpy_works=False) == [Learned("_default/bed", STATE)]

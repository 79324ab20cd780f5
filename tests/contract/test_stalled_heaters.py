"""A heater that stalls: its state, its estimate and its episode."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.estimation.estimator import HeaterKind
from octoprint_temp_eta.core.estimation.linear import Limits
from octoprint_temp_eta.core.estimation.methods import learn, make_estimator
from octoprint_temp_eta.core.heating.state_machine.states import State
from octoprint_temp_eta.core.heating.track import HeaterView, Track
from tests.support import curves
from tests.support.thermal_heater import SimulatedHeater
from tests.support.track_driver import FIXED, WALL, TrackDriver


@pytest.mark.parametrize("learned", [False, True])
def test_the_estimate_of_a_heater_that_has_stalled_starts_again(learned: bool):
    """It was several times too long, or a few seconds, as what came before the stall was part of the curve."""
    hotend = SimulatedHeater()
    state = learn(HeaterKind.TOOL, None, hotend.heat(210.0)) if learned else None
    hotend.cool(40.0)
    track = Track("tool0", FIXED, lambda _, kind, ambient: make_estimator("model", kind, Limits(), state))
    views: list[HeaterView] = []

    def heat(seconds: float, works: float) -> None:
        hotend.works = works
        for sample in hotend.run(seconds, 210.0):
            track.read(sample.at, sample.actual, sample.target)
            views.append(track.view(sample.at, WALL + sample.at))

    heat(20.0, 1.0)
    heat(100.0, 0.0)
    stalled = [view for view in views if view.state is State.STALLED]
    assert stalled
    assert {(view.eta, view.ready_at, view.method) for view in stalled} == {(None, None, None)}
    views.clear()
    heat(90.0, 1.0)
    reached = next(number for number, view in enumerate(views) if view.state is State.AT_TARGET)
    errors = [(views[number].eta or 0.0) - (reached - number) for number in range(20, reached - 10)]
    assert len(errors) >= 30
    assert max(map(abs, errors)) <= 10.0


def test_a_learned_heater_is_soon_stalled_and_soon_heating_again():
    hotend = SimulatedHeater()
    state = None
    for _ in range(2):
        state = learn(HeaterKind.TOOL, state, hotend.heat(210.0))
        hotend.cool(40.0)
    track = Track("tool0", FIXED, lambda _, kind, ambient: make_estimator("model", kind, Limits(), state))
    steps = [(s.at, track.read(s.at, s.actual, s.target)) for s in hotend.run(20.0, 210.0)]
    hotend.works, failed_at = 0.0, hotend.at
    steps += [(s.at, track.read(s.at, s.actual, s.target)) for s in hotend.run(20.0, 210.0)]
    hotend.works = 1.0
    steps += [(s.at, track.read(s.at, s.actual, s.target)) for s in hotend.run(60.0, 210.0)]
    states = [(at, step.transition.state) for at, step in steps if step.transition is not None]
    assert [state for _, state in states] == [State.HEATING, State.STALLED, State.HEATING]
    assert states[1][0] - failed_at <= 20.0


def test_a_stalled_heater_that_reaches_its_target_completes_its_episode():
    bed = TrackDriver()
    bed.play(curves.heating(56.0, start=22.0, hold=0))
    assert bed.play(curves.resting(56.0, 60.0, lasting=200))[-1].state is State.STALLED
    bed.play(curves.resting(60.0, 60.0, lasting=100))
    assert bed.states[-2:] == [State.STALLED, State.AT_TARGET]
    [episode] = [step.episode for step in bed.steps if step.episode is not None]
    assert episode.goal.temperature == 60.0

"""The descent to the most probable parameters."""

from __future__ import annotations

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.curves import curves
from octoprint_temp_eta.core.estimation.thermal.curves.physics import Array, Start
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of
from octoprint_temp_eta.core.estimation.thermal.inference import fit as fit_module
from octoprint_temp_eta.core.estimation.thermal.inference.fit import TAILS, Fit, Penalty, Readings, fit
from octoprint_temp_eta.core.estimation.thermal.inference.prior import shipped_prior

KIND, GOAL = HeaterKind.TOOL, Goal(Direction.HEATING, 215.0)
POPULATION = shipped_prior()[GOAL.direction, KIND]
PRIOR = Penalty.of(POPULATION.heater, TAILS[GOAL.direction])


def start() -> Start:
    return start_of(GOAL, (), Sample(0.0, 25.0))


def fitted(parameters: Array, *, until: float) -> Fit:
    """Return the fit to exact readings of a heater with `parameters`, once a second until `until` s."""
    times = np.arange(0.0, until)
    actuals = curves(KIND, GOAL, start(), parameters[None]).at(times)[0][0]
    readings = Readings(times, actuals, np.ones(len(times)), 0.2, 0.01)
    return fit(KIND, GOAL, start(), readings, PRIOR, POPULATION.mean, 20)


def test_without_readings_the_prior_stays() -> None:
    assert fitted(POPULATION.mean, until=0.0).parameters == pytest.approx(POPULATION.mean)


def test_the_curve_of_a_heater_that_is_not_typical_is_found() -> None:
    parameters = POPULATION.mean.copy()
    parameters[0] += 0.35
    found = fitted(parameters, until=60.0)
    reach = curves(KIND, GOAL, start(), parameters[None]).reach[0]
    usual = curves(KIND, GOAL, start(), POPULATION.mean[None]).reach[0]
    assert abs(usual - reach) > 10.0
    assert found.curve.reach[0] == pytest.approx(reach, abs=2.0)


def test_a_fit_goes_on_from_the_last_one_along_its_linearisation(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = POPULATION.mean.copy()
    parameters[0] += 0.1
    times = np.arange(0.0, 60.0)
    actuals = curves(KIND, GOAL, start(), parameters[None]).at(times)[0][0]
    readings = Readings(times, actuals, np.ones(len(times)), 0.2, 0.01)
    first = fit(KIND, GOAL, start(), readings, PRIOR, POPULATION.mean, 1)
    drawn = []
    monkeypatch.setattr(fit_module, "curves", lambda *of: drawn.append(len(of[-1])) or curves(*of))
    second = fit(KIND, GOAL, start(), readings, PRIOR, POPULATION.mean, 1, first)
    assert second.around is first.around
    assert drawn == [1]
    assert second.cost < first.cost
    assert second.squares < 0.5 * first.squares


def test_more_readings_make_the_parameters_more_certain() -> None:
    few, many = (fitted(POPULATION.mean, until=until).certainty for until in (5.0, 60.0))
    assert np.linalg.slogdet(many)[1] > np.linalg.slogdet(few)[1]


def test_a_belief_pulls_less_the_further_away_the_parameters_are() -> None:
    near, far = (PRIOR.pull(POPULATION.mean + off) for off in (0.0, 5.0))
    assert near[2] == 0.0
    assert far[2] > 0.0
    assert np.trace(far[1]) < np.trace(near[1])

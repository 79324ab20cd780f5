"""Cooling curves against a numerical integration of their differential equations."""

from __future__ import annotations

import numpy as np
import pytest

from octoprint_temp_eta.core.estimation.estimator import Direction, Goal, HeaterKind, Sample
from octoprint_temp_eta.core.estimation.thermal.curves.curves import curves
from octoprint_temp_eta.core.estimation.thermal.curves.physics import SOAKED_S
from octoprint_temp_eta.core.estimation.thermal.curves.start import start_of
from octoprint_temp_eta.core.estimation.thermal.inference.prior import shipped_prior

COOLING = Goal(Direction.COOLING, 40.0)
#: loss, lag, delay, ambient, soak, soak time
PARAMETERS_OF_A_COOLING_BED = (np.log(0.002), np.log(5.0), np.log(2.0), 22.0, np.log(0.8), np.log(60.0))


def test_cooling_is_the_solution_of_its_equations() -> None:
    before = [Sample(float(t), 60.0, 60.0) for t in range(-120, 0)]
    start = start_of(COOLING, before, Sample(0.0, 60.0))
    drawn = curves(HeaterKind.BED, COOLING, start, np.array(PARAMETERS_OF_A_COOLING_BED)[None])
    loss, ambient, soak, soak_time = 0.002, 22.0, 0.8, 60.0
    sensor = block = 60.0
    body = 60.0 + (ambient - 60.0) * np.exp(-(SOAKED_S + 120.0) / soak_time)
    step = 0.002
    for n in range(round(200.0 / step)):
        if n * step < 2.0:
            continue
        sensor, block, body = (
            sensor + step * (block - sensor) / 5.0,
            block - step * ((1.0 + soak) * loss * (block - ambient) + soak / soak_time * (block - body)),
            body + step * (block - body) / soak_time,
        )
    assert drawn.at(np.array([200.0]))[0][0, 0] == pytest.approx(sensor, abs=0.05)


def test_a_bed_just_heated_cools_faster() -> None:
    mean = shipped_prior()[Direction.COOLING, HeaterKind.BED].mean[None]
    first = Sample(0.0, 60.0)
    held = [Sample(float(t), 60.0) for t in range(-120, 0)]
    heated = [Sample(float(t), 60.0 + 0.5 * min(t + 20.0, 0.0)) for t in range(-90, 0)]
    times = [curves(HeaterKind.BED, COOLING, start_of(COOLING, b, first), mean).reach[0] for b in (held, heated)]
    assert times[1] < 0.95 * times[0]


def test_a_heater_that_cools_already_needs_no_time_to_begin() -> None:
    mean = shipped_prior()[Direction.COOLING, HeaterKind.TOOL].mean[None]
    first = Sample(0.0, 200.0)
    held = [Sample(float(t), 200.0) for t in range(-120, 0)]
    falling = [Sample(float(t), 200.0 - 1.0 * t) for t in range(-20, 0)]
    drawn = [curves(HeaterKind.TOOL, COOLING, start_of(COOLING, b, first), mean) for b in (held, falling)]
    at_once = [each.at(np.array([0.1]))[1][0, 0] for each in drawn]
    assert at_once[0] == 0.0
    assert at_once[1] == pytest.approx(-1.0, abs=0.01)

"""The curves of a heater in either direction."""

from __future__ import annotations

from ...estimator import Direction, Goal, HeaterKind
from .cooling import cooling_curves
from .heating import heating_curves
from .physics import REFERENCE, Array, Curves, Start, bounded


def curves(kind: HeaterKind, goal: Goal, start: Start, parameters: Array) -> Curves:
    """Return the curves of `parameters` (N, P), columns as `PARAMETERS`, from `start` to `goal`."""
    parameters = bounded(goal.direction, parameters)
    if goal.direction is Direction.HEATING:
        return heating_curves(REFERENCE[kind], goal, start, parameters)
    return cooling_curves(goal, start, parameters)

"""The population prior: the table prior.json and the beliefs made from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from ....frozen import frozen
from ...estimator import Direction, HeaterKind
from ..curves.physics import PARAMETERS, Array


def inverted(matrix: Array) -> Array:
    """Return the inverse of a symmetric `matrix` (P, P)."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


@frozen
class Belief:
    """A Gaussian belief about parameters: `mean` (P,), `covariance` (P, P)."""

    mean: Array
    covariance: Array


@frozen
class Population:
    """The heaters of one kind: `mean` (P,), covariances (P, P) `between` heaters and `within` each."""

    mean: Array
    between: Array
    within: Array

    @property
    def heater(self) -> Belief:
        """The belief about an unknown heater."""
        return Belief(self.mean, self.between)


Prior = Mapping[tuple[Direction, HeaterKind], Population]


def parse_prior(table: Mapping[str, Any]) -> Prior:
    """Return the prior of a table as `tests/benchmarks/fit_prior.py` writes it; a chamber without one is a wide bed."""
    prior: dict[tuple[Direction, HeaterKind], Population] = {}
    for direction in Direction:
        for kind in HeaterKind:
            row = table["populations"].get(f"{direction}-{kind}")
            if row is None and kind is HeaterKind.CHAMBER:
                bed = prior[direction, HeaterKind.BED]
                prior[direction, kind] = Population(bed.mean, 2.0 * bed.between, bed.within)
                continue
            if tuple(row["parameters"]) != PARAMETERS[direction]:
                raise ValueError(f"prior {direction}-{kind}: parameters must be {PARAMETERS[direction]}")
            prior[direction, kind] = Population(
                np.array(row["mean"]), np.array(row["between"]), np.array(row["within"])
            )
    return prior


@cache
def shipped_prior() -> Prior:
    """Return the prior in the package."""
    return parse_prior(json.loads((files(__package__) / "prior.json").read_text("utf-8")))

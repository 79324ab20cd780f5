"""Fit the prior of the thermal model to recorded episodes: `python fit_prior.py TRACES [-o prior.json]`.

Every episode is fitted by itself; expectation-maximisation then splits what is seen into a population mean, the
covariance between heaters and the one within a heater (between its episodes).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from episodes import Recorded, load

from octoprint_temp_eta.core.estimator import Direction, HeaterKind
from octoprint_temp_eta.core.thermal.fit import Fit
from octoprint_temp_eta.core.thermal.learning import Trace, fit_trace, trace_of
from octoprint_temp_eta.core.thermal.physics import PARAMETERS
from octoprint_temp_eta.core.thermal.prior import Belief, Population

_LN = np.log
#: Where the fit starts, and what regularises it: textbook values and generous spreads.
HAND = {
    (Direction.HEATING, HeaterKind.TOOL): (
        [_LN(3.0), _LN(0.006), _LN(3.0), _LN(1.0), _LN(4.0), _LN(3.0), _LN(0.06), _LN(40.0)],
        [0.6, 0.7, 0.7, 0.7, 0.8, 0.8, 0.8, 0.4],
        [0.06, 0.2, 0.2, 0.3, 0.2, 0.3, 0.2, 0.15],
    ),
    (Direction.HEATING, HeaterKind.BED): (
        [_LN(0.4), _LN(0.003), _LN(4.0), _LN(1.0), _LN(20.0), _LN(2.0), _LN(0.5), _LN(80.0)],
        [0.6, 0.7, 0.7, 0.7, 0.8, 0.6, 0.8, 0.5],
        [0.06, 0.2, 0.2, 0.3, 0.2, 0.3, 0.2, 0.15],
    ),
    (Direction.COOLING, HeaterKind.TOOL): (
        [_LN(0.008), -1.5, 24.0, _LN(3.0), -1.2],
        [0.6, 0.8, 4.0, 0.6, 0.6],
        [0.12, 0.3, 2.0, 0.2, 0.2],
    ),
    (Direction.COOLING, HeaterKind.BED): (
        [_LN(0.003), -1.0, 24.0, _LN(3.0), -1.7],
        [0.7, 0.8, 4.0, 0.6, 0.6],
        [0.12, 0.3, 2.0, 0.2, 0.2],
    ),
}
#: Weight of the starting values against the data, in heaters (between) and in episodes (within).
_PSEUDO_HEATERS, _PSEUDO_EPISODES = 5.0, 8.0
_ROUNDS, _STEPS = 4, 60


def hand(key: tuple[Direction, HeaterKind]) -> Population:
    """Return the population that the fit starts from."""
    mean, between, within = HAND[key]
    return Population(np.array(mean), np.diag(np.square(between)), np.diag(np.square(within)))


def maximise(start: Population, now: Population, heaters: Sequence[Sequence[Fit]]) -> Population:
    """Return `now` after expectation-maximisation on the fits of all heaters."""
    size = len(start.mean)
    eye = 1e-6 * np.eye(size)
    for _ in range(_STEPS):
        within_inverse, between_inverse = np.linalg.inv(now.within), np.linalg.inv(now.between)
        means, mean_covariances, spread, episodes = [], [], np.zeros((size, size)), 0
        for fits in heaters:
            # An episode given the heater: N(θ̂, W + L⁻¹); the heater: N(μ, B).
            precisions = [np.linalg.inv(now.within + np.linalg.inv(f.information + eye)) for f in fits]
            covariance = np.linalg.inv(between_inverse + sum(precisions))
            mean = covariance @ (
                between_inverse @ now.mean + sum(p @ f.parameters for p, f in zip(precisions, fits, strict=True))
            )
            means.append(mean)
            mean_covariances.append(covariance)
            share = min(1.0, 4.0 / len(fits))  # a heater with many episodes must not outweigh the others
            for f in fits:
                own = np.linalg.inv(within_inverse + f.information)
                pull = own @ within_inverse
                off = own @ (f.information @ f.parameters) + pull @ mean - mean
                spread += share * (
                    np.outer(off, off) + own + (pull - np.eye(size)) @ covariance @ (pull - np.eye(size)).T
                )
                episodes += share
        population = (np.sum(means, axis=0) + 1.0 * start.mean) / (len(means) + 1.0)
        deviations = np.array(means) - population
        between = deviations.T @ deviations + np.sum(mean_covariances, axis=0) + _PSEUDO_HEATERS * start.between
        now = Population(
            population,
            between / (len(means) + _PSEUDO_HEATERS),
            (spread + _PSEUDO_EPISODES * start.within) / (episodes + _PSEUDO_EPISODES),
        )
    return now


def fit_population(key: tuple[Direction, HeaterKind], episodes: Sequence[Recorded]) -> tuple[Population, list[Fit]]:
    """Return the population of the episodes of one kind of heater, fitting and maximising in turns."""
    traces: dict[tuple[str, str], list[Trace]] = defaultdict(list)
    for episode in episodes:
        trace = trace_of(episode.episode)
        if trace is not None:
            traces[episode.printer, episode.heater].append(trace)
    start = now = hand(key)
    fits: list[list[Fit]] = []
    for _ in range(_ROUNDS):
        belief = Belief(now.mean, 2.0 * (now.between + now.within))
        fits = [[fit_trace(key[1], trace, belief) for trace in heater] for heater in traces.values()]
        now = maximise(start, now, fits)
    return now, [f for heater in fits for f in heater]


def fit_table(episodes: Sequence[Recorded]) -> dict[str, Any]:
    """Return the table as JSON values."""
    populations = {}
    for direction, kind in HAND:
        chosen = [e for e in episodes if e.episode.goal.direction is direction and e.kind is kind]
        population, fits = fit_population((direction, kind), chosen)
        populations[f"{direction}-{kind}"] = {
            "parameters": list(PARAMETERS[direction]),
            "heaters": len({(e.printer, e.heater) for e in chosen}),
            "episodes": len(fits),
            "mean": population.mean.round(5).tolist(),
            "between": population.between.round(6).tolist(),
            "within": population.within.round(6).tolist(),
        }
    return {"about": "Fitted by tests/benchmarks/fit_prior.py; see docs/estimator.md.", "populations": populations}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("traces", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("prior.json"))
    arguments = parser.parse_args()
    table = fit_table(load(arguments.traces))
    arguments.output.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

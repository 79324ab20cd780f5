"""Fit the prior of the thermal model to recorded episodes: `python -m tests.benchmarks.fit_prior TRACES -o prior.json`.

Every episode is fitted on its own; expectation-maximisation then splits what is seen into a population mean, the
covariance between heaters and the one within a heater (between its episodes).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from octoprint_temp_eta.core.estimation.estimator import Direction, HeaterKind
from octoprint_temp_eta.core.estimation.thermal.curves.physics import PARAMETERS
from octoprint_temp_eta.core.estimation.thermal.inference.fit import TAILS
from octoprint_temp_eta.core.estimation.thermal.inference.prior import Population
from octoprint_temp_eta.core.estimation.thermal.learning.learning import HeaterFit, Trace, fit_heater, trace_of
from tests.benchmarks.episodes import Recorded, load

_LN = np.log
#: Where the fit starts, and what regularises it: textbook values and generous spreads.
HAND = {
    (Direction.HEATING, HeaterKind.TOOL): (
        [_LN(3.0), _LN(0.006), _LN(3.0), _LN(1.0), _LN(10.0), _LN(4.0), 0.5, _LN(0.06), _LN(40.0)],
        [0.6, 0.7, 0.7, 0.7, 0.6, 0.7, 0.3, 0.8, 0.4],
        [0.06, 0.2, 0.2, 0.3, 0.1, 0.1, 0.3, 0.2, 0.15],
    ),
    (Direction.HEATING, HeaterKind.BED): (
        [_LN(0.4), _LN(0.003), _LN(4.0), _LN(1.0), _LN(4.5), _LN(12.0), 0.5, _LN(0.5), _LN(80.0)],
        [0.6, 0.7, 0.7, 0.7, 0.6, 0.7, 0.3, 0.8, 0.5],
        [0.06, 0.2, 0.2, 0.3, 0.1, 0.1, 0.3, 0.2, 0.15],
    ),
    (Direction.COOLING, HeaterKind.TOOL): (
        [_LN(0.005), _LN(4.0), _LN(1.0), 25.0, _LN(0.2), _LN(30.0)],
        [0.5, 0.7, 0.7, 4.0, 1.0, 0.6],
        [0.1, 0.2, 0.3, 2.0, 0.2, 0.2],
    ),
    (Direction.COOLING, HeaterKind.BED): (
        [_LN(0.0018), _LN(5.0), _LN(1.5), 25.0, _LN(0.4), _LN(80.0)],
        [0.5, 0.7, 0.7, 4.0, 1.0, 0.6],
        [0.1, 0.2, 0.3, 2.0, 0.2, 0.2],
    ),
    (Direction.COOLING, HeaterKind.CHAMBER): (
        [_LN(0.0005), _LN(20.0), _LN(3.0), 24.0, _LN(8.0), _LN(800.0)],
        [0.7, 0.7, 0.7, 4.0, 1.0, 0.8],
        [0.1, 0.2, 0.3, 2.0, 0.2, 0.2],
    ),
}
#: Weight of the starting spreads against the data, in heaters (between) …
_PSEUDO_HEATERS = {Direction.HEATING: 10.0, Direction.COOLING: 40.0}
#: … and in episodes (within).
_PSEUDO_EPISODES = {Direction.HEATING: 8.0, Direction.COOLING: 60.0}
#: Weight of the starting mean, in heaters. Few beds were recorded while they cooled: theirs are mostly physics still.
_PSEUDO_MEANS = {
    (Direction.HEATING, HeaterKind.TOOL): 2.0,
    (Direction.HEATING, HeaterKind.BED): 2.0,
    (Direction.COOLING, HeaterKind.TOOL): 1.0,
    (Direction.COOLING, HeaterKind.BED): 3.0,
    (Direction.COOLING, HeaterKind.CHAMBER): 1.0,
}
#: Degrees of freedom of the deviations between heaters and within them: few where odd ones must not widen the belief
#: about all others, many where they are Gaussian.
_TAILS_BETWEEN = {Direction.HEATING: 1e9, Direction.COOLING: TAILS[Direction.COOLING]}
_TAILS_WITHIN = {Direction.HEATING: 1e9, Direction.COOLING: 4.0}
#: Mean squared residual, in variances, above which an episode counts less: its curve is not one of the model's.
_MISFIT = {Direction.HEATING: 1e9, Direction.COOLING: 2.0}
_ROUNDS = {Direction.HEATING: 8, Direction.COOLING: 5}
#: Episodes of a heater that are fitted together.
_MOST = 12


def hand(key: tuple[Direction, HeaterKind]) -> Population:
    """Return the population that the fit starts from."""
    mean, between, within = HAND[key]
    return Population(np.array(mean), np.diag(np.square(between)), np.diag(np.square(within)))


def maximise(
    key: tuple[Direction, HeaterKind], start: Population, now: Population, heaters: Sequence[HeaterFit]
) -> Population:
    """Return the population that the fits of its heaters suggest, one step of expectation-maximisation.

    Deviations are t-distributed; a few odd heaters and episodes have little weight then.
    """
    weight, pseudo = _PSEUDO_MEANS[key], _PSEUDO_HEATERS[key[0]]
    means = np.array([heater.belief.mean for heater in heaters])
    size = means.shape[1]
    tails, inverse = _TAILS_BETWEEN[key[0]], np.linalg.inv(now.between)
    shares = (tails + size) / (tails + np.einsum("ij,jk,ik->i", means - now.mean, inverse, means - now.mean))
    mean = (shares @ means + weight * start.mean) / (shares.sum() + weight)
    deviations = means - mean
    between = (shares[:, None] * deviations).T @ deviations + sum(heater.belief.covariance for heater in heaters)
    episodes, odd_tails = _PSEUDO_EPISODES[key[0]], _TAILS_WITHIN[key[0]]
    within, inverse = episodes * start.within, np.linalg.inv(now.within)
    for heater in heaters:
        share = min(1.0, 4.0 / len(heater.traces))  # a heater with many episodes must not outweigh the others
        for trace in heater.traces:
            moved = trace.certainty @ trace.own
            distance = float(trace.deviation @ inverse @ trace.deviation)
            odd = (odd_tails + size) / (odd_tails + distance)
            spread = odd * np.outer(trace.deviation, trace.deviation) + trace.certainty
            good = share * min(1.0, _MISFIT[key[0]] / max(trace.squares, 1e-9))
            within = within + good * (spread + moved @ heater.belief.covariance @ moved.T)
            episodes += good
    return Population(mean, (between + pseudo * start.between) / (len(means) + pseudo), within / episodes)


def fit_population(
    key: tuple[Direction, HeaterKind], episodes: Sequence[Recorded]
) -> tuple[Population, list[HeaterFit]]:
    """Return the population of the heaters of one kind, fitting and maximising in turns; as it starts without any."""
    traces: dict[tuple[str, str], list[Trace]] = defaultdict(list)
    for episode in episodes:
        trace = trace_of(episode.episode)
        if trace is not None:
            traces[episode.printer, episode.heater].append(trace)
    start = now = hand(key)
    if not traces:
        return now, []
    fits: list[HeaterFit] = []
    for _ in range(_ROUNDS[key[0]]):
        fits = [
            fit_heater(key[1], heater[:_MOST], now, old.belief.mean if old else None)
            for heater, old in zip_longest(traces.values(), fits)
        ]
        now = maximise(key, start, now, fits)
    return now, fits


def fit_table(
    episodes: Sequence[Recorded], kept: Mapping[str, Any] | None = None, only: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the table as JSON values; with `only`, the other populations are those of `kept`."""
    populations = dict(kept or {})
    for direction, kind in HAND:
        if only and f"{direction}-{kind}" not in only:
            continue
        chosen = [e for e in episodes if e.episode.goal.direction is direction and e.kind is kind]
        population, _ = fit_population((direction, kind), chosen)
        populations[f"{direction}-{kind}"] = {
            "parameters": list(PARAMETERS[direction]),
            "heaters": len({(e.printer, e.heater) for e in chosen}),
            "episodes": len(chosen),
            "mean": population.mean.round(5).tolist(),
            "between": population.between.round(6).tolist(),
            "within": population.within.round(6).tolist(),
        }
    return {
        "about": "Fitted by tests/benchmarks/fit_prior.py; see docs/background/estimator.md.",
        "populations": populations,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("traces", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("prior.json"))
    parser.add_argument("--without", nargs="*", default=[], help="printers to leave out")
    parser.add_argument("--only", nargs="*", default=[], help="populations to fit; the others are kept")
    arguments = parser.parse_args()
    episodes = [each for each in load(arguments.traces) if each.printer not in arguments.without]
    kept = json.loads(arguments.output.read_text("utf-8"))["populations"] if arguments.only else None
    table = fit_table(episodes, kept, arguments.only)
    arguments.output.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

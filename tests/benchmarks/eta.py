"""How right the estimates are: python -m tests.benchmarks.eta [TRACES] [--plots DIR] [--resample 2] [--leave-out]

Replays recorded episodes (a folder with index.csv), or a simulated fleet, with every method. Truth: the first time
within 1 °C of the target, kept for 3 s. `nMAE`: mean |ETA - truth| over the samples as a share of the episode, no
estimate counting as 0 s, averaged per heater and then over heaters. `cold`: a heater never seen. `learned`: its earlier
episodes are known, through JSON. `--leave-out` fits the prior without the printers that are judged.

The second table is about the announced time: its nMAE and the ratio to that of the estimate, its error in s over the
last quarter, its changes per episode (mean and 90 % quantile), % of samples in the past, and the 90 % quantile of the
largest rise of the countdown in % of what remains.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import perf_counter

import numpy as np

from octoprint_temp_eta.core.estimation.estimator import (
    ARRIVAL_HOLD,
    ARRIVAL_TOLERANCE,
    Direction,
    HeaterKind,
    Sample,
)
from octoprint_temp_eta.core.estimation.thermal.inference.prior import parse_prior
from tests.benchmarks import announced, judge
from tests.benchmarks.episodes import Recorded, load
from tests.benchmarks.fit_prior import fit_table
from tests.benchmarks.fleet import fleet

METHODS = (judge.Model, judge.Linear, judge.Exponential)
#: An error counts as at most this many times the duration: one wild estimate must not decide a mean.
WORST = 2.0
#: Seconds below which relative errors are not relative to the truth any more.
FLOOR_S = 5.0
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """One episode replayed: `estimates` are (time, (eta, low, high)) before the arrival after `total` s."""

    recorded: Recorded
    total: float
    estimates: tuple[tuple[float, tuple[float | None, float | None, float | None]], ...]
    earlier: int
    microseconds: float

    @property
    def errors(self) -> list[float]:
        """The absolute error in s of every sample."""
        errors = []
        for time, (eta, _, _) in self.estimates:
            left = self.total - time
            errors.append(left if eta is None else min(abs(eta - left), WORST * self.total))
        return errors

    def figures(self) -> dict[str, float]:
        """Return the figures of the episode, as shares; absent where there was nothing to measure."""
        given = [(t, eta, low, high) for t, (eta, low, high) in self.estimates if eta is not None]
        left = [self.total - time for time, _ in self.estimates]
        relative = [min(e / max(x, FLOOR_S), 10.0) for e, x in zip(self.errors, left, strict=True)]
        figures = {
            "nMAE": fmean(self.errors) / self.total,
            "p90": float(np.quantile(relative, 0.9)),
            "coverage": len(given) / len(self.estimates),
            "µs": self.microseconds,
        }
        steps = self._steps()
        if steps:
            figures["smooth"] = fmean(steps)
        bounds = [(self.total - t, low, high) for t, _, low, high in given if low is not None and high is not None]
        if bounds:
            figures["inside"] = fmean(low <= x <= high for x, low, high in bounds)
            figures["width"] = fmean(min(high - low, WORST * self.total) for _, low, high in bounds) / self.total
        return figures

    def _steps(self) -> list[float]:
        steps, last = [], None
        for time, (eta, _, _) in self.estimates:
            if eta is not None and last is not None and time > last[0]:
                steps.append(min(abs((eta - last[1]) / (time - last[0]) + 1.0), 10.0))
            last = None if eta is None else (time, eta)
        return steps


def thinned(samples: Sequence[Sample], every: float, random_: random.Random) -> list[Sample]:
    """Return the samples of a host that polls every `every` seconds, with 30 % jitter."""
    kept: list[Sample] = []
    due = samples[0].at if samples else 0.0
    for sample in samples:
        if sample.at + 1e-9 >= due:
            kept.append(sample)
            due = sample.at + every * (1 + 0.3 * (2 * random_.random() - 1)) - 0.5
    return kept


def replay(
    method: judge.Method, recorded: Recorded, every: float | None, earlier: int, random_: random.Random
) -> Result:
    """Feed a method with an episode."""
    episode = recorded.episode
    started = episode.samples[0].at
    assert episode.reached_at is not None
    total = episode.reached_at - started
    before, samples = list(episode.before), list(episode.samples)
    if every is not None:
        before, samples = thinned(before, every, random_), thinned(samples, every, random_)
    heating = episode.goal.direction is Direction.HEATING
    method.begin("heat" if heating else "cool", str(recorded.kind), ARRIVAL_TOLERANCE, ARRIVAL_HOLD)
    for sample in before:
        method.preroll(sample.at - started, sample.actual, sample.target)
    estimates = []
    spent = 0.0
    for sample in samples:
        clock = perf_counter()
        estimate = method.update(sample.at - started, sample.actual, episode.goal.temperature)
        spent += perf_counter() - clock
        if sample.at - started < total:
            eta, low, high = estimate if isinstance(estimate, tuple) else (estimate, None, None)
            estimates.append((sample.at - started, (eta, low, high)))
    method.end()
    return Result(recorded, total, tuple(estimates), earlier, spent / len(samples) * 1e6)


def run(
    make: Callable[[], judge.Method], episodes: Iterable[Recorded], every: float | None, *, learns: bool
) -> list[Result]:
    """Replay episodes; with `learns` each heater's state goes on from one to the next, through JSON."""
    results: list[Result] = []
    states: dict[tuple[str, str, Direction], str] = {}
    seen: Counter[tuple[str, str, Direction]] = Counter()
    random_ = random.Random(1)
    for recorded in episodes:
        heater = (recorded.printer, recorded.heater, recorded.episode.goal.direction)
        method = make()
        if learns and heater in states:
            method.import_state(json.loads(states[heater]))
        result = replay(method, recorded, every, seen[heater], random_)
        seen[heater] += 1
        if learns:
            states[heater] = json.dumps(method.export_state())
        if len(result.estimates) >= 3:
            results.append(result)
    return results


def averaged(results: Sequence[Result]) -> dict[str, float]:
    """Return the figures averaged per heater, then over heaters."""
    heaters: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for result in results:
        heaters[result.recorded.printer, result.recorded.heater].append(result.figures())
    names = ("nMAE", "p90", "coverage", "smooth", "inside", "width", "µs")
    means: dict[str, list[float]] = {name: [] for name in names}
    for figures in heaters.values():
        for name in names:
            values = [each[name] for each in figures if name in each]
            if values:
                means[name].append(fmean(values))
    return {name: fmean(values) for name, values in means.items() if values}


def row(title: str, results: Sequence[Result]) -> str:
    """Return a row of the table."""
    figures = averaged(results)
    shown = [f"{100 * figures[name]:6.1f}" if name in figures else "     –" for name in ("nMAE", "p90", "coverage")]
    shown.append(f"{figures['smooth']:6.2f}" if "smooth" in figures else "     –")
    shown += [f"{100 * figures[name]:6.1f}" if name in figures else "     –" for name in ("inside", "width")]
    return f"{title:34s} {len(results):4d} " + " ".join(shown) + f" {figures['µs']:7.0f}"


def judged(episodes: Sequence[Recorded], every: float | None, *, leave_out: bool) -> dict[str, list[Result]]:
    """Replay all episodes with all methods and return the results by title."""
    results: dict[str, list[Result]] = defaultdict(list)
    printers = sorted({each.printer for each in episodes})
    folds = [set(printers[i::FOLDS]) for i in range(FOLDS)] if leave_out else [set(printers)]
    for fold in folds:
        if leave_out:
            judge.Model.prior = parse_prior(fit_table([each for each in episodes if each.printer not in fold]))
        for direction in Direction:
            chosen = [e for e in episodes if e.printer in fold and e.episode.goal.direction is direction]
            for method in METHODS:
                results[f"{direction} {method.name} cold"] += run(method, chosen, every, learns=False)
            known = run(judge.Model, chosen, every, learns=True)
            results[f"{direction} model learned"] += [each for each in known if each.earlier]
    judge.Model.prior = None
    return results


def main() -> None:
    """Print the tables and draw the plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("traces", nargs="?", type=Path, help="folder of recorded episodes; a simulated fleet if absent")
    parser.add_argument("--plots", type=Path, help="folder to draw plots to")
    parser.add_argument("--resample", type=float, help="poll interval in seconds")
    parser.add_argument("--leave-out", action="store_true", help="fit the prior without the printers judged")
    parser.add_argument("--without", nargs="*", default=[], help="printers to leave out altogether")
    arguments = parser.parse_args()
    episodes = load(arguments.traces) if arguments.traces else fleet()
    episodes = [each for each in episodes if each.printer not in arguments.without]
    results = judged(episodes, arguments.resample, leave_out=arguments.leave_out)
    print(f"{'':34s}   ep   nMAE    p90  cover smooth inside  width      µs")
    for title, found in sorted(results.items()):
        if found:
            print(row(title, found))
            for kind in HeaterKind:
                some = [each for each in found if each.recorded.kind is kind]
                if some:
                    print(row(f"    {kind}", some))
    print(f"\n{announced.HEADER}")
    for title, found in sorted(results.items()):
        if found and " model " in title:
            heaters = [(each.recorded.printer, each.recorded.heater) for each in found]
            direction = found[0].recorded.episode.goal.direction
            figures = [announced.announced(direction, each.estimates, each.total) for each in found]
            print(announced.row(title, heaters, figures))
    if arguments.plots:
        from tests.benchmarks.eta_plots import draw

        draw(results, arguments.plots)


if __name__ == "__main__":
    main()

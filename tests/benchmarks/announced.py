"""The announced time (`ready_at`, `cool_at`) of replayed episodes: its error, its changes, and its agreement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from octoprint_temp_eta.core.estimation.estimator import Direction, Estimate, Goal, Sample
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.core.heating.countdown import Countdown

#: Estimates of an episode: (time in s since the start, (eta, low, high)).
Estimates = Sequence[tuple[float, tuple[float | None, float | None, float | None]]]
#: Seconds below which a rise of the countdown is not relative to the remaining time.
_FLOOR_S = 5.0


@dataclass(frozen=True, slots=True)
class Announced:
    """One episode: mean error of the announced time and of the estimate as shares of the duration, the error in s over
    the last quarter, the number of changes, the share of samples at which the announced time is in the past, and the
    largest rise of the countdown as a share of what remains."""

    error: float
    estimate_error: float
    last_quarter: float
    changes: int
    past: float
    rise: float


class _Replayed(Linear):
    """Returns recorded estimates."""

    def __init__(self, estimates: Estimates) -> None:
        super().__init__(Limits())
        self._estimates = iter(estimates)

    def update(self, sample: Sample) -> Estimate | None:
        del sample
        _, (eta, low, high) = next(self._estimates)
        return None if eta is None else Estimate(eta, low, high)


def announced(direction: Direction, estimates: Estimates, total: float) -> Announced:
    """Return the figures of an episode of `total` seconds."""
    goal = Goal(direction, 100.0)
    countdown = Countdown(lambda: _Replayed(estimates))
    countdown.follow(goal, ())
    times: list[float] = []
    arrivals: list[float] = []
    errors: list[float] = []
    for time, (eta, _, _) in estimates:
        countdown.update(Sample(time, 50.0 if direction is Direction.HEATING else 150.0))
        ready_at = countdown.announced(time, time)
        times.append(time)
        arrivals.append(np.nan if ready_at is None else ready_at)
        errors.append(total - time if eta is None else abs(time + eta - total))
    at, arrival = np.array(times), np.array(arrivals)
    missing = np.isnan(arrival)
    error = np.where(missing, total - at, np.abs(arrival - total))
    steps = np.diff(arrival)
    rises = np.nan_to_num(steps) / np.maximum(total - at[1:], _FLOOR_S)
    late = error[at >= 0.75 * total]
    return Announced(
        fmean(np.minimum(error, 2.0 * total)) / total,
        fmean(np.minimum(errors, 2.0 * total)) / total,
        fmean(late) if len(late) else 0.0,
        int((np.abs(np.nan_to_num(steps)) > 0.0).sum()),
        float(np.mean(arrival[~missing] < at[~missing])) if not missing.all() else 0.0,
        max(float(rises.max(initial=0.0)), 0.0),
    )


def row(title: str, heaters: Sequence[tuple[str, str]], figures: Sequence[Announced]) -> str:
    """Return a row of the table: errors averaged per heater and then over heaters, changes and rises over episodes."""
    groups: dict[tuple[str, str], list[Announced]] = defaultdict(list)
    for heater, each in zip(heaters, figures, strict=True):
        groups[heater].append(each)

    def mean(value: Callable[[Announced], float]) -> float:
        return fmean(fmean(value(each) for each in group) for group in groups.values())

    error, estimate = mean(lambda each: each.error), mean(lambda each: each.estimate_error)
    changes = [each.changes for each in figures]
    return (
        f"{title:34s} {len(figures):4d} {100 * error:6.1f} {error / max(estimate, 1e-9):6.2f} "
        f"{mean(lambda each: each.last_quarter):6.1f} {fmean(changes):6.1f} {np.quantile(changes, 0.9):6.0f} "
        f"{100 * mean(lambda each: each.past):6.1f} {100 * np.quantile([each.rise for each in figures], 0.9):6.0f}"
    )


HEADER = f"{'announced time':34s}   ep   nMAE  ratio last/s  moves    p90   past  rises"

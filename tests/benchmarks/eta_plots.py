"""The plots of the benchmark: predicted against true, error by progress, and calibration of the interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from tests.benchmarks.eta import Result

_SHARES = np.linspace(0.0, 1.0, 11)


def draw(results: Mapping[str, Sequence[Result]], folder: Path) -> None:
    """Draw all plots as PNG to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    mpl.rcParams.update({"font.size": 8, "savefig.dpi": 90})
    _by_progress(results, folder / "eta-error-by-progress.png")
    _over_time(results, folder / "eta-over-time.png")


def _by_progress(results: Mapping[str, Sequence[Result]], file: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(7.0, 2.6), sharey=True)
    for axis, direction in zip(axes, ("heating", "cooling"), strict=True):
        for name in ("model learned", "model cold", "linear cold", "exponential cold"):
            found = results.get(f"{direction} {name}", ())
            bins: list[list[float]] = [[] for _ in _SHARES[1:]]
            for result in found:
                for (time, _), error in zip(result.estimates, result.errors, strict=True):
                    bins[min(int(10 * time / result.total), 9)].append(error / result.total)
            axis.plot(_SHARES[:-1] + 0.05, [100 * fmean(b) if b else np.nan for b in bins], label=name)
        axis.set(title=direction, xlabel="share of the time that has passed", ylim=(0, 60))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("mean error, % of the whole")
    axes[1].legend(frameon=False)
    _save(figure, file)


def _over_time(results: Mapping[str, Sequence[Result]], file: Path) -> None:
    titles = ("heating model cold", "heating model learned", "cooling model cold", "cooling model learned")
    figure, axes = plt.subplots(1, 4, figsize=(9.0, 2.5))
    for axis, title in zip(axes, titles, strict=True):
        found = sorted(results.get(title, ()), key=lambda result: fmean(result.errors) / result.total)
        if not found:
            continue
        result = found[len(found) // 2]
        times = [time for time, _ in result.estimates]
        etas, lows, highs = (np.array(column, float) for column in zip(*(a for _, a in result.estimates), strict=True))
        axis.fill_between(times, lows, highs, alpha=0.25, lw=0)
        axis.plot(times, etas, label="estimate, with 80 % interval")
        axis.plot([0, result.total], [result.total, 0], "k--", lw=0.8, label="true")
        axis.set(title=f"{title}\n(median: {result.recorded.file.removesuffix('.csv')})", xlabel="s")
        axis.title.set_fontsize(7)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("s left")
    axes[0].legend(frameon=False, fontsize=7)
    _save(figure, file)


def _save(figure: Figure, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Software": None})
    plt.close(figure)

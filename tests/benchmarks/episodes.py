"""Recorded episodes of heaters: a folder with index.csv and one CSV per episode (t_s, temp_c, target_c)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Goal, HeaterKind, Sample


@dataclass(frozen=True, slots=True)
class Recorded:
    """An episode of a known printer's heater."""

    printer: str
    heater: str
    kind: HeaterKind
    file: str
    episode: Episode


def load(folder: Path) -> list[Recorded]:
    """Return the episodes of a folder, in the order of its index."""
    recorded = []
    with (folder / "index.csv").open(newline="") as index:
        for row in csv.DictReader(index):
            heating = row["what"] == "heat"
            goal = Goal(Direction.HEATING if heating else Direction.COOLING, float(row["goal_c"]))
            with (folder / row["file"]).open(newline="") as file:
                samples = [
                    Sample(float(s["t_s"]), float(s["temp_c"]), float(s["target_c"])) for s in csv.DictReader(file)
                ]
            before = tuple(s for s in samples if s.at < 0)
            since = tuple(s for s in samples if s.at >= 0)
            reached = float(row["reach_s"])
            episode = Episode(goal, before, since, reached)
            recorded.append(
                Recorded(row["printer"], row["heater"], HeaterKind(row["heater_kind"]), row["file"], episode)
            )
    return recorded

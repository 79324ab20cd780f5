"""Measures the round trip of `g.write`, compared with OctoPrint alone in the same run."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.conftest import plugin_settings
from tests.support.octoprint import OctoPrint
from tests.support.scripts import add_script
from tests.support.waiting import eventually, free_port

LINE, COUNT, ROUNDS = "M114", 250, 4
ALONE, SCRIPT = "OctoPrint alone", "a script"
BODY = f"""
import time
seconds = []
for _ in range({COUNT}):
    begin = time.perf_counter()
    self.g.write({LINE!r}, resp_needed=True)
    seconds.append(time.perf_counter() - begin)
return True, {{"seconds": seconds}}
"""


def measure() -> dict[str, list[float]]:
    """Return the round trips in s of OctoPrint alone and of a script, measured alternately."""
    with tempfile.TemporaryDirectory() as folder:
        add_script(Path(folder), "round_trips", BODY)
        with OctoPrint(
            plugins={"temp_eta": plugin_settings(free_port(), mqtt_enabled=False, script_folder=folder)},
            plugin_files=[Path(__file__).parent / "round_trip_plugin.py"],
        ) as octoprint:
            eventually(lambda: _rest(octoprint)["scripts"], "the script to be noticed")
            octoprint.gcode("M155 S2")
            seconds: dict[str, list[float]] = {ALONE: [], SCRIPT: []}
            for _ in range(ROUNDS):
                seconds[ALONE] += _alone(octoprint)
                seconds[SCRIPT] += _script(octoprint)
    return seconds


def main() -> None:
    """Measure and print."""
    seconds = measure()
    print(f"\n{LINE} and its reply, {COUNT * ROUNDS} times each, ms\n")
    print("| who asks | median | 95 % | 99 % |\n|---|---|---|---|")
    for name, values in seconds.items():
        cuts = statistics.quantiles(values, n=100)
        figures = (statistics.median(values), cuts[94], cuts[98])
        print(f"| {name} | {' | '.join(f'{figure * 1000:.2f}' for figure in figures)} |")
    medians = [statistics.median(seconds[name]) for name in (SCRIPT, ALONE)]
    print(f"\nA script takes {medians[0] / medians[1]:.2f} times as long.", flush=True)


def _rest(octoprint: OctoPrint) -> dict[str, Any]:
    return dict(octoprint.get("/api/plugin/temp_eta"))


def _alone(octoprint: OctoPrint) -> list[float]:
    reply = octoprint.post("/api/plugin/round_trip_plugin", {"command": "measure", "line": LINE, "count": COUNT})
    return list(reply["seconds"])


def _script(octoprint: OctoPrint) -> list[float]:
    reply = octoprint.post("/api/plugin/temp_eta", {"command": "script/start", "id": "round_trips"})

    def result() -> list[float] | None:
        script = _rest(octoprint)["script"]
        last = script["last"]
        ended = script["state"] == "idle" and last and last["run_id"] == reply["run_id"]
        return list(last["result"]["seconds"]) if ended else None

    return eventually(result, "the script to end", timeout=60) or []


if __name__ == "__main__":
    main()

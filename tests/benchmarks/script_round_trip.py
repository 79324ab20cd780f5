"""How long a script waits for the printer: `g.write` there and back, against OctoPrint alone in the same run."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.conftest import plugin_settings
from tests.support.octoprint import OctoPrint
from tests.support.scripts import write_script
from tests.support.waiting import eventually, free_port

LINE, COUNT, ROUNDS = "M114", 250, 4
HEAD = '__script_id__ = "round_trips"\n__script_title__ = "Round trips"\n'
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
    """Return the round trips in seconds, of `octoprint` alone and of a `script`, in turns on one OctoPrint."""
    with tempfile.TemporaryDirectory() as folder:
        write_script(Path(folder), BODY, HEAD, "round_trips.py")
        with OctoPrint(
            plugins={"temp_eta": plugin_settings(free_port(), mqtt_enabled=False, script_folder=folder)},
            plugin_files=[Path(__file__).parent / "round_trip_plugin.py"],
        ) as octoprint:
            eventually(lambda: _rest(octoprint)["scripts"], "the script to be noticed")
            octoprint.gcode("M155 S2")
            seconds: dict[str, list[float]] = {"octoprint": [], "script": []}
            for _ in range(ROUNDS):
                seconds["octoprint"] += _alone(octoprint)
                seconds["script"] += _script(octoprint)
    return seconds


def main() -> None:
    """Measure and print."""
    seconds = measure()
    print(f"{LINE} and back, {COUNT * ROUNDS} times each, in ms    median     p95     p99")
    for name, values in seconds.items():
        cuts = statistics.quantiles(values, n=100)
        print(f"  {name:<42} {_ms(statistics.median(values))} {_ms(cuts[94])} {_ms(cuts[98])}")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"  a script takes {medians['script'] / medians['octoprint']:.2f} times as long (goal: less than 2)")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:7.2f}"


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

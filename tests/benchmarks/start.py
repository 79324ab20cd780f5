"""Counts the instructions of OctoPrint's start and stop, bare and with the plugin: python -m tests.benchmarks.start

Under valgrind the numbers hardly depend on what else runs on the machine: two runs differ by 0.5 %. A start takes half
a minute or more. Child processes do not count.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.side_by_side import BARE, LINEAR, MODEL, Variant
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint

#: Seconds after a start until OctoPrint has come to rest: the first start, and one under valgrind.
SETTLING_S, COUNTED_SETTLING_S = 6.0, 25.0
TOOL = ("--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


class Counted(OctoPrint):
    """An OctoPrint of which each start but the first one runs under valgrind."""

    start_seconds, stop_seconds = 600.0, 200.0
    _started = False

    def launch(self, *command: str | Path, environment: Mapping[str, str] | None = None) -> None:
        """Start the process."""
        counted = ("valgrind", *TOOL, f"--log-file={self._log}") if self._started else ()
        self._started = True
        super().launch(*counted, *command, environment=environment)

    @property
    def _log(self) -> Path:
        return self.base / "instructions.log"

    @property
    def millions(self) -> float:
        """The millions of instructions of the last run."""
        found = re.search(r"I\s+refs:\s+([\d,]+)", self._log.read_text())
        if found is None:
            raise RuntimeError(f"valgrind did not count:\n{self._log.read_text()[-2000:]}")
        return int(found[1].replace(",", "")) / 1e6


def count(variant: Variant) -> float:
    """Return the millions of instructions from a start with existing files until the end of the stop."""
    with Broker() as broker, Observer(broker.listener) as observer:
        octoprint = variant.octoprint(broker.port, Counted)
        assert isinstance(octoprint, Counted)
        with octoprint:
            time.sleep(SETTLING_S)
            octoprint.stop()
            mark = observer.mark()
            octoprint.start()
            if variant.settings is not None:
                topic = f"octoprint/temp_eta/{variant.name}/status"
                observer.wait_for(topic, lambda message: message.text == "online", 200, since=mark)
            time.sleep(COUNTED_SETTLING_S)
            if not octoprint.stop():
                raise RuntimeError(f"{variant.name}: OctoPrint did not end on its own")
            return octoprint.millions


def main() -> int:
    print("| start and stop | million instructions | more |\n|---|---|---|", flush=True)
    bare = count(BARE)
    print(f"| {BARE.name} | {bare:.0f} | – |", flush=True)
    for variant in (MODEL, LINEAR):
        found = count(variant)
        print(f"| {variant.name} | {found:.0f} | {found - bare:+.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

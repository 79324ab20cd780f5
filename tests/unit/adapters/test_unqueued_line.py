"""Why OctoPrint has not queued a line of a script."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.protocol.script_effects import HoldJobs, SendLine
from octoprint_temp_eta.bridge.protocol.script_inputs import JobsHeld, LineSuppressed
from tests.support.octoprint_printer import FakeOctoPrint

SUPPRESSED = "OctoPrint did not send it: it is a blocked command, or a plugin suppressed it"
NO_TOOL = "OctoPrint did not send it: the printer profile has no such heater or tool, or a plugin refused it"
BLOCKED = "M0 is one of OctoPrint's blocked commands (Settings > Serial Connection)"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("G1 X1", SUPPRESSED),
        ("M0", BLOCKED),
        ("M80", None),
        ("OCTO1", None),
        ("@power on", None),
        ("T5", NO_TOOL),
        ("M140 S60", NO_TOOL),
    ],
)
def test_a_line_that_octoprint_does_not_queue(line: str, error: str | None) -> None:
    octoprint = FakeOctoPrint(blockedCommands=["M0", "M1"])
    octoprint.printer.made[line] = []
    octoprint.do(HoldJobs("r1"))
    assert octoprint.do(SendLine("r1.1", line)) == [LineSuppressed("r1.1", error)]


def test_a_line_that_octoprint_fails_on_is_reported_as_suppressed() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"))
    octoprint.printer.commands = lambda *_, **__: 1 / 0  # type: ignore[assignment]
    assert octoprint.do(SendLine("r1.1", "G1")) == [LineSuppressed("r1.1", SUPPRESSED)]
    assert octoprint.do(HoldJobs("r2")) == [JobsHeld("r2")]

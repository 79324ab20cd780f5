"""Replies stay with their lines, whatever the firmware behind the serial line is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import plugin_settings
from tests.support.octoprint import OctoPrint
from tests.support.rest_scripts import last_run, run, start, wait_for_printer
from tests.support.serial_printer import Dialect, SerialPrinter
from tests.support.waiting import eventually, free_port

POSITION = "X:1.000 Y:2.000 Z:3.000 E:4.000"
WHERE = {"X": 1, "Y": 2, "Z": 3, "E": 4}
REFUSED = "Must home axis first: 5.000 0.000 0.000 [0.000]"
GCODE = re.compile(r"[GMT]\d")
#: Those that are tried in each run; the others are tried with the slow tests.
QUICK = ("Marlin that echoes without an ok", "Klipper", "Prusa", "Repetier")
DIALECTS = {
    "Marlin without a message for unknown lines": Dialect(unknown=()),
    "Marlin that echoes without an ok": Dialect(unknown=('echo:Unknown command: "{line}"',)),
    "Marlin with the buffer in its oks": Dialect(
        replies={"M118": ("{text}", "ok N7 P15 B3"), "M114": (POSITION, "ok P15 B3")}
    ),
    "Klipper": Dialect(
        name="Klipper",
        unknown=('// Unknown command:"{line}"', "ok"),
        replies={"M118": ("// {text}", "ok"), "M114": (POSITION, "ok"), "M206": (f"!! {REFUSED}", "ok")},
    ),
    "Prusa": Dialect(
        name="Prusa-Firmware 3.13.0",
        replies={"M114": (f"{POSITION} Count X: 1.00 Y:2.00 Z:3.00 E:4.00", "ok")},
        unknown=('echo:Unknown command: "{line}"(2)', "ok"),
    ),
    "RepRapFirmware": Dialect(
        name="RepRapFirmware for Duet 2",
        replies={"M114": (f"{POSITION} E0:4.0 E1:0.0 Count 80 160 1200 Machine 1.000 Bed comp 0.000", "ok")},
        unknown=("Error: Bad command: {line}", "ok"),
        temperatures=("T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0", "ok"),
    ),
    "Smoothieware": Dialect(
        name="Smoothieware",
        replies={"M114": (f"ok C: {POSITION}",), "M118": ("ok {text}",)},
        unknown=(),
    ),
    "Repetier": Dialect(
        name="Repetier_1.0.5",
        replies={"M114": ("ok 12", POSITION), "M118": ("ok 13", "{text}")},
        unknown=("ok 14", "Unknown command:{line}"),
        temperatures=("ok 15", "T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0"),
        ok_first=True,
    ),
}
LINES = (
    "M118 a",
    "hello",
    "M118 b",
    "(pass 1)",
    "M118 c ; comment",
    "g1 x5",
    "M118 d",
    "",
    "; only a comment",
    "M117 Größe; in mm",
    "M118 e",
    "@nothing",
    "M118 f\nM118 g",
    "G91 G1 X5",
    "M118 h",
    "M0",
    "T0",
    "$32=1",
    "M118 i",
)
#: What of them is sent, and what follows.
SENT = [
    "M118 a", "hello", "M118 b", "(pass 1)", "M118 c", "g1 x5", "M118 d", "M117 Gr??e", "M118 e", "M118 f", "M118 g",
    "G91 G1 X5", "M118 h", "T0", "$32=1", "M118 i", "M400", "G90",
]  # fmt: skip


@pytest.fixture(scope="module")
def printers() -> Iterator[dict[str, SerialPrinter]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(SerialPrinter(garbled_every=0, dialect=dialect))
            for name, dialect in DIALECTS.items()
        }


@pytest.fixture(scope="module")
def octoprint(printers: dict[str, SerialPrinter], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OctoPrint]:
    folder = tmp_path_factory.mktemp("scripts")
    ports = [printer.port for printer in printers.values()]
    with OctoPrint(
        plugins={"temp_eta": plugin_settings(free_port(), script_folder=str(folder), mqtt_enabled=False)},
        config={
            "serial": {
                "ignoreErrorsFromFirmware": True,
                "additionalPorts": ports,
            }
        },
    ) as octoprint:
        yield octoprint


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] if name not in QUICK else []) for name in DIALECTS])
def printer(request: pytest.FixtureRequest, octoprint: OctoPrint, printers: dict[str, SerialPrinter]) -> SerialPrinter:
    printer = printers[request.param]
    octoprint.disconnect()
    octoprint.post("/api/connection", {"command": "connect", "port": printer.port, "baudrate": 115200})
    eventually(lambda: octoprint.printer_state() == "Operational", "the printer to be connected")
    wait_for_printer(octoprint)
    return printer


def test_replies_stay_with_their_lines(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    body = f"""
        try:
            position = self.g._p.current_position()
        except RuntimeError as error:
            position = str(error)
        return True, {{"replies": [position, *(ask(line) for line in {LINES!r})]}}
    """
    position, *replies = run(octoprint, "replies", body)
    ok_first = printer.dialect.ok_first
    assert position == ("M114: the printer's reply has no position: 'ok 12'" if ok_first else WHERE)
    for line, reply in zip(LINES, replies, strict=True):
        assert reply in possible_replies(line, printer.dialect), line
    executed = [each for each in printer.lines if not each.startswith(("M105", "M155", "M115"))]
    assert executed[-len(SENT) :] == SENT


@pytest.mark.parametrize("printer", ["Klipper"], indirect=True)
def test_a_line_that_the_firmware_answers_with_an_error_fails(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    body = "self.g.write('M118 before')\nself.g.write('M206 X5')\nself.g.write('M118 behind')\nreturn True, {}"
    run_id = start(octoprint, "refused", body)
    last = eventually(lambda: last_run(octoprint, run_id), "the run to end", timeout=60)
    assert (last["outcome"], REFUSED in last["error"]) == ("error", True)
    assert "M118 before" in printer.lines
    assert "M118 behind" not in printer.lines


def possible_replies(line: str, dialect: Dialect) -> list[str]:
    """Return the right replies; whether a line that is no G, M or T command has one depends on what is known then."""
    if line == "M0":
        return ["error: M0: M0 is one of OctoPrint's blocked commands (Settings > Serial Connection)"]
    count = 1 if dialect.ok_first else None
    if line.startswith("M118"):
        reply = dialect.replies.get("M118", ("{text}", "ok"))[:count]
        texts = [each.removeprefix("M118 ").partition(" ;")[0] for each in line.split("\n")]
        return ["".join(f"{each}\n".replace("{text}", text) for text in texts for each in reply)]
    if GCODE.match(line):
        return ["ok\n"]
    return ["", "".join(f"{each}\n".replace("{line}", line) for each in dialect.unknown[:count])]

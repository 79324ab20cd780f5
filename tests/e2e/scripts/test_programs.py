"""Programs of the kinds that people write for mecode and Automation-Scripts send what they send there."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import plugin_settings
from tests.support.octoprint import OctoPrint
from tests.support.rest_scripts import last_run, post, wait_for_printer, wait_for_script
from tests.support.serial_printer import Dialect, SerialPrinter
from tests.support.waiting import eventually, free_port

FOLDER = Path(__file__).parent / "programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py"))
#: What the printer behind the serial line replies, beside "ok".
REPLIES = {
    "M235": ("ok 5012",),
    "M236": ("5.0 PSI", "ok"),
    "M303": ("PID Autotune start", *(f" T:{t}.00 /60.00 @:127" for t in range(50, 60)),
             "#define DEFAULT_Kp 8.04", "#define DEFAULT_Ki 0.36", "#define DEFAULT_Kd 44.90", "ok"),
    "M503": ("echo:; Steps per unit:", "echo:  M92 X80.00 Y80.00 Z400.00 E500.00", "echo:  M204 P1000.00", "ok"),
}  # fmt: skip
#: What the programs return. The virtual printer has no profilometer, regulator and values of its own.
RESULTS: dict[str, Any] = {
    "check_firmware": {"steps": "X80.00 Y80.00 Z400.00 E500.00", "accelerations": "P1000.00"},
    "check_pneumatics": {"failures": []},
    "pick_and_place": {"placed": 3},
    "profile_bed": {"values": [12, 12, 12]},
    "temperature_tower": {"filament": 7.817},
    "tune_pid": {"Kp": 8.04, "Ki": 0.36, "Kd": 44.9},
    "wind_tube": {"turns": 65.462},
}
ERRORS_OF_VIRTUAL = {
    "check_pneumatics": "ValueError: could not convert string to float: 'ok' (line",
    "profile_bed": "ValueError: invalid literal for int() with base 10: '' (line",
    "tune_pid": "the printer has found no values",
}


class Recorder:
    """The printer of mecode as Automation-Scripts gives it to a script: it notes the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def sendline(self, line: str) -> None:
        for each in str(line).split("\n"):
            self.lines += [text] if (text := each.partition(";")[0].strip()) else []

    def get_response(self, line: str, timeout: float = 0) -> str:
        self.sendline(line)
        default = ("ok T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0",) if line == "M105" else ("ok",)
        return "".join(f"{each}\n" for each in REPLIES.get(line.split(maxsplit=1)[0], default))

    def load_file(self, path: str) -> None:
        for line in Path(path).read_text().splitlines():
            self.sendline(line)

    def disconnect(self, wait: bool = False) -> None:
        pass


def lines_of(program: str) -> list[str]:
    """Return the lines that the program sends in Automation-Scripts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mecode import G
    spec = importlib.util.spec_from_file_location(program, FOLDER / f"{program}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    g = G(
        print_lines=False, direct_write=True, direct_write_mode="serial", setup=False,
        layer_height=0.19, extrusion_width=0.4, filament_diameter=1.75,
    )  # fmt: skip
    g._p = recorder = Recorder()
    module.__script_obj__(g, logging.getLogger(program), {}).run()
    return [*recorder.lines, "M400"]


@pytest.fixture(scope="module")
def serial_printer() -> Iterator[SerialPrinter]:
    with SerialPrinter(garbled_every=0, dialect=Dialect(replies=REPLIES)) as printer:
        yield printer


@pytest.fixture(scope="module")
def octoprint(serial_printer: SerialPrinter) -> Iterator[OctoPrint]:
    with OctoPrint(
        plugins={
            "temp_eta": plugin_settings(free_port(), script_folder=str(FOLDER), mqtt_enabled=False),
            "virtual_printer": {"numExtruders": 2},
        },
        config={"serial": {"log": True, "additionalPorts": [serial_printer.port]}},
        extruders=2,
        environment={"PYTHONDONTWRITEBYTECODE": "1"},
    ) as octoprint:
        for program in PROGRAMS:
            wait_for_script(octoprint, program)
        yield octoprint


@pytest.fixture(scope="module", params=[pytest.param("virtual", marks=pytest.mark.slow), "serial"])
def sent(
    request: pytest.FixtureRequest, octoprint: OctoPrint, serial_printer: SerialPrinter
) -> Callable[[], list[str]]:
    """Connect to the printer, and return a function that returns what was sent to it."""
    if request.param == "virtual":
        log = octoprint.base / "logs" / "serial.log"
        return lambda: [line.partition("Send: ")[2] for line in log.read_text().splitlines() if "Send: " in line]
    octoprint.disconnect()
    octoprint.post("/api/connection", {"command": "connect", "port": serial_printer.port, "baudrate": 115200})
    eventually(lambda: octoprint.printer_state() == "Operational", "the printer to be connected")
    wait_for_printer(octoprint)
    return lambda: list(serial_printer.lines)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_sends_what_it_sends_in_automation_scripts(
    octoprint: OctoPrint,
    sent: Callable[[], list[str]],
    request: pytest.FixtureRequest,
    program: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    virtual = request.node.callspec.params["sent"] == "virtual"
    before = len(sent())
    run_id = post(octoprint, "script/start", id=program)["run_id"]
    last = eventually(lambda: last_run(octoprint, run_id), "the run to end", timeout=60)
    if virtual and program in ERRORS_OF_VIRTUAL:
        assert ERRORS_OF_VIRTUAL[program] in last["error"]
        return
    assert last["outcome"] == "finished", last
    if not (virtual and program == "check_firmware"):
        assert last["result"] == RESULTS.get(program, {})
    lines = [line for line in sent()[before:] if not line.startswith(("M105", "M155", "M115"))]
    expected = [line for line in lines_of(program) if line != "M105"]
    # The mode that mecode believes in is the only addition; every run ends with G90.
    assert lines.pop() == "G90"
    added = next((number for number, line in enumerate(lines) if line not in expected[number : number + 1]), None)
    if added is not None:
        assert lines.pop(added) in ("G90", "G91")
    assert lines == expected

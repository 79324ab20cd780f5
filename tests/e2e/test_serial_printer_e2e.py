"""Scripts on a printer behind a serial line: what goes for the virtual printer goes for one that is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import plugin_settings
from tests.support.octoprint import OctoPrint
from tests.support.rest_scripts import PATH, last_run, post, run
from tests.support.scripts import add_script
from tests.support.serial_printer import POSITION, SerialPrinter
from tests.support.waiting import eventually, free_port


@pytest.fixture(scope="module")
def printer() -> Iterator[SerialPrinter]:
    with SerialPrinter(garbled_every=23) as printer:
        yield printer


@pytest.fixture(scope="module")
def octoprint(printer: SerialPrinter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OctoPrint]:
    folder = tmp_path_factory.mktemp("scripts")
    add_script(folder, "heats", "self.g.write('M109 S80')")
    add_script(folder, "warms", "import time; self.g.write('M104 S60'); time.sleep(1000)")
    with OctoPrint(
        plugins={"temp_eta": plugin_settings(free_port(), script_folder=str(folder), mqtt_enabled=False)},
        config={"serial": {"port": printer.port, "additionalPorts": [printer.port], "alwaysSendChecksum": True}},
    ) as octoprint:
        yield octoprint


def test_every_line_arrives_once_and_gets_its_own_answer(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    body = "return True, {'answers': [ask(f'M118 {n}') for n in range(300)] + [ask('G28'), ask('M114')]}"
    *counted, homed, position = run(octoprint, "counts", body)
    assert counted == [f"{number}\nok\n" for number in range(300)]
    assert homed == position == f"{POSITION}\nok\n"
    assert [line for line in printer.lines if line.startswith("M118")] == [f"M118 {number}" for number in range(300)]
    assert printer.resends >= 10


def test_a_print_waits_until_a_printer_that_heats_listens_again(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    uploads = Path(octoprint.base) / "uploads"
    uploads.mkdir(exist_ok=True)
    job = [f"G1 X{number}" for number in range(10)]
    (uploads / "job.gcode").write_text("\n".join(job) + "\n")
    run_id = post(octoprint, "script/start", id="heats")["run_id"]
    eventually(lambda: printer.lines[-1] == "M109 S80", "the printer to heat")
    post(octoprint, "script/cancel")
    octoprint.post("/api/files/local/job.gcode", {"command": "select", "print": True})
    last = eventually(lambda: last_run(octoprint, run_id), "the runner to be free", timeout=60)
    assert last["outcome"] == "cancelled"
    eventually(lambda: job[-1] in printer.lines, "the print")
    lines = [line for line in printer.lines[printer.lines.index("M109 S80") :] if not line.startswith(("M105", "M155"))]
    assert lines[:3] == ["M109 S80", "M104 S0.0", "G90"]
    assert [line for line in lines if line in job] == job


def test_octoprint_that_shuts_down_leaves_nothing_hot(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    eventually(lambda: octoprint.get(PATH)["printer"]["state"] == "OPERATIONAL", "the printer to be ready")
    post(octoprint, "script/start", id="warms")
    eventually(lambda: printer.lines[-1] == "M104 S60", "the printer to be warmed")
    assert octoprint.stop()
    eventually(lambda: printer.lines[-1] == "G90", "the end of the run")
    assert printer.lines[-3:] == ["M104 S60", "M104 S0.0", "G90"]

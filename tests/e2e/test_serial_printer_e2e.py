"""Scripts on a printer behind a serial line: what goes for the virtual printer goes for one that is not."""

from __future__ import annotations

import itertools
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from octoprint_temp_eta.bridge.scripts.interrupted import REASON
from octoprint_temp_eta.core.scripts.runner import SETTLE_ATTEMPTS
from tests.conftest import plugin_settings
from tests.support.octoprint import OctoPrint
from tests.support.rest_scripts import PATH, last_run, post, run, start, wait_for_script
from tests.support.scripts import add_script
from tests.support.serial_printer import HEATING, POSITION, SerialPrinter
from tests.support.waiting import eventually, free_port

#: How many reports long a printer heats that does not listen before OctoPrint has ended.
LONG = 150
#: Seconds after which a printer listens again that is followed: OctoPrint waits for it for 5 s.
LISTENS_AFTER_S = 1.0


@pytest.fixture(scope="module")
def printer() -> Iterator[SerialPrinter]:
    with SerialPrinter(garbled_every=23, heating=100) as printer:
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


def test_every_line_arrives_once_and_gets_its_own_reply(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    body = "return True, {'replies': [ask(f'M118 {n}') for n in range(300)] + [ask('G28'), ask('M114')]}"
    *counted, homed, position = run(octoprint, "counts", body)
    assert counted == [f"{number}\nok\n" for number in range(300)]
    assert homed == position == f"{POSITION}\nok\n"
    assert [line for line in printer.lines if line.startswith("M118")] == [f"M118 {number}" for number in range(300)]
    assert printer.resends >= 10


def test_another_line_number_shifts_no_reply(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    body = """
        replies = []
        for number in (500, 3, 40_000):
            replies.append([ask(f'M118 {n}') for n in range(50)])
            self.g.write(f"M110 N{number}")
        return True, {'replies': replies}
    """
    before = printer.resends
    assert run(octoprint, "renumbers", body) == [[f"{number}\nok\n" for number in range(50)]] * 3
    assert printer.resends > before + 3


def test_a_print_waits_until_a_printer_that_heats_listens_again(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    uploads = Path(octoprint.base) / "uploads"
    uploads.mkdir(exist_ok=True)
    job = [f"G1 X{number}" for number in range(10)]
    (uploads / "job.gcode").write_text("\n".join(job) + "\n")
    wait_for_script(octoprint, "heats")
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
    eventually(lambda: octoprint.printer_state() == "Operational", "the end of the print")


def test_a_target_that_a_user_sets_while_a_script_heats_survives_its_cancel(
    octoprint: OctoPrint, printer: SerialPrinter
) -> None:
    wait_for_script(octoprint, "heats")
    before = len(printer.lines)
    run_id = post(octoprint, "script/start", id="heats")["run_id"]
    eventually(lambda: printer.lines[-1] == "M109 S80", "the printer to heat")
    # It is queued until the printer has heated.
    octoprint.post("/api/printer/tool", {"command": "target", "targets": {"tool0": 70}})
    post(octoprint, "script/cancel")
    last = eventually(lambda: last_run(octoprint, run_id), "the runner to be free", timeout=60)
    assert last["outcome"] == "cancelled"
    lines = [line for line in printer.lines[before:] if not line.startswith(("M105", "M155"))]
    assert (lines[:2], lines[-1]) == (["M109 S80", "M104 S70"], "G90")
    # The printer may report the script's target, which is above the user's, before the last line or after it: the
    # user's is then set once more, and the last line follows.
    assert set(lines[2:-1]) <= {"M104 S70.0", "G90"}
    octoprint.gcode("M104 S0")


def test_replies_stay_with_their_lines_after_a_line_that_is_unknown_to_the_firmware(
    octoprint: OctoPrint, printer: SerialPrinter
) -> None:
    body = "self.g.toggle_pressure(1)\nreturn True, {'replies': [ask(f'M118 n{n}') for n in range(8)]}"
    assert run(octoprint, "pressure", body) == [f"n{number}\nok\n" for number in range(8)]
    assert "Call togglePress P1" in printer.lines


def test_replies_stay_with_their_lines_while_a_user_types_in_the_terminal(
    octoprint: OctoPrint, printer: SerialPrinter
) -> None:
    body = """
        import time
        replies = []
        for number in range(40):
            self.script_status = f"line {number}"
            replies.append(ask(f"M118 n{number}"))
            time.sleep(0.05)
        return True, {"replies": replies}
    """
    run_id = start(octoprint, "typed", body)
    for number in itertools.count():
        octoprint.gcode("HELLO", f"M117 typed {number}")
        # OctoPrint counts the ok of an unknown line for the next one. With many lines in its queue it would send many
        # behind a corrupted one, and give up when each of them makes the printer request that one again.
        eventually(lambda typed=f"M117 typed {number}": typed in printer.lines, "the typed lines")
        if last_run(octoprint, run_id) is not None:
            break
    last = last_run(octoprint, run_id)
    assert last is not None
    assert last["result"]["replies"] == [f"n{number}\nok\n" for number in range(40)]


def test_a_macro_has_no_timeout_while_it_heats(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    printer.macros["START_PRINT"] = [f"B:{24 + step:.1f} /110.0 T0:24.0 /0.0" for step in range(40)]
    before = len(printer.lines)
    replies = run(octoprint, "starts", "return True, {'replies': [ask('START_PRINT BED=110'), ask('M118 after')]}")
    assert replies[1] == "after\nok\n"
    lines = [line for line in printer.lines[before:] if not line.startswith(("M105", "M155"))]
    assert lines == ["START_PRINT BED=110", "M118 after", "M400", "G90"]


def test_what_a_macro_has_heated_since_the_last_report_is_off_after_a_cancel(
    octoprint: OctoPrint, printer: SerialPrinter
) -> None:
    printer.macros["HEATUP"] = []
    printer.report(False)
    before, cold = len(printer.lines), printer.temperatures
    try:
        run_id = start(octoprint, "macro", "import time; self.g.write('HEATUP'); time.sleep(1000)")
        eventually(lambda: "HEATUP" in printer.lines[before:], "the macro")
        printer.temperatures = cold.replace("/0.0", "/200.0", 1)
        post(octoprint, "script/cancel")
        eventually(lambda: last_run(octoprint, run_id), "the runner to be free", timeout=60)
    finally:
        printer.temperatures = cold
        printer.report(True)
    lines = [line for line in printer.lines[before:] if line.startswith(("HEATUP", "M104", "G90"))]
    # This printer goes on reporting its target: it is set back again.
    assert lines == ["HEATUP", "G90", *["M104 S0.0", "G90"] * SETTLE_ATTEMPTS]


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("printhead", {"command": "jog", "x": 1}),
        ("tool", {"command": "extrude", "amount": 1}),
        ("printhead", {"command": "home", "axes": ["x"]}),
    ],
    ids=lambda value: value["command"] if isinstance(value, dict) else "",
)
def test_a_relative_script_stays_above_the_bed_while_somebody_moves_the_printer(
    octoprint: OctoPrint,
    printer: SerialPrinter,
    path: str,
    command: dict[str, object],
    allowed: bool,
    tmp_path: Path,
) -> None:
    octoprint.post("/api/settings", {"plugins": {"temp_eta": {"script_allow_motion": allowed}}})
    octoprint.gcode("G90", "G1 Z0")
    eventually(lambda: printer.position["Z"] == 0, "the tool to be at Z0")
    printer.lowest = float("inf")
    before = len(printer.lines)
    moved = tmp_path / "moved"
    body = f"""
        import pathlib, time
        self.g.move(z=50)
        self.script_status = "up"
        for number in range(6):
            self.g.move(x=10, z=-1)
            while number == 2 and not pathlib.Path({str(moved)!r}).exists():
                time.sleep(0.1)
        return True, {{}}
    """
    run_id = start(octoprint, "descends", body)
    eventually(lambda: printer.position["Z"] == 47, "the tool to be up")
    octoprint.post(f"/api/printer/{path}", command)
    moved.touch()
    last = eventually(lambda: last_run(octoprint, run_id), "the run to end")
    assert last["outcome"] == "finished"
    assert (printer.position["Z"], printer.lowest) == (44, 44)
    foreign = [line for line in printer.lines[before:] if line.startswith(("G0", "G28", "M83"))]
    assert bool(foreign) is allowed


def test_octoprint_that_shuts_down_leaves_nothing_hot(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    wait_for_script(octoprint, "warms")
    post(octoprint, "script/start", id="warms")
    eventually(lambda: printer.lines[-1] == "M104 S60", "the printer to be warmed")
    assert octoprint.stop()
    eventually(lambda: sent(printer)[-1] == "G90", "the end of the run")
    assert sent(printer)[-3:] == ["M104 S60", "M104 S0.0", "G90"]


def sent(printer: SerialPrinter) -> list[str]:
    return [line for line in printer.lines if not line.startswith(("M105", "M155"))]


def listen_again(octoprint: OctoPrint, printer: SerialPrinter) -> None:
    """Stop heating once OctoPrint, which has got the signal, shuts down: its web server stops first.

    On a busy machine it takes seconds until then, in which the script would just go on.
    """

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{octoprint.url}/online.gif", timeout=1.0):
                return True
        except OSError:
            return False

    eventually(lambda: not answers(), "the shutdown")
    time.sleep(LISTENS_AFTER_S)
    printer.heating = 0


@pytest.mark.parametrize("cancelled", [False, True], ids=["that runs", "that was cancelled"])
@pytest.mark.parametrize("followed", [True, False], ids=["listens again within 5 s", "does not"])
def test_octoprint_that_shuts_down_waits_for_a_busy_printer_or_reports_what_may_be_on(
    octoprint: OctoPrint, printer: SerialPrinter, followed: bool, cancelled: bool
) -> None:
    if not octoprint.alive:
        octoprint.start()
    eventually(lambda: octoprint.get(PATH)["printer"]["state"] == "OPERATIONAL", "the printer to be ready")
    wait_for_script(octoprint, "heats")
    printer.heating = LONG
    run_id = post(octoprint, "script/start", id="heats")["run_id"]
    eventually(lambda: printer.lines[-1] == "M109 S80", "the printer to heat")
    if cancelled:
        post(octoprint, "script/cancel")
        eventually(lambda: (octoprint.get(PATH)["script"]["last"] or {}).get("run_id") == run_id, "the end")
    target_reached = threading.Thread(target=listen_again, args=(octoprint, printer))
    if followed:
        target_reached.start()
    assert octoprint.stop()
    if followed:
        target_reached.join()
    printer.heating = HEATING
    if followed:
        eventually(lambda: sent(printer)[-1] == "G90", "the end of the run")
        assert sent(printer)[-3:] == ["M109 S80", "M104 S0.0", "G90"]
    octoprint.start()
    last = octoprint.get(PATH)["script"]["last"]
    reason = f"{REASON}. OctoPrint has not seen these switched off or set back: tool0. Check them at the printer"
    assert (last and (last["run_id"], last["error"])) == (None if followed else (run_id, reason))
    assert (reason in octoprint.log()) is not followed

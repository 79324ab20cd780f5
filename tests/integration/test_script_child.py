"""The messages between a script and its printer, with the script in a real process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from octoprint_temp_eta.bridge.protocol.script_inputs import (
    ScriptLine,
    ScriptLogged,
    ScriptRaised,
    ScriptReturned,
    ScriptStatus,
)
from tests.support.scripts import HEAD, Marlin, run, start, write_script


def test_lines_come_in_order_and_replies_belong_to_their_line(tmp_path: Path) -> None:
    body = """
        self.logger.info(repr(self.g.write("M114", resp_needed=True)))
        self.g.write("M105\t; a comment")
        self.g.feed(3000)
        self.g.abs_move(x=5, y=6)
        return True, {}
    """
    trial = run(write_script(tmp_path, body))
    assert trial.printer.lines == [
        "M114",
        "M105",
        "G1 F3000",
        "G90",
        "G1 X5.000000 Y6.000000",
        "G91",
        "M400",
    ]
    assert trial.all(ScriptLogged) == [ScriptLogged("run-1", "info", repr(Marlin.POSITION + "ok\n"))]
    assert trial.all(ScriptReturned) == [ScriptReturned("run-1", True, {})]


HELPERS = """
g.home()
g.feed(1200)
g.move(x=5, y=5)
g.abs_move(z=2, rapid=True)
g.rect(3, 4, direction="CCW", start="UL")
g.arc(x=2, y=2, radius=2, direction="CCW")
g.meander(4, 3, spacing=1)
g.triangular_wave(2, 2, 3)
g.set_home(x=0, y=0)
g.dwell(10)
g.absolute()
g.move(x=1)
g.relative()
g.teardown()
"""


def test_the_helpers_of_mecode_send_what_they_would_write(tmp_path: Path) -> None:
    file = tmp_path / "expected.gcode"
    # In a process of its own: mecode is not to be imported here.
    write = f"import mecode\ng = mecode.G(outfile={str(file)!r}, print_lines=False)\n{HELPERS}\ng.out_fd.close()"
    subprocess.run([sys.executable, "-W", "ignore", "-c", write], check=True)
    expected = [line.partition(";")[0].strip() for line in file.read_text().splitlines()]
    trial = run(write_script(tmp_path, f"g = self.g\n{HELPERS}"))
    assert not trial.all(ScriptRaised)
    # The first line of the file is mecode's header, which a script's run does not send.
    assert trial.printer.lines == [*expected[1:], "M400"]
    assert len(expected) > 30


def test_the_position_is_read_from_the_printer(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "return True, self.g._p.current_position()"))
    assert trial.returned.storage == {"X": 10.0, "Y": 20.0, "Z": 0.3, "E": 0.0}


def test_the_position_is_read_from_a_reply_on_the_line_of_the_ok(tmp_path: Path) -> None:
    printer = Marlin({"M114": "ok X:1.00 Y:2.00 Z:3.00 E:4.00 Count: A:5\n"})
    trial = run(write_script(tmp_path, "return True, self.g._p.current_position()"), printer)
    assert trial.returned.storage == {"X": 1.0, "Y": 2.0, "Z": 3.0, "E": 4.0}


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("(True, {'a': 1})", ScriptReturned("run-1", True, {"a": 1})),
        ("(False, {})", ScriptReturned("run-1", False, {})),
        ("(True, None)", ScriptReturned("run-1", True, {})),
        ("None", ScriptReturned("run-1", True, {})),
        ("{'success': True, 'storage': {'a': 1}}", ScriptReturned("run-1", True, {"a": 1})),
        ("{'success': True, 'success_message': 'flat'}", ScriptReturned("run-1", True, {}, "flat")),
        ("{'success': False, 'failure_reason': 'bent'}", ScriptReturned("run-1", False, {}, "bent")),
        ("(True, {'a': __import__('numpy').float32(0.5)})", ScriptReturned("run-1", True, {"a": 0.5})),
    ],
)
def test_what_run_may_return(tmp_path: Path, returned: str, expected: ScriptReturned) -> None:
    assert run(write_script(tmp_path, f"return {returned}")).all(ScriptReturned) == [expected]


@pytest.mark.parametrize(
    ("returned", "lines"),
    [
        ("None", ["M400"]),
        ("True, {}", ["M400"]),
        ("{'success': False}", ["M400"]),
        ("{'success': True, 'wait_for_buffer': True}", ["M400"]),
        ("{'success': True, 'wait_for_buffer': False}", []),
    ],
)
def test_a_run_ends_after_its_moves_unless_disabled(tmp_path: Path, returned: str, lines: list[str]) -> None:
    trial = run(write_script(tmp_path, f"return {returned}"))
    assert trial.printer.lines == lines


def test_extrusion_has_the_flow_of_automation_scripts(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "self.g.extrude = True\nself.g.move(x=100)"))
    assert trial.printer.lines == ["G91", "G1 X100.000000 E2.837716", "M400"]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("g.write('G28'); g.write('G1 X100 Y100'); g.write('G1 X50 Y50')", ["G28", "G1 X100 Y100", "G1 X50 Y50"]),
        ("g.feed(600); g.move(x=1); g.move(x=1)", ["G1 F600", "G91", "G1 X1.000000", "G1 X1.000000"]),
        ("g.absolute(); g.move(x=1)", ["G90", "G1 X1.000000"]),
        ("g.write('G90 ; absolute'); g.move(x=1)", ["G90", "G1 X1.000000"]),
        ("g.abs_move(x=1); g.move(x=1)", ["G90", "G1 X1.000000", "G91", "G1 X1.000000"]),
        ("g.arc(x=2, y=2, radius=2)", ["G91", "G17", "G2 X2.000000 Y2.000000 R2.000000"]),
        ("g.write('G90.1'); g.retract(1)", ["G90.1", "G91", "G1 E-1.000000"]),
    ],
)
def test_the_mode_is_sent_before_the_first_move_that_depends_on_it(tmp_path: Path, body: str, lines: list[str]) -> None:
    trial = run(write_script(tmp_path, f"g = self.g\n{body}"))
    assert trial.printer.lines == [*lines, "M400"]


@pytest.mark.parametrize(
    ("signature", "received"),
    [
        ("self, **extra", {"a": 1, "b": [2]}),
        ("self, a=0", {"a": 1}),
        ("self, *, b", {"b": [2]}),
        ("self", {}),
    ],
)
def test_run_gets_the_arguments_that_it_accepts(tmp_path: Path, signature: str, received: dict[str, object]) -> None:
    path = write_script(
        tmp_path, "values = dict(locals()); values.pop('self'); return True, values.pop('extra', values)"
    )
    path.write_text(path.read_text().replace("def run(self)", f"def run({signature})"))
    trial = run(path, arguments={"a": 1, "b": [2]})
    assert trial.returned.storage == received


def test_drawing_without_matplotlib_names_what_to_install(tmp_path: Path) -> None:
    body = "import importlib.util as u\nu.find_spec = lambda *_: None\nself.g.view()"
    trial = run(write_script(tmp_path, body))
    assert "pip install 'OctoPrint-TempETA[view]'" in trial.error


def test_a_drawing_is_written_beside_the_script(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert run(write_script(tmp_path, "self.g.move(x=1, y=2, z=3)\nself.g.view()")).returned.success
    assert (tmp_path / "view.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        ("42", "run() must return (success, settings), a dictionary with success and storage, or None, not int"),
        ("(True, [1])", "must be a dictionary, not list"),
        ("(True, {'a': object()})", "a: is not a JSON value (a object)"),
        ("(True, {'a': float('nan')})", "a: is not a JSON value (Out of range float values are not JSON compliant)"),
        ("(True, {1: 2})", "keys must be strings, not 1"),
        ("(True, {'a': 'x' * 70_000})", "must not be longer than 65536 characters as JSON"),
    ],
)
def test_a_wrong_result_is_an_error(tmp_path: Path, returned: str, error: str) -> None:
    head = f"{HEAD}__script_settings__ = {{'temperature': 60}}\n"
    trial = run(write_script(tmp_path, f"return {returned}", head))
    assert trial.error == error


def test_a_returned_setting_of_another_type_is_a_warning_and_the_default_of_later_runs(tmp_path: Path) -> None:
    """OctoPrint-Automation-Scripts stores anything as text."""
    head = f"{HEAD}__script_settings__ = {{'offset': 0}}\n"
    path = write_script(tmp_path, "return True, {'offset': self.settings['offset'] - 0.35}", head)
    trial = run(path)
    assert (trial.returned.success, trial.returned.storage) == (True, {"offset": -0.35})
    [logged] = trial.all(ScriptLogged)
    assert (logged.level, logged.message.startswith("offset: must be a whole number")) == ("warning", True)
    assert run(path, stored=trial.returned.storage).returned.storage == {"offset": -0.35}


def test_settings_are_the_defaults_then_what_was_stored_then_what_is_given(tmp_path: Path) -> None:
    head = f"{HEAD}__script_settings__ = {{'a': 1, 'b': 1, 'c': 1, 'd': 'x'}}\n"
    path = write_script(tmp_path, "return True, dict(self.settings)", head)
    trial = run(path, stored={"b": 2, "c": 2, "d": 5, "measured": 7}, given={"c": 3})
    assert trial.returned.storage == {"a": 1, "b": 2, "c": 3, "d": "x", "measured": 7}


def test_large_settings_pass_in_both_directions(tmp_path: Path) -> None:
    stored = {"map": [[0.125] * 100] * 80}
    trial = run(write_script(tmp_path, "return True, self.settings"), stored=stored)
    assert trial.returned.storage == stored


def test_a_long_reply_arrives_whole(tmp_path: Path) -> None:
    listing = "".join(f"FILE{number}.GCO 12345\n" for number in range(20_000)) + "ok\n"
    body = "return True, {'length': len(self.g.write('M20', resp_needed=True))}"
    trial = run(write_script(tmp_path, body), Marlin({"M20": listing}))
    assert trial.returned.storage == {"length": len(listing)}


def test_the_status_is_reported_while_a_line_blocks(tmp_path: Path) -> None:
    body = """
        import threading, time
        def heat():
            while not self.blocked: time.sleep(0.001)
            self.script_status = "still heating"
        self.blocked = False
        threading.Thread(target=heat).start()
        self.script_status = "heating"
        self.blocked = True
        self.g.write("M109 S200")
    """
    trial = start(write_script(tmp_path, body), Marlin({"M109": None}))
    trial.follow(lambda message: message == ScriptStatus("run-1", "still heating"))
    trial.process.kill()
    trial.end()
    assert [each.status for each in trial.all(ScriptStatus)] == ["heating", "still heating"]


def test_a_status_is_reported_before_the_next_line(tmp_path: Path) -> None:
    body = """
        for number in range(3):
            self.script_status = f"line {number}"
            self.g.write(f"M117 {number}")
        self.script_status = "done"
    """
    trial = run(write_script(tmp_path, body))
    order = [
        message.status if isinstance(message, ScriptStatus) else message.line
        for message in trial.messages
        if isinstance(message, ScriptStatus | ScriptLine)
    ]
    assert order == ["line 0", "M117 0", "line 1", "M117 1", "line 2", "M117 2", "done", "M400"]


def test_of_many_statuses_the_newest_is_reported(tmp_path: Path) -> None:
    body = "for number in range(10_000): self.script_status = number; self.g.write('M105')"
    trial = run(write_script(tmp_path, body))
    received = [int(each.status) for each in trial.all(ScriptStatus)]
    assert received == sorted(received)
    assert received[:20] == list(range(20))
    assert received[-1] == 9_999
    assert len(received) < 1000


def test_what_is_printed_goes_to_the_log_and_never_to_the_printer(tmp_path: Path) -> None:
    body = """
        import logging, sys
        print("G28", "is printed")
        print("an error", file=sys.stderr)
        logging.getLogger("another").warning("from a library")
        self.logger.debug("details")
        self.g.write("M115")
    """
    trial = run(write_script(tmp_path, body))
    assert trial.printer.lines == ["M115", "M400"]
    assert trial.all(ScriptLogged) == [
        ScriptLogged("run-1", "info", "G28 is printed"),
        ScriptLogged("run-1", "warning", "an error"),
        ScriptLogged("run-1", "warning", "from a library"),
        ScriptLogged("run-1", "debug", "details"),
    ]


def test_a_flood_of_prints_is_cut_and_counted(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "for _ in range(100_000): print('x' * 100)"))
    logged = trial.all(ScriptLogged)
    assert 200 <= len(logged) < 10_000
    assert logged[-1].level == "warning"
    assert "log lines were dropped" in logged[-1].message
    assert trial.all(ScriptReturned)


def test_a_line_that_is_refused_raises_in_the_script(tmp_path: Path) -> None:
    body = """
        try:
            self.g.write("M0")
        except RuntimeError as error:
            return False, {"why": str(error)}
    """
    trial = start(write_script(tmp_path, body), Marlin({"M0": None}))
    line = trial.follow(lambda message: isinstance(message, ScriptLine) and message.line == "M0")
    assert isinstance(line, ScriptLine)
    trial.process.refuse(line.seq, "OctoPrint did not send it")
    trial.end()
    assert trial.returned.storage == {"why": "M0: OctoPrint did not send it"}


def test_a_traceback_begins_at_the_scripts_own_file(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "def deeper(): return 1 / 0\ndeeper()"))
    (logged,) = [message for message in trial.all(ScriptLogged) if message.level == "error"]
    first, *_, last = logged.message.splitlines()
    assert first == "Traceback (most recent call last):"
    assert logged.message.splitlines()[1].strip().startswith(f'File "{tmp_path / "trial.py"}"')
    assert last == "ZeroDivisionError: division by zero"
    assert "octoprint_temp_eta" not in logged.message


def test_a_reply_without_a_position_is_an_error(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "self.g._p.current_position()"), Marlin({"M114": "ok\n"}))
    assert "PrinterError: M114: the printer's reply has no position: 'ok'" in trial.error

"""What a script and its printer tell each other, with the script in a real process of its own."""

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


def test_lines_come_in_order_and_answers_belong_to_their_line(tmp_path: Path) -> None:
    body = """
        self.logger.info(repr(self.g.write("M114", resp_needed=True)))
        self.g.write("M105 ; a comment")
        self.g.feed(3000)
        self.g.abs_move(x=5, y=6)
        return True, {}
    """
    trial = run(write_script(tmp_path, body))
    assert trial.printer.lines == [
        "G91",
        "M114",
        "M105",
        "G1 F3000",
        "G90",
        "G1 X5.000000 Y6.000000",
        "G91",
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
    assert trial.printer.lines == expected
    assert len(expected) > 30


def test_the_position_is_read_from_the_printer(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "return True, self.g._p.current_position()"))
    assert trial.returned.storage == {"X": 10.0, "Y": 20.0, "Z": 0.3, "E": 0.0}


def test_the_position_is_read_from_an_answer_on_the_line_of_the_ok(tmp_path: Path) -> None:
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


def test_waiting_for_the_buffer_waits_for_the_moves(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "return {'success': True, 'wait_for_buffer': True}"))
    assert trial.printer.lines == ["G91", "M400"]


@pytest.mark.parametrize(
    ("returned", "error"),
    [
        ("42", "run() must return (success, settings), a dictionary with success and storage, or None, not int"),
        ("(True, [1])", "must be a dictionary, not list"),
        ("(True, {'a': object()})", "a: is not a JSON value (a object)"),
        ("(True, {'a': float('nan')})", "a: is not a JSON value (Out of range float values are not JSON compliant)"),
        ("(True, {1: 2})", "keys must be strings, not 1"),
        ("(True, {'temperature': 'hot'})", "temperature: must be a whole number"),
        ("(True, {'a': 'x' * 70_000})", "must not be longer than 65536 characters as JSON"),
    ],
)
def test_a_wrong_result_is_an_error(tmp_path: Path, returned: str, error: str) -> None:
    head = f"{HEAD}__script_settings__ = {{'temperature': 60}}\n"
    trial = run(write_script(tmp_path, f"return {returned}", head))
    assert trial.error == error


def test_settings_are_the_defaults_then_what_was_stored_then_what_is_given(tmp_path: Path) -> None:
    head = f"{HEAD}__script_settings__ = {{'a': 1, 'b': 1, 'c': 1, 'd': 'x'}}\n"
    path = write_script(tmp_path, "return True, dict(self.settings)", head)
    trial = run(path, stored={"b": 2, "c": 2, "d": 5, "measured": 7}, given={"c": 3})
    assert trial.returned.storage == {"a": 1, "b": 2, "c": 3, "d": "x", "measured": 7}


def test_big_settings_pass_both_ways(tmp_path: Path) -> None:
    stored = {"map": [[0.125] * 100] * 80}
    trial = run(write_script(tmp_path, "return True, self.settings"), stored=stored)
    assert trial.returned.storage == stored


def test_a_long_answer_arrives_whole(tmp_path: Path) -> None:
    listing = "".join(f"FILE{number}.GCO 12345\n" for number in range(20_000)) + "ok\n"
    body = "return True, {'length': len(self.g.write('M20', resp_needed=True))}"
    trial = run(write_script(tmp_path, body), Marlin({"M20": listing}))
    assert trial.returned.storage == {"length": len(listing)}


def test_the_status_is_told_also_while_a_line_blocks(tmp_path: Path) -> None:
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
    trial.follow(lambda said: said == ScriptStatus("run-1", "still heating"))
    trial.process.kill()
    trial.end()
    assert [each.status for each in trial.all(ScriptStatus)] == ["heating", "still heating"]


def test_a_status_is_told_before_the_line_that_follows_it(tmp_path: Path) -> None:
    body = """
        for number in range(3):
            self.script_status = f"line {number}"
            self.g.write(f"M117 {number}")
        self.script_status = "done"
    """
    trial = run(write_script(tmp_path, body))
    order = [
        said.status if isinstance(said, ScriptStatus) else said.line
        for said in trial.said
        if isinstance(said, ScriptStatus | ScriptLine)
    ]
    assert order == ["G91", "line 0", "M117 0", "line 1", "M117 1", "line 2", "M117 2", "done"]


def test_of_a_flood_of_statuses_the_newest_is_told(tmp_path: Path) -> None:
    body = "for number in range(10_000): self.script_status = number; self.g.write('M105')"
    trial = run(write_script(tmp_path, body))
    told = [int(each.status) for each in trial.all(ScriptStatus)]
    assert told == sorted(told)
    assert told[:20] == list(range(20))
    assert told[-1] == 9_999
    assert len(told) < 1000


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
    assert trial.printer.lines == ["G91", "M115"]
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
    line = trial.follow(lambda said: isinstance(said, ScriptLine) and said.line == "M0")
    assert isinstance(line, ScriptLine)
    trial.process.refuse(line.seq, "OctoPrint did not send it")
    trial.end()
    assert trial.returned.storage == {"why": "M0: OctoPrint did not send it"}

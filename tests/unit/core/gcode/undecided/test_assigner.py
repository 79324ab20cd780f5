"""Assigning replies to commands of which some may not be acknowledged at all."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.in_flight import Acknowledged, Fence, InFlight, Unacknowledged
from octoprint_temp_eta.core.gcode.undecided.assigner import Assigner, Kept
from octoprint_temp_eta.core.gcode.undecided.flight import UNDECIDED
from tests.support.acknowledged_line import Line


def test_the_message_about_another_unknown_line_is_not_taken_for_one_that_it_contains() -> None:
    line = Line().send(None, "a", acknowledged=False)
    line.submit("1", "Call x").send("1", "Call x", acknowledged=False).receive('echo:Unknown command: "Call x"', "ok")
    assert line.outcomes == [Fence(), Acknowledged("1", 'echo:Unknown command: "Call x"\nok\n')]


@pytest.mark.parametrize("late", [["ok"], ['echo:Unknown command: "FOO"', "ok"], []], ids=["ok", "echo", "nothing"])
def test_replies_stay_with_their_lines_beside_an_optional_line_of_others(late: list[str]) -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n")
    assert line.outcomes == [Fence()]
    line.receive(*late, "n", "ok").submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    line.begin("2", "M118 m").receive("m", "ok")
    replies = {outcome.key: outcome.text for outcome in line.outcomes if isinstance(outcome, Acknowledged)}
    assert replies == {"1": "n\nok\n", "2": "m\nok\n", "ask": "ok T:20 /0\n"}


def test_a_reply_that_cannot_be_assigned_fails_instead_of_being_another_ones() -> None:
    line = Line().send(None, "FOO", acknowledged=False).send(None, "BAR", acknowledged=False).begin("1", "M118 n")
    line.receive("ok", "n", "ok").submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    assert Unacknowledged("1", UNDECIDED) in line.outcomes


def test_a_line_without_a_reply_is_acknowledged_also_where_its_reply_cannot_be_assigned() -> None:
    line = Line().send(None, "FOO", acknowledged=False).send(None, "BAR", acknowledged=False)
    line.submit("1", "G1 X1", reply=False).send("1", "G1 X1")
    line.receive("ok", "ok").submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    assert "1" in [outcome.key for outcome in line.outcomes if isinstance(outcome, Acknowledged)]


def test_an_unknown_line_without_a_number_is_executed_while_the_printer_waits_for_a_numbered_one() -> None:
    line = Line().begin("1", "M118 n").send(None, "FOO", acknowledged=False)
    line.receive("Error:checksum mismatch, Last Line: 6", "Resend: 7", "ok", 'echo:Unknown command: "FOO"', "ok")
    line.repeat("M118 n").receive("n", "ok")
    assert Acknowledged("1", "n\nok\n") in line.outcomes


def sent(line: str, *, optional: bool = False) -> InFlight:
    return InFlight(line, line, 100.0, 100.0, 0, optional=optional)


def test_one_ok_for_each_command_is_assigned_in_order() -> None:
    assignment = Assigner().assign([sent("FOO", optional=True), sent("M114")], ["ok", "X:1", "ok"])
    assert (assignment.replies, assignment.certain) == ([["ok"], ["X:1", "ok"]], True)


def test_one_ok_belongs_to_the_command_that_needs_one() -> None:
    assignment = Assigner().assign([sent("FOO", optional=True), sent("M114")], ["X:1", "ok", "unfinished"])
    assert (assignment.replies, assignment.certain) == ([None, ["X:1", "ok"]], True)


def test_firmware_that_acknowledges_optional_lines_makes_a_single_ok_uncertain() -> None:
    assigner = Assigner()
    assigner.assign([sent("FOO", optional=True)], ["ok"])
    assert not assigner.assign([sent("FOO", optional=True), sent("M114")], ["ok"]).certain


def test_a_message_about_a_later_line_contradicts_the_order() -> None:
    later = [sent("BAR", optional=True)]
    entries = [sent("M114"), sent("M105")]
    lines = ["X:1", "ok", 'echo:Unknown command: "BAR"', "ok T:20 /0"]
    assert not Assigner().assign(entries, lines, rest=later, fenced=True).certain


def test_the_end_of_kept_lines() -> None:
    kept = Kept()
    for line in ("T:19 /0", "T:20 /0", "ok", "T:21 /0"):
        kept.add(line, 100.0)
    assert (kept.lines, kept.newest, kept.oks, kept.ends_with_temperatures) == (
        ["T:20 /0", "ok", "T:21 /0"],
        "ok",
        1,
        True,
    )
    kept.drop("ok")
    assert (kept.take(), kept.take()) == (["T:20 /0", "T:21 /0"], [])

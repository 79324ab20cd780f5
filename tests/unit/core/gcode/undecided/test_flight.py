"""Received lines are kept until it is decided to which command they belong."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.flight import LOST
from octoprint_temp_eta.core.gcode.in_flight import OPTIONAL_S, Acknowledged, FakeAck, Fence, Outcome, Unacknowledged
from octoprint_temp_eta.core.gcode.undecided.flight import REFENCE_LINES
from tests.support.acknowledged_line import Line, optional


def test_an_optional_ok_is_waited_for_briefly() -> None:
    line = optional().wait(OPTIONAL_S)
    assert line.outcomes == []
    assert line.wait(0.1).outcomes == [Acknowledged("1", "")]


def test_an_optional_ok_belongs_to_its_line() -> None:
    line = (
        optional(text="Call x").receive('echo:Unknown command: "Call x"', "ok").begin("2", "M118 n").receive("n", "ok")
    )
    assert line.outcomes == [Acknowledged("1", 'echo:Unknown command: "Call x"\nok\n'), Acknowledged("2", "n\nok\n")]


def test_a_fence_whose_temperatures_precede_its_ok_decides_after_a_while() -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n").receive("ok", "n", "ok")
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("T:20 /0", "ok").wait(OPTIONAL_S + 0.1)
    assert Acknowledged("1", "n\nok\n") in line.outcomes


def test_lines_that_came_before_the_command_stay_with_it_beside_an_optional_line() -> None:
    line = Line().begin("1", "M118 n").receive("n").send(None, "FOO", acknowledged=False)
    line.receive("ok", "ok")
    assert line.outcomes == [Fence(), Acknowledged("1", "n\nok\n")]


@pytest.mark.parametrize("late", [["ok"], []], ids=["late ok", "nothing"])
def test_a_line_from_before_the_run_may_still_be_acknowledged(late: list[str]) -> None:
    line = Line()
    line.acknowledgements.expect_late_ok(line.clock)
    line.begin("1", "M118 n").receive(*late, "n", "ok").submit("ask", "M105", reply=False).send("ask", "M105")
    line.receive("ok T:20 /0")
    assert Acknowledged("1", "n\nok\n") in line.outcomes


def test_temperatures_that_are_reported_all_the_time_hide_no_acknowledgement() -> None:
    line = Line()
    line.acknowledgements.expect_late_ok(line.clock)
    line.begin("1", "M118 n").receive("n", "ok").submit("ask", "M105", reply=False).send("ask", "M105")
    line.receive("T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0", "ok")
    for _ in range(int(OPTIONAL_S) + 2):
        line.receive(" T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0").wait(1)
    assert Acknowledged("1", "n\nok\n") in line.outcomes


def test_an_accepted_line_that_is_requested_again_beside_an_optional_one() -> None:
    line = Line().begin("1", "G4 P1").receive("ok").send(None, "FOO", acknowledged=False).wait(OPTIONAL_S + 0.1)
    line.begin("2", "G4 P1").receive("Error: expected line 5 got 6", "Resend: 5", "ok").repeat("G4 P1").receive("ok")
    line.repeat("G4 P1").receive("echo:done", "ok").submit("ask", "M105", reply=False).send("ask", "M105")
    line.receive("ok T:20 /0")
    assert Acknowledged("2", "echo:done\nok\n") in line.outcomes


def test_an_ok_that_was_given_up_does_not_become_the_next_commands() -> None:
    line = Line().begin("1", "G28").send(None, "M118 fake").begin("2", "M118 n").receive("ok", "fake", "ok", "n", "ok")
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    assert Acknowledged("2", "n\nok\n") in line.outcomes


def test_another_fence_is_submitted_when_the_first_one_is_lost() -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n")
    line.submit("ask", "M105", reply=False).send("ask", "M105")
    for _ in range(REFENCE_LINES):
        line.send(None, "M117 x").receive("ok")
    assert line.outcomes.count(Fence()) == 2


def test_a_lost_ok_beside_an_optional_line_is_noticed() -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n")
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    assert Unacknowledged("1", LOST) in line.outcomes


def test_a_printer_that_waits_has_lost_the_ok_also_beside_an_optional_line() -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n")
    for _ in range(4):
        line.wait(1).receive("Not SD printing", "wait")
    assert line.outcomes == [Fence(), Unacknowledged("1", LOST), FakeAck()]


def test_a_resend_beside_an_optional_line() -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n").receive("ok", "Resend: 7", "ok")
    line.repeat("M118 n").receive("n", "ok")
    assert line.outcomes[-1] == Acknowledged("1", "n\nok\n")


def test_a_fence_that_is_garbled_beside_an_optional_line() -> None:
    line = Line().send(None, "FOO", acknowledged=False).receive("echo:Unknown").begin("1", "M118 n").receive("ok")
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("n", "ok", "Error:checksum", "Resend: 7", "ok")
    line.repeat("M105").receive("ok T:20 /0").begin("2", "M118 m").receive("m", "ok")
    texts = [outcome.text for outcome in line.outcomes if isinstance(outcome, Acknowledged)]
    assert texts == ["n\nok\n", "ok T:20 /0\n", "m\nok\n"]


def test_an_optional_line_that_is_garbled_itself() -> None:
    line = (
        Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n").receive("Error:checksum", "Resend: 7", "ok")
    )
    line.outcomes += line.acknowledgements.sent(None, "FOO", line.clock, acknowledged=False)
    line.receive("echo:Unknown", "ok").repeat("M118 n").receive("n", "ok")
    assert Acknowledged("1", "n\nok\n") in line.outcomes


@pytest.mark.parametrize(
    ("received", "outcome"),
    [
        (["mesh done", "ok", "ok T:20 /0"], Acknowledged("1", "mesh done\nok\n")),
        (["ok T:20 /0"], Unacknowledged("1", LOST)),
    ],
    ids=["at work", "lost"],
)
def test_a_poll_of_octoprint_shows_whether_the_ok_of_a_silent_printer_is_lost(
    received: list[str], outcome: Outcome
) -> None:
    line = Line().begin("1", "START_PRINT").wait(30).send(None, "M105").wait(30).send(None, "M105").wait(5)
    assert line.outcomes == []
    line.receive(*received, "ok T:20 /0").begin("2", "M118 n").receive("n", "ok")
    assert line.outcomes == [outcome, Acknowledged("2", "n\nok\n")]


def test_octoprint_that_goes_on_has_given_up_the_ok() -> None:
    line = Line().begin("1", "G28").send(None, "M105")
    assert line.outcomes == [Unacknowledged("1", "the printer did not acknowledge it")]
    assert line.receive("ok T:20 /0").outcomes[1:] == []

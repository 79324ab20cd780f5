"""Each ok belongs to the oldest command in flight."""

from __future__ import annotations

from octoprint_temp_eta.core.gcode.acknowledgements import SILENCE_S, Acknowledgements
from octoprint_temp_eta.core.gcode.flight import IDLE_S, LOST
from octoprint_temp_eta.core.gcode.in_flight import Acknowledged, FakeAck, Unacknowledged
from tests.support.acknowledged_line import Line


def test_the_lines_up_to_the_ok_are_the_reply() -> None:
    line = Line().begin("1", "M115").receive("FIRMWARE_NAME:Marlin", "Cap:EMERGENCY_PARSER:1", "ok")
    assert line.outcomes == [Acknowledged("1", "FIRMWARE_NAME:Marlin\nCap:EMERGENCY_PARSER:1\nok\n")]


def test_the_lines_of_other_commands_stay_with_them() -> None:
    line = Line().submit("1", "M114").send(None, "M115").receive("FIRMWARE_NAME:Marlin", "ok")
    assert line.outcomes == []
    assert line.send("1", "M114").receive("X:1", "ok").outcomes == [Acknowledged("1", "X:1\nok\n")]


def test_an_unexpected_ok_is_ignored() -> None:
    assert Line().submit("1", "M114").receive("ok", "start").send("1", "M114").receive("ok").outcomes == [
        Acknowledged("1", "ok\n")
    ]


def test_a_missing_line_number_is_acknowledged_by_octoprint_itself() -> None:
    line = Line().begin("1", "G28").receive("Error:No Line Number with checksum, Last Line: 4")
    assert line.outcomes == [Unacknowledged("1", "Error:No Line Number with checksum, Last Line: 4")]


def test_a_lost_ok_is_seen_by_a_printer_that_waits() -> None:
    line = Line().begin("1", "G28").receive("wait")
    assert line.outcomes == []
    assert line.wait(IDLE_S + 0.1).receive("wait").outcomes == [Unacknowledged("1", "its ok was lost"), FakeAck()]


def test_the_lost_ok_of_another_command_holds_up_no_script() -> None:
    line = Line().send(None, "M117 x").submit("1", "G28").wait(IDLE_S + 0.1).receive("wait")
    assert line.outcomes == [FakeAck()]


def probed() -> Line:
    """Return a line whose command got no ok, and that was asked with an M105."""
    line = Line().begin("1", "G28").wait(SILENCE_S + 1)
    line.outcomes.clear()
    return line.submit("ask", "M105", reply=False).send("ask", "M105")


def test_a_printer_that_replies_the_probe_first_has_lost_the_ok() -> None:
    line = probed().receive("ok T:20 /0 B:20 /0")
    assert line.outcomes == [Unacknowledged("1", LOST), Acknowledged("ask", "ok T:20 /0 B:20 /0\n")]
    assert line.begin("2", "M114").receive("X:1", "ok").outcomes[2:] == [Acknowledged("2", "X:1\nok\n")]


def test_a_printer_that_was_still_at_work_replies_in_order() -> None:
    line = probed().wait(SILENCE_S).receive("ok").begin("2", "M114").receive("ok T:20 /0", "X:1", "ok")
    assert [outcome.key for outcome in line.outcomes if isinstance(outcome, Acknowledged)] == ["1", "ask", "2"]
    assert line.outcomes[-1] == Acknowledged("2", "X:1\nok\n")


def test_a_probe_without_a_reply_shifts_none() -> None:
    line = probed().receive("ok").begin("2", "M114").receive("X:1", "ok")
    assert line.outcomes[-2:] == [Unacknowledged("ask", LOST), Acknowledged("2", "X:1\nok\n")]


def test_several_commands_in_flight_are_acknowledged_in_order() -> None:
    line = Line(Acknowledgements(window=2)).begin("1", "G1 X1").begin("2", "M114").receive("ok", "X:1", "ok")
    assert line.outcomes == [Acknowledged("1", "ok\n"), Acknowledged("2", "X:1\nok\n")]

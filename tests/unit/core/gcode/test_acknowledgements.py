"""Which lines of the printer answer which command."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.gcode.acknowledgements import (
    HURRY_S,
    LINE_TIMEOUT_S,
    SILENCE_S,
    Acknowledgements,
)
from octoprint_temp_eta.core.gcode.flight import IDLE_S, LOST, OPTIONAL_S
from octoprint_temp_eta.core.gcode.in_flight import (
    Acknowledged,
    FakeAck,
    Fence,
    Outcome,
    Probe,
    Unacknowledged,
)
from octoprint_temp_eta.core.gcode.printer_lines import command_of, dwell
from octoprint_temp_eta.core.gcode.resend import NEXT_S
from octoprint_temp_eta.core.gcode.submissions import SWALLOWED_S
from octoprint_temp_eta.core.gcode.undecided.flight import REFENCE_LINES, UNDECIDED


@dataclass
class Line:
    """A serial line as OctoPrint uses it, with its clock."""

    acknowledgements: Acknowledgements = field(default_factory=Acknowledgements)
    clock: float = 100.0
    outcomes: list[Outcome] = field(default_factory=list)

    def submit(self, key: str, line: str, parts: int = 1, *, reply: bool = True) -> Line:
        self.acknowledgements.submit(key, line, self.clock, reply=reply)
        self.outcomes += self.acknowledgements.queued(key, parts, self.clock)
        return self

    def send(self, key: str | None, line: str, *, acknowledged: bool = True) -> Line:
        self.outcomes += self.acknowledgements.sending(key, line, self.clock, acknowledged=acknowledged)
        self.outcomes += self.acknowledgements.sent(key, line, self.clock, acknowledged=acknowledged)
        return self

    def begin(self, key: str, line: str) -> Line:
        return self.submit(key, line).send(key, line)

    def repeat(self, line: str) -> Line:
        self.outcomes += self.acknowledgements.sent(None, line, self.clock, acknowledged=True)
        return self

    def receive(self, *lines: str) -> Line:
        for line in lines:
            self.outcomes += self.acknowledgements.received(line + "\n", self.clock)
        return self

    def wait(self, seconds: float) -> Line:
        self.clock += seconds
        self.outcomes += self.acknowledgements.tick(self.clock)
        return self


def test_the_lines_up_to_the_ok_are_the_reply() -> None:
    line = Line().begin("1", "M115").receive("FIRMWARE_NAME:Marlin", "Cap:EMERGENCY_PARSER:1", "ok")
    assert line.outcomes == [Acknowledged("1", "FIRMWARE_NAME:Marlin\nCap:EMERGENCY_PARSER:1\nok\n")]


def test_a_reply_on_the_line_of_the_ok() -> None:
    assert Line().begin("1", "M114").receive("ok X:1.00 Y:2.00").outcomes == [Acknowledged("1", "ok X:1.00 Y:2.00\n")]


@pytest.mark.parametrize(
    "noise",
    [
        " T:25.00 /0.00 B:60.00 /60.00 @:0 B@:127",
        "T:31.32",
        "T0:25.0 /0.0 T1:25.0 /0.0",
        "B:59.9 /60.0",
        "echo:busy: processing",
        "busy:paused for user",
        "wait",
        "Not SD printing",
        "SD printing byte 123/456",
        "//action:notification hello",
        "// action:prompt_end",
    ],
)
def test_unsolicited_lines_are_no_reply(noise: str) -> None:
    line = Line().begin("1", "G29").receive("Bed X: 10.0 Y: 10.0 Z: 0.1", noise, "// probe at 10,10", noise, "ok")
    assert line.outcomes == [Acknowledged("1", "Bed X: 10.0 Y: 10.0 Z: 0.1\n// probe at 10,10\nok\n")]


@pytest.mark.parametrize(
    ("received", "text"),
    [
        (["T:20.0 /0.0", "ok T:21.0 /0.0 B:22.0 /0.0"], "ok T:21.0 /0.0 B:22.0 /0.0\n"),
        (["T:20.0 /0.0", "T:21.0 /0.0", "ok"], "T:21.0 /0.0\nok\n"),
    ],
)
def test_temperatures_that_were_asked_for_are_the_reply(received: list[str], text: str) -> None:
    assert Line().begin("1", "M105").receive(*received).outcomes == [Acknowledged("1", text)]


def test_a_print_status_that_was_asked_for_is_the_reply() -> None:
    assert Line().begin("1", "M27").receive("Not SD printing", "ok").outcomes == [
        Acknowledged("1", "Not SD printing\nok\n")
    ]


def test_the_lines_of_other_commands_stay_with_them() -> None:
    line = Line().submit("1", "M114").send(None, "M115").receive("FIRMWARE_NAME:Marlin", "ok")
    assert line.outcomes == []
    assert line.send("1", "M114").receive("X:1", "ok").outcomes == [Acknowledged("1", "X:1\nok\n")]


def test_an_unexpected_ok_is_ignored() -> None:
    assert Line().submit("1", "M114").receive("ok", "start").send("1", "M114").receive("ok").outcomes == [
        Acknowledged("1", "ok\n")
    ]


def test_a_command_that_a_plugin_makes_several_of_gets_all_replies() -> None:
    line = Line().submit("1", "G29", parts=2).send("1", "M420 S1").receive("echo:on", "ok")
    assert line.outcomes == []
    assert line.send("1", "M420 V").receive("mesh", "ok").outcomes == [Acknowledged("1", "echo:on\nok\nmesh\nok\n")]


def test_a_suppressed_command_ends_at_once() -> None:
    line = Line().submit("1", "M0")
    assert line.acknowledgements.suppressed("1", "it is blocked") == [Unacknowledged("1", "it is blocked")]


def test_a_command_that_a_plugin_carries_out_is_done() -> None:
    line = Line().submit("1", "M80")
    assert line.acknowledgements.suppressed("1", None) == [Acknowledged("1", "")]


def test_a_command_that_is_taken_out_of_the_queue_ends_in_bounded_time() -> None:
    line = Line().submit("1", "M117 x").wait(SWALLOWED_S)
    assert line.outcomes == []
    assert line.wait(0.1).outcomes == [Fence()]
    line.submit("ask", "M105", reply=False).send("ask", "M105")
    assert line.outcomes[1:] == [Unacknowledged("1", "another plugin removed it from OctoPrint's queue")]


def test_a_plugin_that_sleeps_in_a_queuing_hook_does_not_count_against_the_command() -> None:
    line = Line()
    line.acknowledgements.submit("1", "G28", line.clock)
    line.wait(10 * SWALLOWED_S)
    line.outcomes += line.acknowledgements.queued("1", 1, line.clock)
    line.wait(SWALLOWED_S)
    assert line.outcomes == []
    assert line.send("1", "G28").receive("ok").outcomes == [Acknowledged("1", "ok\n")]


def test_a_plugin_that_sleeps_before_the_sending_does_not_count_against_the_command() -> None:
    line = Line().submit("1", "G28").wait(SWALLOWED_S + 1).submit("ask", "M105", reply=False).wait(100)
    line.send("1", "G28").receive("ok").send("ask", "M105").receive("ok T:20 /0")
    assert line.outcomes == [Fence(), Acknowledged("1", "ok\n"), Acknowledged("ask", "ok T:20 /0\n")]


def test_a_command_that_waits_for_another_one_is_not_taken_out() -> None:
    line = Line().send(None, "M109 S200").submit("1", "M117 x")
    for _ in range(100):
        line.receive("T:100 /200").wait(SWALLOWED_S)
    assert line.receive("ok").send("1", "M117 x").receive("ok").outcomes == [Acknowledged("1", "ok\n")]


def test_a_dwell_that_octoprint_waits_for_does_not_count() -> None:
    line = Line().begin("1", "G4 S60").receive("ok").submit("2", "G28").wait(60 + SWALLOWED_S)
    assert line.outcomes == [Acknowledged("1", "ok\n")]


def test_what_octoprint_handles_itself_is_done_when_it_would_go_out() -> None:
    line = Line().submit("1", "@pause")
    assert line.acknowledgements.sending("1", "@pause", line.clock, acknowledged=False) == [Acknowledged("1", "")]


# Lines that are no G, M or T command


def optional(key: str = "1", text: str = "START") -> Line:
    return Line().submit(key, text).send(key, text, acknowledged=False)


def test_an_optional_ok_is_waited_for_briefly() -> None:
    line = optional().wait(OPTIONAL_S)
    assert line.outcomes == []
    assert line.wait(0.1).outcomes == [Acknowledged("1", "")]


def test_an_optional_ok_belongs_to_its_line() -> None:
    line = (
        optional(text="Call x").receive('echo:Unknown command: "Call x"', "ok").begin("2", "M118 n").receive("n", "ok")
    )
    assert line.outcomes == [Acknowledged("1", 'echo:Unknown command: "Call x"\nok\n'), Acknowledged("2", "n\nok\n")]


def test_the_message_about_another_unknown_line_is_not_taken_for_one_that_it_contains() -> None:
    line = Line().send(None, "a", acknowledged=False)
    line.submit("1", "Call x").send("1", "Call x", acknowledged=False).receive('echo:Unknown command: "Call x"', "ok")
    assert line.outcomes == [Fence(), Acknowledged("1", 'echo:Unknown command: "Call x"\nok\n')]


def test_a_firmware_that_acknowledges_first_has_no_other_reply_than_the_ok() -> None:
    line = Line(Acknowledgements(ok_first=True))
    line.begin("1", "M114").receive("ok 12").begin("2", "M119").receive("X:1.00 Y:2.00", "ok 13", "x_min: open")
    line.begin("3", "M118 a").send(None, "FOO", acknowledged=False).receive("ok 14", "a", "ok 15")
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("ok 16", "T:20 /0")
    replies = {outcome.key: outcome.text for outcome in line.outcomes if isinstance(outcome, Acknowledged)}
    assert replies == {"1": "ok 12\n", "2": "ok 13\n", "3": "ok 14\n", "ask": "ok 16\n"}


@pytest.mark.parametrize("late", [["ok"], ['echo:Unknown command: "FOO"', "ok"], []], ids=["ok", "echo", "nothing"])
def test_replies_stay_with_their_lines_beside_an_optional_line_of_others(late: list[str]) -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n")
    assert line.outcomes == [Fence()]
    line.receive(*late, "n", "ok").submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    line.begin("2", "M118 m").receive("m", "ok")
    replies = {outcome.key: outcome.text for outcome in line.outcomes if isinstance(outcome, Acknowledged)}
    assert replies == {"1": "n\nok\n", "2": "m\nok\n", "ask": "ok T:20 /0\n"}


def test_a_fence_whose_temperatures_precede_its_ok_decides_after_a_while() -> None:
    line = Line().send(None, "FOO", acknowledged=False).begin("1", "M118 n").receive("ok", "n", "ok")
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("T:20 /0", "ok").wait(OPTIONAL_S + 0.1)
    assert Acknowledged("1", "n\nok\n") in line.outcomes


def test_a_reply_that_cannot_be_assigned_fails_instead_of_being_another_ones() -> None:
    line = Line().send(None, "FOO", acknowledged=False).send(None, "BAR", acknowledged=False).begin("1", "M118 n")
    line.receive("ok", "n", "ok").submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    assert Unacknowledged("1", UNDECIDED) in line.outcomes


def test_a_line_without_a_reply_is_acknowledged_also_where_its_reply_cannot_be_assigned() -> None:
    line = Line().send(None, "FOO", acknowledged=False).send(None, "BAR", acknowledged=False)
    line.submit("1", "G1 X1", reply=False).send("1", "G1 X1")
    line.receive("ok", "ok").submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:20 /0")
    assert "1" in [outcome.key for outcome in line.outcomes if isinstance(outcome, Acknowledged)]


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


def test_an_unknown_line_without_a_number_is_executed_while_the_printer_waits_for_a_numbered_one() -> None:
    line = Line().begin("1", "M118 n").send(None, "FOO", acknowledged=False)
    line.receive("Error:checksum mismatch, Last Line: 6", "Resend: 7", "ok", 'echo:Unknown command: "FOO"', "ok")
    line.repeat("M118 n").receive("n", "ok")
    assert Acknowledged("1", "n\nok\n") in line.outcomes


def test_the_ok_of_a_request_may_come_after_the_next_command() -> None:
    line = Line().begin("1", "M118 n").receive("Resend: 7", "ok").repeat("M118 n").receive("n", "ok", "Resend: 8")
    line.begin("2", "M118 m").receive("ok", "m", "ok")
    assert line.outcomes == [Acknowledged("1", "n\nok\n"), Acknowledged("2", "m\nok\n")]


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


def test_the_reply_to_a_restored_mode_is_not_the_lines() -> None:
    line = Line().submit("1", "M114", parts=2).send("1", "G91").receive("ok").send("1", "M114").receive("X:1", "ok")
    assert line.outcomes == [Acknowledged("1", "X:1\nok\n")]


# Faults


def test_a_resend_is_no_reply() -> None:
    line = Line().begin("1", "G28").receive("Error:checksum mismatch, Last Line: 4", "Resend: 5", "ok")
    assert line.outcomes == []
    assert line.repeat("G28").receive("echo:homed", "ok").outcomes == [Acknowledged("1", "echo:homed\nok\n")]


def test_a_resend_without_an_ok_of_its_own() -> None:
    line = Line().begin("1", "G28").receive("rs N5")
    assert line.repeat("G28").receive("ok").outcomes == [Acknowledged("1", "ok\n")]


def test_a_repeated_line_whose_ok_is_seen_first() -> None:
    line = Line().begin("1", "G28").receive("Resend:5", "ok", "echo:homed", "ok")
    assert line.outcomes == []
    assert line.repeat("G28").outcomes == [Acknowledged("1", "echo:homed\nok\n")]


def test_a_line_that_is_repeated_twice() -> None:
    line = Line().begin("1", "G28").receive("Resend:5", "ok").repeat("G28").receive("Error:checksum", "Resend:5", "ok")
    assert line.outcomes == []
    assert line.repeat("G28").receive("ok").outcomes == [Acknowledged("1", "ok\n")]


def test_earlier_lines_that_are_repeated_first_keep_their_replies() -> None:
    line = Line().begin("1", "M114").receive("Error:expected line 4 got 5", "Resend:4", "ok")
    line.repeat("M115").receive("FIRMWARE_NAME:Marlin", "ok")
    assert line.outcomes == []
    assert line.repeat("M114").receive("X:1", "ok").outcomes == [Acknowledged("1", "X:1\nok\n")]


def test_neighbouring_lines_with_the_same_text_are_distinguished() -> None:
    line = Line().send(None, "M117 a").receive("ok").begin("1", "G1 X1").receive("echo:first", "ok").begin("2", "G1 X1")
    line.receive("Error:expected line 4 got 5", "Resend:4", "ok").repeat("G1 X1").receive("echo:first", "ok")
    assert line.outcomes == [Acknowledged("1", "echo:first\nok\n")]
    line.repeat("G1 X1").receive("echo:second", "ok X:2")
    assert line.outcomes[1:] == [Acknowledged("2", "echo:second\nok X:2\n")]


@pytest.mark.parametrize("proof", ["time", "another line"])
def test_one_of_two_neighbours_of_the_same_text_is_repeated(proof: str) -> None:
    line = Line().send(None, "G1 X1").receive("ok").begin("1", "G1 X1").receive("Resend:5", "ok").repeat("G1 X1")
    line.receive("echo:moved", "ok X:2").wait(0.5)
    assert line.outcomes == []
    (line.wait(NEXT_S) if proof == "time" else line.send(None, "M105"))
    assert line.outcomes == [Acknowledged("1", "echo:moved\nok X:2\n")]


def test_reported_temperatures_do_not_delay_the_end_of_a_resend() -> None:
    line = Line().send(None, "G1 X1").receive("ok").begin("1", "G1 X1").receive("Resend:5", "ok").repeat("G1 X1")
    line.receive("ok")
    for _ in range(12):
        line.receive(" T:25.0 /0.0").wait(0.1)
    assert line.outcomes == [Acknowledged("1", "ok\n")]


@pytest.mark.parametrize("proof", ["time", "another line"])
def test_a_resend_that_octoprint_ignores(proof: str) -> None:
    line = Line().begin("1", "M114").receive("Resend:6", "ok X:1").wait(0.5)
    assert line.outcomes == []
    (line.wait(NEXT_S) if proof == "time" else line.send(None, "M105"))
    assert line.outcomes == [Acknowledged("1", "ok X:1\n")]


def test_a_repeated_line_without_its_ok_gets_no_reply() -> None:
    line = Line().begin("1", "M114").receive("Resend:6", "ok").repeat("M114").wait(NEXT_S + 1).send(None, "M105")
    assert line.outcomes == [Unacknowledged("1", "the printer did not acknowledge it")]


def test_earlier_lines_are_resent_while_several_are_in_flight() -> None:
    line = Line(Acknowledgements(window=2)).send(None, "G28").receive("ok").begin("1", "M114").begin("2", "M115")
    line.receive("Resend:4", "ok").repeat("M114").receive("X:1", "ok")
    assert line.outcomes == [Acknowledged("1", "X:1\nok\n")]
    assert line.repeat("M115").receive("NAME", "ok").outcomes[1:] == [Acknowledged("2", "NAME\nok\n")]


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


def test_a_lost_ok_times_out_on_a_silent_printer() -> None:
    line = Line().begin("1", "G28")
    for _ in range(10):
        line.wait(SILENCE_S / 10).receive("T:20.0 /0.0")
    assert line.outcomes == []
    assert line.wait(1).outcomes == [Probe()]
    lost = Unacknowledged("1", "the printer did not acknowledge it within 3600 s")
    assert line.wait(LINE_TIMEOUT_S).outcomes[1:] == [lost, FakeAck()]


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


def test_a_printer_that_heats_is_not_asked() -> None:
    line = Line().begin("1", "START_PRINT BED=110")
    for second in range(0, 1800, 10):
        line.receive(f"B:{24 + second * 0.045:.1f} /110.0 T0:24.0 /0.0").wait(10)
    assert line.receive("ok").outcomes == [Acknowledged("1", "ok\n")]


def test_temperatures_that_stand_still_are_no_sign_of_life() -> None:
    line = Line().begin("1", "G1 X1")
    for _ in range(31):
        line.receive("B:60.0 /60.0 T0:24.0 /0.0").wait(10)
    assert line.outcomes == [Probe()]


def test_a_target_that_is_never_reached_ends_in_bounded_time() -> None:
    line = Line(Acknowledgements(line_timeout=1000)).begin("1", "START_PRINT")
    for _ in range(101):
        line.receive("B:50.0 /60.0").wait(10)
    assert Unacknowledged("1", "the printer did not acknowledge it within 1000 s") in line.outcomes


def test_a_run_that_ends_asks_soon_and_waits_less() -> None:
    line = Line().begin("1", "G28")
    line.acknowledgements.hurry()
    assert line.wait(HURRY_S + 1).outcomes == [Probe()]
    assert FakeAck() in line.wait(SILENCE_S).outcomes


@pytest.mark.parametrize(
    ("command", "sign"), [("G29", "echo:busy: processing"), ("M109 S200", "T:100 /200"), ("G29", "Bed X")]
)
def test_a_printer_that_works_may_take_long(command: str, sign: str) -> None:
    line = Line().begin("1", command)
    for _ in range(20):
        line.wait(SILENCE_S - 1).receive(sign)
    assert line.outcomes == []


def test_a_dwell_takes_its_own_duration() -> None:
    assert Line().begin("1", "G4 S1000").wait(SILENCE_S + 1000).outcomes == []


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


def test_a_forced_command_has_its_ok_after_the_one_that_it_breaks() -> None:
    line = Line().begin("1", "M109 S200")
    line.acknowledgements.force("M108", line.clock)
    line.receive("ok").submit("2", "G90").send("2", "G90")
    assert line.outcomes == [Acknowledged("1", "ok\n")]
    assert line.receive("ok").outcomes[1:] == []
    assert line.receive("ok").outcomes[1:] == [Acknowledged("2", "ok\n")]


def test_a_lost_printer_ends_all() -> None:
    line = Line().begin("1", "G28").submit("2", "G29")
    assert line.acknowledgements.abandon("gone") == [Unacknowledged("1", "gone"), Unacknowledged("2", "gone")]
    assert line.receive("ok").outcomes == []


def test_several_commands_in_flight_are_acknowledged_in_order() -> None:
    line = Line(Acknowledgements(window=2)).begin("1", "G1 X1").begin("2", "M114").receive("ok", "X:1", "ok")
    assert line.outcomes == [Acknowledged("1", "ok\n"), Acknowledged("2", "X:1\nok\n")]


def test_whether_the_printer_waits_for_a_temperature() -> None:
    line = Line().begin("1", "M190 S60")
    assert line.acknowledgements.heat_wait
    line.receive("ok")
    assert not line.acknowledgements.heat_wait


@pytest.mark.parametrize(
    ("text", "command", "seconds"),
    [
        ("G4 P500", "G4", 0.5),
        ("G4 S2", "G4", 2),
        ("G4", "G4", 0),
        ("G1 S2", "G1", 0),
        ("T1", "T1", 0),
        ("START", None, 0),
    ],
)
def test_reading_a_command(text: str, command: str | None, seconds: float) -> None:
    assert (command_of(text), dwell(text)) == (command, seconds)


@given(
    st.lists(st.tuples(st.booleans(), st.lists(st.sampled_from(["T:20 /0", "busy: x", "wait", "resend"]))), max_size=30)
)
def test_every_command_gets_its_own_reply(commands: list[tuple[bool, list[str]]]) -> None:
    line, expected = Line(), []
    for number, (ours, noises) in enumerate(commands):
        key = str(number) if ours else None
        if ours:
            line.submit(str(number), f"M{number}")
            expected.append(Acknowledged(str(number), f"answer {number}\nok\n"))
        line.send(key, f"M{number}")
        for noise in noises:
            if noise == "resend":
                line.receive("Error:checksum", "Resend: 7", "ok").repeat(f"M{number}")
            else:
                line.receive(noise)
        line.receive(f"answer {number}", *[noise for noise in noises if noise != "resend"], "ok")
    assert line.outcomes == expected

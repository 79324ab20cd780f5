"""Resends: which oks belong to requests, and which lines OctoPrint sends again."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.acknowledgements import Acknowledgements
from octoprint_temp_eta.core.gcode.in_flight import Acknowledged, Unacknowledged
from octoprint_temp_eta.core.gcode.resend import NEXT_S, Resends
from tests.support.acknowledged_line import Line


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


def test_the_ok_of_a_request_may_come_after_the_next_command() -> None:
    line = Line().begin("1", "M118 n").receive("Resend: 7", "ok").repeat("M118 n").receive("n", "ok", "Resend: 8")
    line.begin("2", "M118 m").receive("ok", "m", "ok")
    assert line.outcomes == [Acknowledged("1", "n\nok\n"), Acknowledged("2", "m\nok\n")]


def test_a_request_after_an_accepted_line_repeats_no_older_one() -> None:
    resends = Resends()
    resends.accepted(4)
    assert resends.request("Resend: 5", first=5, next_number=6, at=100.0) == 0


def test_a_request_may_repeat_a_line_that_the_printer_has_acknowledged() -> None:
    assert Resends().request("Resend: 4", first=5, next_number=6, at=100.0) == 1


def test_a_request_without_a_number_may_also_repeat_an_older_line() -> None:
    assert Resends().request("rs", first=5, next_number=6, at=100.0) == 1


def test_lines_that_octoprint_sends_again_show_which_are_older() -> None:
    resends, sent = Resends(), [(4, "G1 X4"), (5, "G1 X5")]
    resends.request("Resend: 4", first=5, next_number=6, at=100.0)
    assert resends.takes("ok", 100.1)
    assert resends.sent_again("G1 X4", sent, 100.2) == 1
    assert resends.sent_again("G1 X5", sent, 100.3) == 1
    assert (resends.is_certain, resends.finished(sent)) == (True, 1)


def test_a_request_is_active_until_no_line_of_it_can_be_sent_any_more() -> None:
    resends = Resends()
    assert not resends.active(0.1)
    resends.request("Resend: 4", first=4, next_number=5, at=100.0)
    assert not resends.takes("echo:busy", 100.1)
    assert resends.active(100.0 + NEXT_S)
    assert not resends.active(100.1 + NEXT_S)

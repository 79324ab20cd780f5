"""Our commands in OctoPrint's queue, until they are acknowledged or fail."""

from __future__ import annotations

from octoprint_temp_eta.core.gcode.acknowledgements import Acknowledgements
from octoprint_temp_eta.core.gcode.in_flight import Acknowledged, Fence, Unacknowledged
from octoprint_temp_eta.core.gcode.submissions import SWALLOWED_S
from tests.support.acknowledged_line import Line


def test_a_command_that_a_plugin_makes_several_of_gets_all_replies() -> None:
    line = Line().submit("1", "G29", parts=2).send("1", "M420 S1").receive("echo:on", "ok")
    assert line.outcomes == []
    assert line.send("1", "M420 V").receive("mesh", "ok").outcomes == [Acknowledged("1", "echo:on\nok\nmesh\nok\n")]


def test_a_command_that_is_taken_out_of_the_queue_ends_in_bounded_time() -> None:
    line = Line().submit("1", "M117 x").wait(SWALLOWED_S)
    assert line.outcomes == []
    assert line.wait(0.1).outcomes == [Fence()]
    line.submit("ask", "M105", reply=False).send("ask", "M105")
    assert line.outcomes[1:] == [Unacknowledged("1", "another plugin removed it from OctoPrint's queue")]


def test_polls_of_the_temperatures_do_not_hide_that_a_command_is_taken_out() -> None:
    line = Line().submit("1", "M117 x")
    for _ in range(5):
        line.wait(SWALLOWED_S / 4).send(None, "M105").receive("ok T:20 /0")
    assert line.wait(0.1).outcomes == [Fence()]


def test_a_plugin_that_sleeps_in_a_queuing_hook_does_not_count_against_the_command() -> None:
    line = Line()
    line.acknowledgements.submit("1", "G28")
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


def test_a_firmware_that_acknowledges_first_has_no_other_reply_than_the_ok() -> None:
    line = Line(Acknowledgements(ok_first=True))
    line.begin("1", "M114").receive("ok 12").begin("2", "M119").receive("X:1.00 Y:2.00", "ok 13", "x_min: open")
    line.begin("3", "M118 a").send(None, "FOO", acknowledged=False).receive("ok 14", "a", "ok 15")
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("ok 16", "T:20 /0")
    replies = {outcome.key: outcome.text for outcome in line.outcomes if isinstance(outcome, Acknowledged)}
    assert replies == {"1": "ok 12\n", "2": "ok 13\n", "3": "ok 14\n", "ask": "ok 16\n"}


def test_the_reply_to_a_restored_mode_is_not_the_lines() -> None:
    line = Line().submit("1", "M114", parts=2).send("1", "G91").receive("ok").send("1", "M114").receive("X:1", "ok")
    assert line.outcomes == [Acknowledged("1", "X:1\nok\n")]


def test_a_lost_printer_ends_all() -> None:
    line = Line().begin("1", "G28").submit("2", "G29")
    assert line.acknowledgements.abandon("gone") == [Unacknowledged("1", "gone"), Unacknowledged("2", "gone")]
    assert line.receive("ok").outcomes == []

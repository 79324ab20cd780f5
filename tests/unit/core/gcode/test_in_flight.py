"""Which lines belong to the reply to a command."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.in_flight import Acknowledged, InFlight, given_up, reply_of
from tests.support.acknowledged_line import Line


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
        "SD print paused",
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


def sent(line: str, *lines: str) -> InFlight:
    return InFlight("1", line, 100.0, 100.0, 7, lines=list(lines))


def test_a_command_that_is_given_up_keeps_its_place_and_nothing_else() -> None:
    command = sent("G28", "echo:busy")
    left = given_up(command)
    assert (left.key, left.line, left.number, left.lines, left.optional) == (None, "G28", 7, [], True)
    assert command.lines == ["echo:busy"]


@pytest.mark.parametrize(
    ("line", "received", "reply"),
    [
        ("M114", [], []),
        ("M114", ["X:1", "wait", "echo:busy: processing", "T:20 /0", "ok"], ["X:1", "ok"]),
        ("M105", ["T:19 /0", "T:20 /0", "ok"], ["T:20 /0", "ok"]),
        ("M105", ["T:19 /0", "ok T:20 /0"], ["ok T:20 /0"]),
        ("M27", ["Not SD printing", "ok"], ["Not SD printing", "ok"]),
    ],
)
def test_a_kept_reply_loses_what_the_printer_sends_unasked(line: str, received: list[str], reply: list[str]) -> None:
    assert reply_of(sent(line), received) == reply

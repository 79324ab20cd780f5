"""Which lines of the printer acknowledge which command, and when it is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.core.gcode.acknowledgements import HURRY_S, MOST_FAKES, SILENCE_S, Acknowledgements
from octoprint_temp_eta.core.gcode.flight import LOST, MOST_LINES
from octoprint_temp_eta.core.gcode.in_flight import LINE_TIMEOUT_S, Acknowledged, FakeAck, Fence, Probe, Unacknowledged
from octoprint_temp_eta.core.gcode.submissions import SWALLOWED_S
from tests.support.acknowledged_line import Line


def test_a_suppressed_command_ends_at_once() -> None:
    line = Line().submit("1", "M0")
    assert line.acknowledgements.suppressed("1", "it is blocked") == [Unacknowledged("1", "it is blocked")]


def test_a_command_that_a_plugin_carries_out_is_done() -> None:
    line = Line().submit("1", "M80")
    assert line.acknowledgements.suppressed("1", None) == [Acknowledged("1", "")]


def test_what_octoprint_handles_itself_is_done_when_it_would_go_out() -> None:
    line = Line().submit("1", "@pause")
    assert line.acknowledgements.sending("1", "@pause", line.clock, acknowledged=False) == [Acknowledged("1", "")]


# Faults


def test_a_lost_ok_times_out_on_a_silent_printer() -> None:
    line = Line().begin("1", "G28")
    for _ in range(10):
        line.wait(SILENCE_S / 10).receive("T:20.0 /0.0")
    assert line.outcomes == []
    assert line.wait(1).outcomes == [Probe()]
    lost = Unacknowledged("1", "the printer did not acknowledge it within 3600 s")
    assert line.wait(LINE_TIMEOUT_S).outcomes[1:] == [lost, FakeAck()]


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


@pytest.mark.parametrize("command", ["M117 x", "M109 S200"])
def test_a_run_that_ends_asks_though_temperatures_arrive_for_the_ok_may_be_lost(command: str) -> None:
    """Firmware reports temperatures on its own (M155), and a heater may cool for a long time."""
    line = Line().begin("1", command)
    line.acknowledgements.hurry()
    for second in range(6):
        line.wait(HURRY_S / 5).receive(f"T:200.0 /200.0 B:{90 - second}.0 /0.0")
    assert line.outcomes == [Probe()]
    line.submit("ask", "M105", reply=False).send("ask", "M105").receive("ok T:200.0 /200.0 B:84.0 /0.0")
    assert Unacknowledged("1", LOST) in line.outcomes


POSITION = "X:10.00 Y:10.00 Z:5.00 E:0.00 Count X:800 Y:800 Z:2000"


def test_a_run_that_ends_asks_though_the_printer_reports_its_position() -> None:
    line = Line().begin("1", "G1 X10")
    line.acknowledgements.hurry()
    for _ in range(6):
        line.wait(HURRY_S / 5).receive(POSITION)
    assert line.outcomes == [Probe()]


def test_what_a_printer_sends_on_its_own_for_ever_keeps_no_line_waiting() -> None:
    line = Line().begin("1", "G1 X10")
    for _ in range(MOST_LINES):
        line.receive(POSITION).wait(2)
    assert line.outcomes == []
    for _ in range(round(SILENCE_S)):
        line.receive(POSITION).wait(2)
    assert line.outcomes == [Probe()]


@pytest.mark.parametrize(
    ("command", "sign"), [("G29", "echo:busy: processing"), ("M109 S200", "T:100 /200"), ("G29", "Bed X")]
)
def test_a_busy_printer_may_acknowledge_late(command: str, sign: str) -> None:
    line = Line().begin("1", command)
    for _ in range(20):
        line.wait(SILENCE_S - 1).receive(sign)
    assert line.outcomes == []


def test_a_dwell_may_last_for_its_own_duration() -> None:
    assert Line().begin("1", "G4 S1000").wait(SILENCE_S + 1000).outcomes == []


def test_a_forced_command_has_its_ok_after_the_one_that_it_breaks() -> None:
    line = Line().begin("1", "M109 S200")
    line.acknowledgements.force("M108", line.clock)
    line.receive("ok").submit("2", "G90").send("2", "G90")
    assert line.outcomes == [Acknowledged("1", "ok\n")]
    assert line.receive("ok").outcomes[1:] == []
    assert line.receive("ok").outcomes[1:] == [Acknowledged("2", "ok\n")]


def test_whether_the_printer_waits_for_a_temperature() -> None:
    line = Line().begin("1", "M190 S60")
    assert line.acknowledgements.heat_wait
    line.receive("ok")
    assert not line.acknowledgements.heat_wait


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


def blocked(*, hurries: bool) -> Line:
    """Return a line on which OctoPrint waits for the ok of a line that was sent before the run, and is lost."""
    line = Line()
    if hurries:
        line.acknowledgements.hurry()
    return line.submit("1", "G28").wait(SWALLOWED_S + 0.1).submit("ask", "M105", reply=False)


@pytest.mark.parametrize(("hurries", "silence"), [(True, HURRY_S), (False, SILENCE_S)])
def test_octoprint_goes_on_if_the_ok_of_a_line_before_the_first_one_is_lost(silence: float, *, hurries: bool) -> None:
    line = blocked(hurries=hurries)
    line.wait(silence)
    assert line.outcomes == [Fence()]
    line.wait(0.1)
    assert line.outcomes == [Fence(), FakeAck()]
    line.send("1", "G28").receive("ok").send("ask", "M105").receive("ok T:20 /0").wait(2)
    replies = [outcome for outcome in line.outcomes if isinstance(outcome, Acknowledged)]
    assert replies == [Acknowledged("1", "ok\n"), Acknowledged("ask", "ok T:20 /0\n")]


def test_a_printer_that_is_busy_is_waited_for_before_the_first_line() -> None:
    line = blocked(hurries=True)
    for _ in range(20):
        line.wait(HURRY_S / 2).receive("echo:busy: processing")
    assert line.outcomes == [Fence()]


def test_commands_that_octoprint_does_not_send_fail_in_bounded_time() -> None:
    line = blocked(hurries=True)
    for _ in range(MOST_FAKES + 1):
        line.wait(HURRY_S + 0.1)
    failed = [Unacknowledged(key, "OctoPrint does not send it") for key in ("1", "ask")]
    assert line.outcomes == [Fence(), *[FakeAck()] * MOST_FAKES, *failed]

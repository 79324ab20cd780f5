"""What is dropped at the end of a run, and what is not."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.line_tags import tags_of
from octoprint_temp_eta.bridge.protocol.script_effects import DropLines, HoldJobs, ReleaseJobs, SendLine
from octoprint_temp_eta.bridge.protocol.script_inputs import JobsHeld, LineSending, LineSuppressed, ScriptInput
from octoprint_temp_eta.core.gcode.targets import Asked
from tests.support.octoprint_printer import FakeOctoPrint, gcode_of


def sent(octoprint: FakeOctoPrint, line: str, key: str) -> list[ScriptInput]:
    """Have OctoPrint take `line` from its queue, and return what the bridge is told."""
    octoprint.published()
    result = octoprint.hooks.hook_sending(None, "sending", line, None, gcode_of(line), tags=tags_of(key))
    told = octoprint.published()
    assert (result == (None,)) is any(isinstance(each, LineSuppressed) for each in told)
    return told


def ending() -> FakeOctoPrint:
    """Return OctoPrint with a run that is ending."""
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"))
    octoprint.do(DropLines())
    return octoprint


@pytest.mark.parametrize("line", ["M109 S280", "START_PRINT"])
def test_what_the_script_has_queued_is_not_sent_any_more(line: str) -> None:
    assert sent(ending(), line, "r1.7") == [LineSuppressed("r1.7", "the run is ending")]


@pytest.mark.parametrize("line", ["G91", "M5", "M140 S0"])
def test_what_others_depend_on_is_sent(line: str) -> None:
    """Later lines would mean something else, or the spindle or a heater would stay on."""
    assert [type(each) for each in sent(ending(), line, "r1.7")] == [LineSending]


@pytest.mark.parametrize("key", ["r1.end", "r1.units", "r1.ask1", "r1.spindle"])
def test_the_lines_at_the_end_of_a_run_are_sent(key: str) -> None:
    assert [type(each) for each in sent(ending(), "M105", key)] == [LineSending]


def test_what_a_run_has_left_in_the_queue_is_not_sent_in_the_next_one() -> None:
    octoprint = ending()
    octoprint.do(ReleaseJobs(), HoldJobs("r2"))
    assert sent(octoprint, "M109 S280", "r1.7") == [LineSuppressed("r1.7", "the run is ending")]


def test_a_line_that_octoprint_has_not_been_given_yet_is_seen_by_no_other_plugin() -> None:
    octoprint = ending()
    assert octoprint.do(SendLine("r1.7", "M80")) == [LineSuppressed("r1.7", "the run is ending")]
    assert octoprint.printer.queued == []


def test_the_next_run_sends_its_lines_and_does_not_begin_with_what_was_dropped() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"))
    for line in ("M140 S60", "M109 S280"):
        octoprint.printer.queue(line, tags_of("r1.7"))
    octoprint.do(DropLines())
    sent(octoprint, "M109 S280", "r1.7")
    (held,) = octoprint.do(ReleaseJobs(), HoldJobs("r2"))
    assert isinstance(held, JobsHeld)
    assert held.targets == (Asked("bed", 60.0),)
    assert [type(each) for each in sent(octoprint, "M109 S280", "r2.1")] == [LineSending]


def test_a_line_that_is_dropped_before_octoprint_says_that_it_is_queued_is_no_target() -> None:
    """Its thread that sends may be faster than the one that queues."""
    octoprint = ending()
    sent(octoprint, "M104 S210", "r1.7")
    octoprint.printer.queue("M104 S210", tags_of("r1.7"))
    octoprint.published()
    (held,) = octoprint.do(ReleaseJobs(), HoldJobs("r2"))
    assert isinstance(held, JobsHeld)
    assert held.targets == ()

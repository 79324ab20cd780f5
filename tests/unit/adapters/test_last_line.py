"""The wait for the newest line of a run."""

from __future__ import annotations

import threading

import pytest

from octoprint_temp_eta.adapters.last_line import LastLine
from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from octoprint_temp_eta.bridge.protocol.script_effects import HoldJobs, ReleaseJobs, SendLine
from tests.support.octoprint_printer import FakeOctoPrint, pass_over


def test_nothing_is_waited_for_without_a_line() -> None:
    assert LastLine().wait(30.0)


def test_the_newest_line_counts() -> None:
    line = LastLine()
    line.submit("r1.1")
    line.submit("r1.end")
    for key in ("r1.1", None):
        line.sent(key)
        assert not line.wait(0.0)
    line.sent("r1.end")
    assert line.wait(30.0)


def test_a_line_that_is_dropped_is_waited_for_no_more() -> None:
    line = LastLine()
    line.submit("r1.1")
    line.drop()
    assert line.wait(30.0)


def test_a_line_before_the_last_one_that_goes_out_does_not_end_the_wait() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"), SendLine("r1.1", "G28"), SetTarget("tool0", 0), SendLine("r1.end", "G90"))
    octoprint.hooks.hook_sent(None, "sent", "G28", None, "G28", tags={"temp_eta:script:r1.1"})
    assert not octoprint.hooks.close(0.05)


def test_a_line_that_another_plugin_holds_up_is_not_sent() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"))
    go_on = threading.Event()
    octoprint.printer.set_temperature = lambda *_, **__: go_on.wait(30)  # type: ignore[assignment, method-assign]
    for effect in (SetTarget("chamber", 0), SendLine("r1.end", "G90")):
        octoprint.hooks.performers[type(effect)](effect)
    assert not octoprint.hooks.close(0.05)
    go_on.set()


def test_the_end_waits_for_the_last_line_to_go_out() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"))
    octoprint.do(SendLine("", "G90"))
    end = threading.Thread(target=octoprint.hooks.close, args=(30.0,))
    end.start()
    end.join(0.2)
    assert end.is_alive()
    octoprint.hooks.hook_sent(None, "sent", "G90", None, "G90", tags={"temp_eta:script:"})
    end.join(20.0)
    assert not end.is_alive()


@pytest.mark.parametrize("made", [["G90"], []], ids=["that does not go out", "that another plugin suppresses"])
def test_a_line_delays_the_stop_for_the_timeout_at_most(made: list[str]) -> None:
    octoprint = FakeOctoPrint()
    octoprint.printer.made["G90"] = made
    octoprint.do(HoldJobs("r1"))
    octoprint.do(SendLine("", "G90"))
    assert octoprint.hooks.close(0.05 if made else 30.0) is not bool(made)
    assert pass_over(octoprint, "G28", "G28") == []


def test_a_line_that_went_with_its_connection_is_waited_for_no_more() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"), SendLine("r1.1", "G28"), ReleaseJobs())
    end = threading.Thread(target=octoprint.hooks.close, args=(30.0,))
    end.start()
    end.join(20.0)
    assert not end.is_alive()

"""What waits for OctoPrint while the connection changes is not done on the new one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from octoprint_temp_eta.adapters import targets
from octoprint_temp_eta.adapters.printer_tasks import NEW_CONNECTION
from octoprint_temp_eta.bridge.protocol.effects import Effect, SetTarget
from octoprint_temp_eta.bridge.protocol.inputs import TargetSet
from octoprint_temp_eta.bridge.protocol.script_effects import BreakHeatWait, HoldJobs, ReleaseJobs, SendLine, SendLines
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSuppressed,
    PrinterGone,
    ScriptInput,
)
from tests.support.octoprint_printer import Connection, FakeOctoPrint

NOT_SET = f"OctoPrint did not set the target: {NEW_CONNECTION}."


class HeldUp:
    """An OctoPrint in which another plugin holds up the line M80."""

    def __init__(self) -> None:
        self.octoprint = FakeOctoPrint()
        self.first = Connection()
        self.receive(self.first)
        self._entered, self._go_on = threading.Event(), threading.Event()
        commands = self.octoprint.printer.commands

        def blocking(lines: list[str], tags: set[str], force: bool = False) -> None:
            if lines == ["M80"]:
                self._entered.set()
                assert self._go_on.wait(30)
            commands(lines, tags, force)

        self.octoprint.printer.commands = blocking  # type: ignore[method-assign]

    def receive(self, connection: Connection) -> None:
        self.octoprint.hooks.hook_received(connection, "ok\n")

    def put(self, *effects: Effect) -> None:
        """Let `effects` wait behind the line that is held up."""
        for effect in effects:
            self.octoprint.hooks.performers[type(effect)](effect)
        assert self._entered.wait(30)

    def go_on(self) -> list[ScriptInput | TargetSet]:
        self._go_on.set()
        return self.octoprint.do()


@pytest.fixture
def held_up() -> Iterator[HeldUp]:
    made = HeldUp()
    yield made
    made.go_on()


def test_nothing_that_waits_is_sent_on_a_new_connection(held_up: HeldUp) -> None:
    held_up.put(
        SendLines(("M80", "M104 S180")),
        SendLine("r1.1", "M104 S200"),
        SetTarget("tool0", 210, 1),
        SetTarget("bed", 60),
        BreakHeatWait(),
        HoldJobs("r2"),
    )
    new = Connection()
    held_up.receive(new)
    assert held_up.go_on() == [
        LineSuppressed("r1.1", NEW_CONNECTION),
        TargetSet(1, NOT_SET),
        JobsHeld("r2", NEW_CONNECTION),
    ]
    assert held_up.octoprint.printer.calls == [(["M80"], False)]
    assert held_up.octoprint.do(SetTarget("bed", 50, 2)) == [TargetSet(2)]


def test_a_heater_is_turned_off_on_whatever_connection_there_is(held_up: HeldUp) -> None:
    held_up.put(SendLines(("M80",)), SetTarget("tool0", 0, 1), SetTarget("bed", 0))
    held_up.receive(Connection())
    assert held_up.go_on() == [TargetSet(1)]
    assert held_up.octoprint.printer.calls == [(["M80"], False), ("tool0", 0), ("bed", 0)]


def test_a_new_connection_ends_a_run_though_octoprints_event_is_late() -> None:
    octoprint = FakeOctoPrint()
    octoprint.hooks.hook_received(Connection(), "ok\n")
    assert octoprint.do(HoldJobs("r1")) == [JobsHeld("r1", window=1)]
    new = Connection()
    octoprint.hooks.hook_received(new, "start\n")
    octoprint.hooks.hook_received(new, "ok\n")
    assert octoprint.do(SendLine("r1.1", "M104 S200"), ReleaseJobs()) == [
        PrinterGone("the printer was disconnected"),
        LineSuppressed("r1.1", NEW_CONNECTION),
    ]
    assert octoprint.printer.calls == [("hold", True), "ready?"]


def test_what_waits_is_sent_when_the_connection_is_still_the_same(held_up: HeldUp) -> None:
    held_up.put(SendLines(("M80", "M104 S180")), SetTarget("tool0", 210, 1))
    held_up.receive(held_up.first)
    assert held_up.go_on() == [TargetSet(1)]
    assert held_up.octoprint.printer.queued == ["M80", "M104 S180"]
    assert held_up.octoprint.printer.calls[-1] == ("tool0", 210)


def test_late_lines_of_the_old_connection_do_not_make_it_the_newest_one(held_up: HeldUp) -> None:
    held_up.receive(Connection())
    held_up.put(SendLines(("M80",)), SetTarget("tool0", 210, 1))
    held_up.receive(held_up.first)
    assert held_up.go_on() == [TargetSet(1)]


def test_a_target_whose_caller_got_no_reply_is_not_set(held_up: HeldUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "LATE_S", -1.0)
    held_up.put(SendLines(("M80",)), SetTarget("tool0", 210, 1), SetTarget("bed", 0, 2))
    refused, off = held_up.go_on()
    assert off == TargetSet(2)
    assert isinstance(refused, TargetSet)
    assert "busy for too long" in str(refused.refusal)
    assert held_up.octoprint.printer.calls == [(["M80"], False), ("bed", 0)]


def test_a_hold_that_comes_with_a_new_connection_is_a_refusal_and_let_go() -> None:
    octoprint = FakeOctoPrint()
    octoprint.hooks.hook_received(Connection(), "ok\n")

    def connects() -> bool:
        octoprint.hooks.hook_received(Connection(), "ok\n")
        return True

    octoprint.printer.is_ready = connects  # type: ignore[method-assign]
    octoprint.hooks.performers[HoldJobs](HoldJobs("r1"))
    octoprint.hooks.close(30.0)
    assert octoprint.published() == [JobsHeld("r1", NEW_CONNECTION)]
    assert octoprint.printer.calls == [("hold", True), ("hold", False)]


def test_a_hold_on_the_current_connection_is_let_go_whatever_is_known_about_the_run() -> None:
    octoprint = FakeOctoPrint()
    octoprint.hooks.hook_received(Connection(), "ok\n")
    octoprint.do(HoldJobs("r1"), ReleaseJobs())
    assert octoprint.printer.calls == [("hold", True), "ready?", ("hold", False)]


def test_the_first_line_of_a_connection_that_was_there_before_the_plugin_ends_no_run_and_keeps_no_hold() -> None:
    octoprint = FakeOctoPrint()
    octoprint.do(HoldJobs("r1"))
    before = Connection()
    octoprint.hooks.hook_received(before, "ok\n")
    octoprint.hooks.hook_received(before, "ok\n")
    assert octoprint.do(SendLine("r1.1", "G28")) == [
        LineReceived("ok\n"),
        LineReceived("ok\n"),
        LineQueued("r1.1", 1),
    ]
    octoprint.do(ReleaseJobs())
    assert octoprint.printer.calls == [("hold", True), "ready?", (["G28"], False), ("hold", False)]


def test_a_hold_that_has_gone_with_its_connection_is_not_let_go_again() -> None:
    octoprint = FakeOctoPrint()
    octoprint.hooks.hook_received(Connection(), "ok\n")
    octoprint.do(HoldJobs("r1"))
    octoprint.hooks.hook_received(Connection(), "ok\n")
    assert octoprint.hooks.holds_jobs
    octoprint.do(ReleaseJobs())
    assert octoprint.printer.calls == [("hold", True), "ready?"]
    # Else no file could be uploaded to the SD card any more.
    assert not octoprint.hooks.holds_jobs


@pytest.mark.parametrize("state", ["ready", "connected", "can_hold"])
def test_a_hold_that_is_refused_is_none(state: str) -> None:
    octoprint = FakeOctoPrint()
    setattr(octoprint.printer, state, False)
    [held] = octoprint.do(HoldJobs("r1"))
    assert isinstance(held, JobsHeld)
    assert held.refusal
    assert not octoprint.hooks.holds_jobs

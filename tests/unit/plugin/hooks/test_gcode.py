"""OctoPrint's hooks and events around scripts: which of them end a run, and why."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from octoprint.events import Events, all_events

from octoprint_temp_eta.bridge.protocol.inputs import Input
from octoprint_temp_eta.bridge.protocol.script_inputs import EmergencyParser, PrinterGone, StorageReported
from octoprint_temp_eta.bridge.scripts.reports import EVENTS
from octoprint_temp_eta.plugin.hooks.gcode import HOOKS, NO_TEXT, RESET_TAG, SILENT, ScriptHooks


class Printer:
    """Takes the place of the printer, and keeps which of its hooks was called with what."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []

    def reset_modes(self) -> None:
        self.calls.append(("reset_modes", None))

    def __getattr__(self, hook: str) -> Any:
        def call(_comm: object, *arguments: Any, **_: Any) -> str | None:
            self.calls.append((hook, arguments[-1]))
            return arguments[-1] if hook == "hook_received" else None

        return call


class App:
    """Takes the place of the app, and keeps the inputs."""

    def __init__(self) -> None:
        self.posted: list[Input] = []
        self.printer = Printer()

    def post(self, event: Input) -> None:
        self.posted.append(event)


@pytest.fixture
def hooks() -> ScriptHooks:
    hooks = ScriptHooks()
    hooks._app = App()  # type: ignore[assignment]
    return hooks


def posted(hooks: ScriptHooks) -> list[Input]:
    return hooks._app.posted  # type: ignore[union-attr, attr-defined, no-any-return]


def hook(hooks: ScriptHooks, name: str) -> Any:
    found = hooks.script_hooks()[name]
    return found[0] if isinstance(found, tuple) else found


KILLED = {"error": "kill() called", "reason": "firmware", "consequence": "emergency"}


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        (Events.DISCONNECTING, None, PrinterGone("the printer was disconnected")),
        (Events.DISCONNECTED, {}, PrinterGone("the connection to the printer failed", failed=True)),
        (Events.ERROR, KILLED, PrinterGone("the connection to the printer failed: kill() called", failed=True)),
        (
            Events.ERROR,
            KILLED | {"error": " "},
            PrinterGone(f"the connection to the printer failed: {NO_TEXT}", failed=True),
        ),
        (
            Events.ERROR,
            {"error": "See octoprint.log", "reason": "crash"},
            PrinterGone("the connection to the printer failed: See octoprint.log", failed=True),
        ),
        (
            Events.ERROR,
            {"error": "Too many timeouts, is it alive?", "reason": "timeout"},
            PrinterGone(f"the connection to the printer failed: Too many timeouts, is it alive?{SILENT}", failed=True),
        ),
        (Events.PRINTER_RESET, {}, PrinterGone("the firmware was reset", reset=True)),
    ],
)
def test_what_ends_a_run_and_why(
    hooks: ScriptHooks, event: str, payload: Mapping[str, Any] | None, expected: PrinterGone
) -> None:
    hooks.forward_event(event, payload)
    assert posted(hooks) == [expected]


def test_a_connection_that_somebody_closes_has_not_failed_but_a_later_one_may(hooks: ScriptHooks) -> None:
    for event in (Events.DISCONNECTING, Events.DISCONNECTED, Events.CONNECTING, Events.DISCONNECTED):
        hooks.forward_event(event, {})
    gone = [each for each in posted(hooks) if isinstance(each, PrinterGone)]
    assert [each.failed for each in gone] == [False, False, True]


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (Events.ERROR, {"error": "Cold extrusion prevented", "reason": "firmware"}),
        (Events.ERROR, None),
        (Events.CONNECTED, {}),
        (Events.PRINT_STARTED, {}),
    ],
)
def test_what_ends_no_run(hooks: ScriptHooks, event: str, payload: Mapping[str, Any] | None) -> None:
    hooks.forward_event(event, payload)
    assert posted(hooks) == []


def test_firmware_capabilities_are_reported_to_later_subscribers(hooks: ScriptHooks) -> None:
    app, hooks._app = hooks._app, None
    take = hook(hooks, "octoprint.comm.protocol.firmware.capabilities")
    take(None, "AUTOREPORT_TEMP", True, {})
    take(None, "EMERGENCY_PARSER", True, {})
    hooks._app = app
    hooks.post_emergency_parser()
    take(None, "EMERGENCY_PARSER", False, {})
    assert posted(hooks) == [EmergencyParser(True), EmergencyParser(False)]


def test_a_reset_is_known_before_octoprint_cancels_the_print(hooks: ScriptHooks) -> None:
    """OctoPrint fires its event after that."""
    queuing = hook(hooks, "octoprint.comm.protocol.gcode.queuing")
    queuing(None, "queuing", "M110 N0", None, "M110", tags={RESET_TAG})
    assert PrinterGone("the firmware was reset", reset=True) in posted(hooks)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_reaches_the_printer_and_passes_on_what_it_got(hooks: ScriptHooks, name: str) -> None:
    method, _ = HOOKS[name]
    received = method == "hook_received"
    assert hook(hooks, name)(None, "ok") == ("ok" if received else None)
    assert hooks._app.printer.calls == [(method, "ok")]  # type: ignore[union-attr]
    hooks._app = None
    assert hook(hooks, name)(None, "ok") == ("ok" if received else None)
    hooks.forward_event(Events.DISCONNECTED, None)


def test_our_events_are_known_to_octoprint(hooks: ScriptHooks) -> None:
    hooks.initialize()
    assert set(EVENTS.values()) <= set(all_events())


@pytest.mark.parametrize("running", [False, True])
def test_an_upload_to_the_sd_card_is_refused_while_a_script_runs(hooks: ScriptHooks, running: bool) -> None:
    """The printer would write the script's lines into the file."""
    hooks._app.printer.holds_jobs = running  # type: ignore[union-attr, misc]
    hooks._logger = logging.getLogger("test")
    calls: list[tuple[object, ...]] = []

    def note(*arguments: object) -> None:
        calls.append(arguments)

    result = hook(hooks, "octoprint.printer.sdcardupload")(
        object(), "a.gco", "/x/a.gcode", note, note, note, tags=set()
    )
    assert (result, calls) == (("a.gco", [("a.gco", "a.gco"), ("a.gco", "a.gco", 0.0)]) if running else (None, []))


def test_reports_of_the_storage_are_posted_but_not_each_second_that_nothing_is_printed(hooks: ScriptHooks) -> None:
    none, some = "Not SD printing", "SD printing byte 1/2"
    for line in (none, none, "ok", some, some, none, none):
        assert hook(hooks, "octoprint.comm.protocol.gcode.received")(None, line) == line
    assert posted(hooks) == [StorageReported(printing=each) for each in (False, True, True, False)]

"""The plugin class: what OctoPrint calls becomes an input of the bridge, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from frozendict import frozendict
from octoprint.events import Events

from octoprint_temp_eta.bridge.protocol.inputs import (
    Input,
    JobBoundary,
    PluginSwitched,
    Preset,
    Presets,
    PrinterChanged,
    Profile,
    Readings,
    Renamed,
    SettingsChanged,
)
from octoprint_temp_eta.plugin.plugin import TempETAPlugin

PROFILE = {"id": "_default", "name": "Default", "model": "Generic", "extruder": {"count": 1}}


class App:
    """Takes the place of the app, and keeps what it is received."""

    def __init__(self) -> None:
        self.posted: list[Input] = []
        self.reports: list[Mapping[str, tuple[Any, Any]]] = []
        self.printer = self
        self.stopped = False
        self.restored: list[str] = []

    def post(self, event: Input) -> None:
        self.posted.append(event)

    def reported(self, heaters: Mapping[str, tuple[Any, Any]]) -> None:
        self.reports.append(heaters)

    def stop(self) -> None:
        self.stopped = True

    def backup_restores(self) -> None:
        self.restored.append("begins")

    def backup_not_restored(self) -> None:
        self.restored.append("fails")


class Printer:
    """OctoPrint's printer."""

    def __init__(self) -> None:
        self.state, self.operational, self.printing, self.paused = "OPERATIONAL", True, False, False
        self.callbacks: list[object] = []

    def get_state_id(self) -> str:
        return self.state

    def is_operational(self) -> bool:
        return self.operational

    def is_printing(self) -> bool:
        return self.printing

    def is_paused(self) -> bool:
        return self.paused

    def unregister_callback(self, callback: object) -> None:
        self.callbacks.remove(callback)


class Settings:
    """OctoPrint's settings: ours by path, and the global ones."""

    def __init__(self, **everywhere: Any) -> None:
        self.everywhere = everywhere

    def global_get(self, path: list[str]) -> Any:
        return self.everywhere.get("_".join(path))


class Profiles:
    """OctoPrint's printer profiles."""

    def get_current_or_default(self) -> dict[str, Any]:
        return PROFILE


class Stage:
    """The plugin as OctoPrint has set it up."""

    def __init__(self, **everywhere: Any) -> None:
        self.app, self.printer = App(), Printer()
        plugin = self.plugin = TempETAPlugin()
        plugin._printer = self.printer
        plugin._printer_profile_manager = Profiles()
        plugin._settings = Settings(**everywhere)
        plugin._logger = logging.getLogger("test-plugin")
        plugin._app = self.app

    @property
    def received(self) -> list[Input]:
        """What was posted since the last look; scripts and the print job are left out, see their tests."""
        posted, self.app.posted = self.app.posted, []
        return [event for event in posted if not type(event).__module__.endswith(("script_inputs", "job_inputs"))]

    def changed(self, **changes: Any) -> PrinterChanged:
        known = {"state": "OPERATIONAL", "connected": True, "printing": False}
        return PrinterChanged(**{**known, **changes}, profile=Profile("_default", "Default", "Generic", extruders=1))


def test_a_reading_is_passed_on_as_it_came():
    stage = Stage()
    stage.plugin.on_printer_add_temperature(
        frozendict(
            {
                "time": 1795188600,
                "tool0": frozendict({"actual": 21.3, "target": 0.0}),
                "bed": {"actual": None, "target": 60},
                "W": {"actual": 3.0},
                "odd": 7,
            }
        )
    )
    assert stage.received == [Readings({"tool0": (21.3, 0.0), "bed": (None, 60), "W": (3.0, None)})]
    assert stage.app.reports == [{"tool0": (21.3, 0.0), "bed": (None, 60), "W": (3.0, None)}]


def test_what_octoprint_repeats_is_passed_on_as_that():
    stage = Stage()
    for line in ({"T0": (21.3, 0.0), "B": (22.0, 0.0)}, {"T0": (22.3, 0.0)}):
        stage.plugin.reported_names.hook(None, line)
    stage.plugin.on_printer_add_temperature(
        {"tool0": {"actual": 22.3, "target": 0.0}, "bed": {"actual": 22.0, "target": 0.0}}
    )
    stage.plugin.on_event("CurrentTemperatureUpdated", {"bed": {"actual": 21.0, "target": 60.0}})
    assert stage.received == [
        Readings({"tool0": (22.3, 0.0), "bed": (22.0, 0.0)}, frozenset(("bed",))),
        Readings({"bed": (21.0, 60.0)}),
    ]


def test_a_disconnect_is_an_empty_reading():
    stage = Stage()
    stage.plugin.on_printer_add_temperature({"time": 1795188600})
    assert stage.received == [Readings({})]


@pytest.mark.parametrize(
    "event",
    [Events.CONNECTED, Events.DISCONNECTED, Events.PRINTER_STATE_CHANGED, Events.PRINTER_PROFILE_MODIFIED],
)
def test_a_change_of_the_printer_is_reported_completely(event: str):
    stage = Stage()
    stage.plugin.on_event(event, {})
    assert stage.received == [stage.changed()]


def test_an_error_is_reported_even_if_octoprint_has_left_that_state():
    stage = Stage()
    stage.printer.operational, stage.printer.state = False, "OFFLINE"
    stage.plugin.on_event(Events.PRINTER_STATE_CHANGED, {"state_id": "ERROR", "state_string": "Error"})
    stage.plugin.on_event(Events.PRINTER_STATE_CHANGED, {"state_id": "OPERATIONAL"})
    states = [stage.changed(state=state, connected=False) for state in ("ERROR", "OFFLINE")]
    assert stage.received == states


def test_a_state_whose_event_is_late_is_reported_once():
    """Another plugin's event handler blocks all events; the state comes with OctoPrint's current data."""
    stage = Stage()
    stage.plugin.on_event(Events.PRINTER_STATE_CHANGED, {"state_id": "OPERATIONAL"})
    stage.printer.printing, stage.printer.state = True, "PRINTING"
    for _ in range(2):
        stage.plugin.on_printer_send_current_data({})
    assert stage.received == [stage.changed(), stage.changed(state="PRINTING", printing=True)]
    stage.plugin.on_event(Events.PRINTER_STATE_CHANGED, {"state_id": "PRINTING"})
    assert stage.received == [stage.changed(state="PRINTING", printing=True)]


@pytest.mark.parametrize(("printing", "paused"), [(True, False), (False, True)])
def test_a_paused_job_is_a_job(printing: bool, paused: bool):
    stage = Stage()
    stage.printer.printing, stage.printer.paused, stage.printer.state = printing, paused, "PAUSED"
    stage.plugin.on_event(Events.PRINTER_STATE_CHANGED, None)
    assert stage.received == [stage.changed(state="PAUSED", printing=True)]


def test_a_printer_that_is_gone_is_not_connected():
    stage = Stage()
    stage.printer.operational, stage.printer.state = False, "OFFLINE"
    stage.plugin.on_event(Events.DISCONNECTED, None)
    assert stage.received == [stage.changed(state="OFFLINE", connected=False)]


@pytest.mark.parametrize(
    "event", [Events.PRINT_STARTED, Events.PRINT_DONE, Events.PRINT_FAILED, Events.PRINT_CANCELLED]
)
def test_a_job_begins_or_ends(event: str):
    stage = Stage()
    stage.plugin.on_event(event, {})
    assert stage.received == [stage.changed(), JobBoundary()]


def test_an_event_with_temperatures_is_a_reading():
    stage = Stage()
    stage.plugin.on_event("CurrentTemperatureUpdated", {"bed": {"actual": 21.0, "target": 60.0}, 0: {"actual": 1.0}})
    stage.plugin.on_event("CurrentTemperatureUpdated", None)
    assert stage.received == [Readings({"bed": (21.0, 60.0)})]


def test_saved_settings_bring_presets_and_the_name():
    profiles = [
        {"name": "PLA", "extruder": 210, "bed": 60, "chamber": None},
        {"name": "odd", "extruder": "hot", "bed": float("nan")},
        {"extruder": 1},
        "none",
    ]
    stage = Stage(temperature_profiles=profiles, appearance_name="Ender", appearance_defaultLanguage="de")
    stage.plugin.on_event(Events.SETTINGS_UPDATED, {})
    presets, renamed = (event for event in stage.received if not isinstance(event, SettingsChanged))
    assert presets == Presets((Preset("PLA", 210.0, 60.0, 0.0), Preset("odd")))
    assert renamed == Renamed("Ender", "de")


@pytest.mark.parametrize("profiles", [None, []])
def test_without_presets_there_are_none(profiles: object):
    stage = Stage(temperature_profiles=profiles)
    stage.plugin.on_event(Events.SETTINGS_UPDATED, {})
    assert stage.received[0] == Presets(())


def test_other_events_are_of_no_interest():
    stage = Stage()
    for event in (Events.CLIENT_OPENED, Events.FILE_ADDED, Events.Z_CHANGE, "PluginSomething"):
        stage.plugin.on_event(event, {"x": 1})
    assert stage.received == []


def test_calls_before_the_start_do_nothing():
    stage = Stage()
    stage.plugin._app = None
    stage.plugin.on_printer_add_temperature({"bed": {"actual": 21.0, "target": 60.0}})
    for event in (Events.CONNECTED, Events.PRINT_STARTED, Events.SETTINGS_UPDATED, Events.DISCONNECTED):
        stage.plugin.on_event(event, {})
    stage.plugin.on_shutdown()
    assert stage.app.posted == []


def test_the_stop_ends_the_callbacks_and_publishes_offline():
    stage = Stage()
    stage.printer.callbacks.append(stage.plugin)
    stage.plugin.on_shutdown()
    assert stage.printer.callbacks == []
    assert stage.app.stopped


def test_a_backup_that_is_restored_is_not_overwritten():
    stage = Stage()
    stage.plugin.hook_before_restore()
    stage.plugin.hook_after_restore(error=True)
    stage.plugin.hook_before_restore()
    stage.plugin.hook_after_restore(error=False)
    assert stage.app.restored == ["begins", "fails", "begins"]


@pytest.mark.parametrize(("command", "enabled"), [("enable", True), ("disable", False), ("uninstall", False)])
def test_the_plugin_manager_switches_the_plugin(command: str, enabled: bool):
    stage = Stage()
    stage.plugin._identifier = "temp_eta"
    for plugin in ("temp_eta", "tracking"):
        stage.plugin.on_event(f"plugin_pluginmanager_{command}_plugin", {"id": plugin, "version": "1"})
    assert stage.received == [PluginSwitched(enabled)]

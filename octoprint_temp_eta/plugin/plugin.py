"""The plugin class: OctoPrint's mixins, each of which turns a call into an input of the bridge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import octoprint
import octoprint.plugin
from octoprint.events import Events

from ..adapters.installation import machine, optional
from ..adapters.installation.numpy_probe import numpy_problem
from ..adapters.problems import Problems
from ..app import App
from ..bridge.protocol.identity import Identity
from ..bridge.protocol.inputs import (
    JobBoundary,
    PluginSwitched,
    Preset,
    Presets,
    PrinterChanged,
    Profile,
    Readings,
    Renamed,
)
from ..core.estimation.samples import plausible
from ..core.printer_commands import FAILED
from .hooks.gcode import ScriptHooks
from .hooks.job import JobHooks
from .hooks.mqtt_helpers import MqttHelpers
from .hooks.reported_names import ReportedNames
from .web.address import web_address
from .web.pages import Pages
from .web.permissions import OwnPermissions
from .web.rest import Api

PRINTER_EVENTS = frozenset(
    (
        Events.CONNECTED,
        Events.DISCONNECTED,
        Events.PRINTER_STATE_CHANGED,
        Events.PRINTER_PROFILE_MODIFIED,
    )
)
JOB_EVENTS = frozenset((Events.PRINT_STARTED, Events.PRINT_DONE, Events.PRINT_FAILED, Events.PRINT_CANCELLED))

#: The events of OctoPrint's plugin manager, and whether the plugin still runs after the next start.
SWITCHED = {
    "plugin_pluginmanager_enable_plugin": True,
    "plugin_pluginmanager_disable_plugin": False,
    "plugin_pluginmanager_uninstall_plugin": False,
}
#: OctoPrint 1.11 has no such event; if a plugin fires it, its payload is a reading.
TEMPERATURE_EVENT = "CurrentTemperatureUpdated"


class TempETAPlugin(
    octoprint.plugin.StartupPlugin,
    octoprint.plugin.ShutdownPlugin,
    octoprint.plugin.EventHandlerPlugin,
    Api,
    Pages,
    OwnPermissions,
    ScriptHooks,
    JobHooks,
    MqttHelpers,
):
    """The plugin as OctoPrint sees it."""

    _app: App | None = None
    _numpy_problem: str | None = None
    #: The printer's state when it was posted last.
    _seen: tuple[str, bool, bool] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.reported_names = ReportedNames()
        self._problems = Problems(self.send_problems)

    # StartupPlugin and ShutdownPlugin

    def on_startup(self, host: str, port: int) -> None:
        """Start the bridge. The printer may be connected already."""
        del host
        self.prepare_settings()
        folder = Path(self._data_folder)
        self._numpy_problem = numpy_problem(folder, self._logger)
        self._app = App(
            self._identity(port),
            self.parsed_settings(),
            folder,
            self._logger,
            self._printer,
            self.send_to_pages,
            self._event_bus.fire,
            self._serial_setting,
            self._file_manager.file_exists,
            self._default_profile,
            self._problems,
            numpy_works=self._numpy_problem is None,
        )
        self._app.start()
        self._printer.register_callback(self)
        self.post_emergency_parser()
        self._post_printer()
        self._post_presets()
        self._post_readings(self._printer.get_current_temperatures())
        self.on_printer_send_current_data(self._printer.get_current_data())

    def on_after_startup(self) -> None:
        """Log that the plugin has started, and which packages are missing."""
        self._logger.info("Temperature ETA %s started", self._plugin_version)
        self._missing = optional.missing(self._numpy_problem)
        for sentence in self._missing:
            self._logger.warning("%s", sentence)
            self._problems.report(sentence, sentence)

    def on_shutdown(self) -> None:
        """Publish the offline message and stop."""
        if self._app is not None:
            self._printer.unregister_callback(self)
            self._app.stop()

    # Backup & Restore

    def hook_before_restore(self) -> None:
        """OctoPrint is about to restore a backup; its hook `octoprint.plugin.backup.before_restore`."""
        if self._app is not None:
            self._app.backup_restores()

    def hook_after_restore(self, error: bool = False, **_: Any) -> None:
        """OctoPrint has restored a backup, or has failed to; its hook `octoprint.plugin.backup.after_restore`."""
        if self._app is not None and error:
            self._app.backup_not_restored()

    # EventHandlerPlugin

    def on_event(self, event: str, payload: Mapping[str, Any] | None) -> None:
        """Turn the events that concern the bridge into inputs."""
        self.forward_event(event, payload)
        self.forward_job_event(event, payload)
        if event == Events.DISCONNECTED:
            self.reported_names.forget()
        if event in PRINTER_EVENTS:
            self._post_printer(_failed_state(payload))
        elif event in JOB_EVENTS:
            self._post_printer()
            self._post(JobBoundary())
        elif event == Events.SETTINGS_UPDATED:
            self._post_presets()
            self._post(Renamed(self._device_name(), self._language()))
        elif event in SWITCHED and payload and payload.get("id") == self._identifier:
            self._post(PluginSwitched(SWITCHED[event]))
        elif event == TEMPERATURE_EVENT and isinstance(payload, Mapping):
            self._post_readings(payload)

    # PrinterCallback

    def on_printer_add_temperature(self, data: Mapping[str, Any]) -> None:
        """Pass on a temperature reading, in which OctoPrint repeats what the printer's newest line does not have."""
        self._post_readings(data, self.reported_names.repeated)

    def on_printer_send_current_data(self, data: Mapping[str, Any]) -> None:
        """Pass on the job, and a state whose event is late: another plugin's handler may block all events."""
        super().on_printer_send_current_data(data)
        if self._app is not None and self._printer_state() != self._seen:
            self._post_printer()

    # Software Update

    def get_update_information(self) -> dict[str, dict[str, Any]]:
        """Return where newer versions are found: the releases of the repository."""
        url = self._plugin_info.url
        user, repository = url.split("/")[-2:]
        return {
            self._identifier: {
                "displayName": self._plugin_name,
                "displayVersion": self._plugin_version,
                "type": "github_release",
                "user": user,
                "repo": repository,
                "current": self._plugin_version,
                "pip": f"{url}/archive/{{target_version}}.zip",
            }
        }

    # Inputs of the bridge

    def _post(self, event: Any) -> None:
        if self._app is not None:
            self._app.post(event)

    def _post_readings(self, data: Mapping[str, Any], repeated: frozenset[str] = frozenset()) -> None:
        heaters = {
            name: (value.get("actual"), value.get("target"))
            for name, value in data.items()
            if isinstance(name, str) and isinstance(value, Mapping) and not self.reported_names.is_garbled(name)
        }
        if self._app is not None:
            self._app.printer.reported(heaters)
        self._post(Readings(heaters, repeated))

    def _post_printer(self, state: str | None = None) -> None:
        """Post the printer's state; `state` instead of OctoPrint's current one, which may be another one by now."""
        profile = self._printer_profile_manager.get_current_or_default()
        current, connected, printing = self._printer_state()
        self._post(PrinterChanged(state or current, connected, printing, _profile(profile)))
        # Afterwards: if two threads post at once, the newer state is posted again when the older one came last.
        self._seen = current, connected, printing

    def _printer_state(self) -> tuple[str, bool, bool]:
        """Return OctoPrint's current state, and whether the printer is connected and whether it prints."""
        printer = self._printer
        printing = printer.is_printing() or printer.is_paused()
        return str(printer.get_state_id()), bool(printer.is_operational()), bool(printing)

    def _serial_setting(self, key: str) -> Any:
        """Return a setting of the serial connection. In OctoPrint 2 it belongs to a bundled plugin."""
        connector = self._settings.global_get(["plugins", "serial_connector"])
        return self._settings.global_get(["plugins", "serial_connector", key] if connector else ["serial", key])

    def _post_presets(self) -> None:
        profiles = self._settings.global_get(["temperature", "profiles"]) or ()
        kinds = ("extruder", "bed", "chamber")
        self._post(
            Presets(
                tuple(
                    Preset(str(profile["name"]), *(plausible(profile.get(kind)) or 0.0 for kind in kinds))
                    for profile in profiles
                    if isinstance(profile, Mapping) and profile.get("name")
                )
            )
        )

    def _identity(self, port: int) -> Identity:
        return Identity(
            boot_id=machine.new_boot_id(),
            machine=machine.machine_hash(),
            host=machine.host_name(),
            device_name=self._device_name(),
            plugin_version=self._plugin_version,
            octoprint_version=octoprint.__version__,
            language=self._language(),
            url=web_address(self._discovery_settings(), port),
        )

    def _discovery_settings(self) -> Mapping[str, object]:
        """Return what is saved for OctoPrint's discovery plugin."""
        saved = self._settings.global_get(["plugins", "discovery"], merged=True)
        return saved if isinstance(saved, Mapping) else {}

    def _default_profile(self) -> str:
        return str(self._printer_profile_manager.get_default().get("id") or "_default")

    def _language(self) -> str:
        # "_default": each browser has its own
        language = str(self._settings.global_get(["appearance", "defaultLanguage"]) or "")
        return "en" if language in ("", "_default") else language

    def _device_name(self) -> str:
        return machine.device_name(self._appearance_name())


def _failed_state(payload: Mapping[str, Any] | None) -> str | None:
    """Return the state in an event if it is that of a failed connection, which OctoPrint leaves at once."""
    state = payload.get("state_id") if isinstance(payload, Mapping) else None
    return state if isinstance(state, str) and state in FAILED else None


def _profile(profile: Mapping[str, Any]) -> Profile:
    """Return OctoPrint's printer profile as the bridge uses it."""
    extruder = profile.get("extruder")
    extruder = extruder if isinstance(extruder, Mapping) else {}
    count, bed, chamber = extruder.get("count"), profile.get("heatedBed"), profile.get("heatedChamber")
    return Profile(
        id=str(profile.get("id") or ""),
        name=str(profile.get("name") or ""),
        model=str(profile.get("model") or ""),
        extruders=count if isinstance(count, int) else None,
        shared_nozzle=bool(extruder.get("sharedNozzle")),
        heated_bed=None if bed is None else bool(bed),
        heated_chamber=None if chamber is None else bool(chamber),
    )

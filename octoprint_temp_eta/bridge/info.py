"""The retained `info`: what this instance is, for clients and for other instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..core.clock import Now
from ..settings.table import Settings
from .broker.commands import Commands
from .outbox.outbox import Outbox
from .part import InputHandler, Part
from .printer.printer import Printer
from .protocol.effects import Effect
from .protocol.identity import Identity
from .protocol.inputs import PrinterChanged, Renamed, Started

SCHEMA_VERSION = 1


class Info(Part):
    """Publishes `info`, and holds the identity of this instance."""

    def __init__(
        self, outbox: Outbox, printer: Printer, commands: Commands, identity: Identity, settings: Settings
    ) -> None:
        self.identity = identity
        self._outbox = outbox
        self._printer = printer
        self._commands = commands
        self._settings = settings

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Started: self._changed, PrinterChanged: self._changed, Renamed: self._renamed}

    def publish_all(self, now: Now) -> None:
        """Publish `info`."""
        identity, profile, settings = self.identity, self._printer.profile, self._settings
        body = {
            "plugin_version": identity.plugin_version,
            "octoprint_version": identity.octoprint_version,
            "schema_version": SCHEMA_VERSION,
            "instance": settings.mqtt_custom_identifier,
            "boot_id": identity.boot_id,
            "machine": identity.machine,
            "host": identity.host,
            "device_name": identity.device_name,
            "printer_profile": {"id": profile.id, "name": profile.name, "model": profile.model} if profile else None,
            "discovery_prefix": settings.ha_discovery_prefix if settings.ha_discovery_enabled else None,
            "commands": self._commands.allowed,
        }
        self._outbox.publish_state("info", body, now)

    def _changed(self, _: Started | PrinterChanged, now: Now) -> list[Effect]:
        self.publish_all(now)
        return []

    def _renamed(self, event: Renamed, now: Now) -> list[Effect]:
        self.identity = replace(self.identity, device_name=event.device_name, language=event.language)
        self.publish_all(now)
        return []

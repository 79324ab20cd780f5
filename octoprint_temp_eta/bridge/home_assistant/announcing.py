"""Keeps the announcement to Home Assistant up to date, and handles its birth message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ha_discovery import Announced, Announcement, Form

from ...core.clock import Now
from ...home_assistant.device import FORMS, DeviceFacts, announcement
from ...home_assistant.entities.parts import HEARTBEAT_S, HEARTBEATS, Offer, Thermostat
from ...settings.table import Settings
from ..broker.commands import Commands
from ..broker.connection import Connection
from ..broker.former_bases import FormerBases, instance_of
from ..broker.states import State
from ..heaters.commands import highest_target
from ..heaters.forecasts import Forecasts
from ..heaters.heaters import Heaters
from ..info import Info
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..printer.printer import Printer
from ..protocol.effects import Effect, Log
from ..protocol.inputs import BrokerConnected, BrokerLost, MessageArrived, PluginSwitched, RemovalRequested, Started
from ..scripts.commands import may_start
from ..scripts.scripts import Scripts
from .discovery import ANNOUNCED, COALESCE_S, Discovery
from .elsewhere import ELSEWHERE, Elsewhere
from .fitting import Fitted, fit

#: The lowest maximum in °C of a heater that Home Assistant sets, in whole degrees; a lower one means: do not heat.
LOWEST_MAXIMUM = 1.0
#: A warning for the log.
NEW_DEVICE = (
    "The printer ID has changed, so Home Assistant has a new device for this printer. Choose it in automations with "
    "device triggers: those of the former device have no effect any more."
)
#: Seconds within which bridges respond to Home Assistant's birth message, at different times to spread the load.
BIRTH_SPREAD_S = 3.0


class HomeAssistant(Part):
    """Announces the printer's entities, and removes those that no longer exist."""

    def __init__(
        self,
        outbox: Outbox,
        printer: Printer,
        heaters: Heaters,
        forecasts: Forecasts,
        scripts: Scripts,
        commands: Commands,
        info: Info,
        connection: Connection,
        former_bases: FormerBases,
        settings: Settings,
        stored: Mapping[str, Any],
    ) -> None:
        self._outbox = outbox
        self._printer = printer
        self._heaters = heaters
        self._forecasts = forecasts
        self._scripts = scripts
        self._commands = commands
        self._info = info
        self._connection = connection
        self._settings = settings
        self._former_bases = former_bases
        self._elsewhere = Elsewhere(stored.get(ELSEWHERE))
        self._discovery = Discovery(outbox, _announced(stored), self._elsewhere, former_bases)
        self._announced_for: object = None
        #: Whether another machine may have been publishing on our topics at the last tick.
        self._disputed = False
        #: How often our states were published again by the last tick because somebody had set them back.
        self._repairs = 0
        #: Whether the plugin still runs after OctoPrint's next start.
        self._stays = True
        #: Why the announcement is not as the settings ask for.
        self._problem: str | None = None
        self._reported: str | None = None

    @property
    def online(self) -> bool:
        """Whether Home Assistant's birth message was received on this connection, and no will after it."""
        return self._discovery.online

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            Started: self._started,
            BrokerConnected: self._connected,
            BrokerLost: self._lost,
            MessageArrived: self._arrived,
            PluginSwitched: self._switched,
            RemovalRequested: self._remove,
        }

    @property
    def stored(self) -> Mapping[str, Any]:
        """What other brokers may still have."""
        return {ELSEWHERE: self._elsewhere.as_json}

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Apply changed settings; a new instance is a new device, on which device triggers do not work any more."""
        del now
        before, self._settings = self._settings.mqtt_custom_identifier, settings
        return self._warn_of_new_device(before)

    def _started(self, _: Started, __: Now) -> list[Effect]:
        base = self._former_bases.moved_from
        return [] if base is None else self._warn_of_new_device(instance_of(base))

    def _warn_of_new_device(self, before: str) -> list[Effect]:
        """Warn if the printer ID was `before`, and is another one now."""
        moved = before != self._settings.mqtt_custom_identifier and self._settings.ha_discovery_enabled
        return [Log(logging.WARNING, NEW_DEVICE)] if moved and self._discovery.has_announced else []

    def _switched(self, event: PluginSwitched, now: Now) -> list[Effect]:
        """Remove everything at once if the plugin was disabled or uninstalled: OctoPrint may restart soon."""
        self._stays = event.enabled
        if not event.enabled:
            self._discovery.want(self._wanted, now, delay=0.0)
        return self.tick(now)

    def _remove(self, _: RemovalRequested, now: Now) -> list[Effect]:
        self._discovery.clear(self._settings.ha_discovery_prefix, now)
        return self.tick(now)

    @property
    def _enabled(self) -> bool:
        return self._settings.ha_discovery_enabled and self._stays

    def _connected(self, broker: BrokerConnected, now: Now) -> list[Effect]:
        self._discovery.connected(broker.address, now)
        return []

    def _lost(self, _: BrokerLost, now: Now) -> list[Effect]:
        self._discovery.cleared.lost(now)
        return []

    def _arrived(self, message: MessageArrived, now: Now) -> list[Effect]:
        """Handle Home Assistant's birth or will; forget our device if another bridge uses our identity."""
        if self._connection.state is State.LEFT:
            return self._discovery.disown()
        self._discovery.arrived(message, now)
        if message.topic != self._settings.ha_status_topic:
            return []
        if message.payload.decode("utf-8", "replace") != self._settings.ha_birth_payload:
            return self._discovery.offline(now)
        self._discovery.online = True
        delay = int(self._info.identity.boot_id[:4], 16) / 0xFFFF * BIRTH_SPREAD_S
        self._discovery.announce(now, delay=max(delay, COALESCE_S))
        return []

    def tick(self, now: Now) -> list[Effect]:
        """Announce what has changed, and publish heartbeats.

        What is announced of our device is left alone while it may be another machine's. Once nobody else is heard, it
        is announced completely: the other one may have done so. So it is after somebody has set it back.
        """
        facts = self._facts
        if facts != self._announced_for:
            self._announced_for = facts
            self._discovery.want(self._wanted, now)
        before, self._disputed = self._disputed, self._connection.conflict.disputed(now)
        repairs, self._repairs = self._repairs, self._connection.repairs
        if (before and not self._disputed) or repairs != self._repairs:
            self._discovery.announce(now)
        if self._outbox.connected:
            self._outbox.republish(HEARTBEATS, HEARTBEAT_S, now)
        # At startup the scripts are found one by one: one that is not found yet is not removed.
        may_remove = self._scripts.known or not self._enabled
        yields = self._connection.conflict.yields(now)
        effects = self._discovery.tick(now, may_remove=may_remove, pauses=yields)
        # A plugin that was disabled has no next start at which it could finish the removal.
        self._connection.last_messages = () if self._enabled or yields else self._discovery.removal
        # with discovery off, it still has to be known when Home Assistant is there
        waits = self._discovery.remembers and not self._settings.ha_discovery_enabled
        status = (self._settings.ha_status_topic,) if waits else ()
        # With a kept session we subscribe with QoS 1: mosquitto then stops after 20 messages that are too large for us.
        device = self._discovery.cleared.topics if self._settings.mqtt_clean_start else ()
        self._connection.awaited = (*status, *device)
        return self._report() + effects

    @property
    def _facts(self) -> object:
        """What the announcement depends on; it is compared at each tick."""
        heaters, profile, packet_size = self._heaters, self._printer.profile, self._outbox.limits.maximum_packet_size
        names = (heaters.names, heaters.heated, heaters.sensors)
        offered = (self._forecasts.known, self._scripts.offered)
        return self._info.identity, self._settings, self._stays, profile, packet_size, names, offered

    def _wanted(self) -> Announcement | None:
        """Return the announcement as of now."""
        fitted = self._announcement() if self._enabled else Fitted(None)
        self._problem = fitted.problem
        return fitted.announcement

    def _report(self) -> list[Effect]:
        """Log a new problem of the announcement."""
        before, self._reported = self._reported, self._problem
        return [Log(logging.WARNING, self._problem)] if self._problem and self._problem != before else []

    def _offer(self, settings: Settings) -> Offer:
        heaters = tuple(self._heaters.names)
        return Offer(
            heaters=heaters,
            sensors=tuple(self._heaters.sensors),
            presets=self._forecasts.names,
            scripts=tuple(each for each in self._scripts.offered if may_start(each[0], settings)),
            commands=frozenset(self._commands.allowed),
            highest_targets=self._highest_targets(settings),
            thermostats=self._thermostats(settings),
        )

    def _thermostats(self, settings: Settings) -> tuple[Thermostat, ...]:
        """Return each settable heater with the presets that heat it, if the settings ask for thermostats."""
        if not settings.ha_climate:
            return ()
        return tuple(
            Thermostat(
                heater,
                most,
                tuple(
                    (preset.name, preset.target(heater))
                    for preset in self._forecasts.known
                    if 0 < preset.target(heater) <= most
                ),
            )
            for heater, most in self._highest_targets(settings)
        )

    def _highest_targets(self, settings: Settings) -> tuple[tuple[str, float], ...]:
        """Return the highest target of each settable heater, without those that may not be heated."""
        highest = ((heater, highest_target(heater, settings)) for heater in self._heaters.settable)
        return tuple((heater, most) for heater, most in highest if most >= LOWEST_MAXIMUM)

    def _announcement(self) -> Fitted:
        identity, settings, profile = self._info.identity, self._settings, self._printer.profile
        facts = DeviceFacts(
            instance=settings.mqtt_custom_identifier,
            name=identity.device_name,
            model=profile.model if profile else "",
            plugin_version=identity.plugin_version,
            octoprint_version=identity.octoprint_version,
            language=identity.language,
            url=identity.url,
            area=settings.ha_suggested_area,
        )
        form = FORMS[settings.ha_discovery_mode]
        wanted = announcement(
            facts,
            self._outbox.topics,
            self._offer(settings),
            prefix=settings.ha_discovery_prefix,
            form=form,
            older_server=form is Form.SINGLE,
        )
        return fit(wanted, self._outbox.limits)


def _announced(stored: Mapping[str, Any]) -> Announced:
    """Return what was announced before the restart; nothing if the record is damaged."""
    try:
        return Announced.from_json(stored[ANNOUNCED])
    except (KeyError, ValueError):
        return Announced()

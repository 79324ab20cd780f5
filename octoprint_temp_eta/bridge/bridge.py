"""The bridge: inputs go in, effects come out. It waits for nothing, and does nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..core.clock import Now
from ..messages import encode
from ..messages.decode import Command
from ..messages.topics import LEVEL, Topics
from ..settings.table import Settings
from .broker.commands import Commands
from .broker.identity_conflict import Clash
from .broker.log_throttle import Complaints
from .broker.outbox import Outbox, offline_message
from .broker.read_back import ReadBack
from .broker.read_back import explain as nothing_arrives
from .broker.ui_feed import Pages
from .diagnostics import Diagnostics
from .heaters.commands import Handlers
from .heaters.forecasts import Forecasts
from .heaters.heaters import Heaters
from .heaters.store import LEARNED, Memory
from .home_assistant.announcing import HomeAssistant
from .protocol.effects import Connect, Disconnect, Effect, Reply, Save, Subscribe
from .protocol.identity import Identity
from .protocol.inputs import (
    ApiCommand,
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    Delivered,
    Input,
    JobBoundary,
    Learned,
    MessageArrived,
    Presets,
    PrinterChanged,
    Readings,
    Renamed,
    SettingsChanged,
    Started,
    Stopping,
    TargetSet,
    Tick,
)
from .scripts.scripts import Scripts
from .scripts.store import STORED

SCHEMA_VERSION = 1
#: The files in which the heaters' names are kept, and the topics that are still to be cleared.
HEATERS, LEFT_BEHIND = "heaters", "left_behind"
#: The same for heaters that the printer profile does not have but that were given a target, and for the sensors.
HEATED, SENSORS = "heated", "sensors"


class Bridge:
    """Everything that the plugin decides."""

    def __init__(self, identity: Identity, settings: Settings, remembered: Mapping[str, Any], now: Now) -> None:
        self._identity = identity
        self._settings = settings
        self._pages = Pages()
        left_behind = _remembered_topics(remembered.get(LEFT_BEHIND))
        self._outbox = Outbox(
            _topics(settings), identity.boot_id, self._pages.tell, show=self._pages.show, left_behind=left_behind
        )
        self._memory = Memory(remembered.get(LEARNED))
        self._heaters = Heaters(
            self._outbox,
            self._memory,
            settings,
            remembered.get(HEATERS),
            heated=remembered.get(HEATED),
            sensors=remembered.get(SENSORS),
        )
        self._remembered = self._to_remember
        self._forecasts = Forecasts(self._outbox, self._heaters)
        handlers = Handlers(self._outbox, self._heaters, self._memory)
        self._scripts = Scripts(
            self._outbox, self._heaters, settings, identity.boot_id, remembered.get(STORED), self._reply
        )
        self._commands = Commands(self._outbox, settings, {**handlers.table, **self._scripts.commands})
        self._home_assistant = HomeAssistant(
            self._outbox, self._heaters, self._forecasts, self._scripts, self._commands, remembered
        )
        self._diagnostics = Diagnostics(now)
        self._clash = Clash()
        self._read_back = ReadBack()
        self._complaints = Complaints(self._pages)
        self._handlers: Mapping[type, Callable[[Any, Now], list[Effect] | None]] = {
            **self._scripts.inputs,
            Started: self._started,
            Stopping: self._stopping,
            Tick: self._tick,
            SettingsChanged: self._settings_changed,
            Readings: self._heaters.read,
            PrinterChanged: self._printer_changed,
            Renamed: self._renamed,
            TargetSet: handlers.target_set,
            JobBoundary: self._heaters.job_boundary,
            Presets: self._forecasts.presets,
            Learned: self._learned,
            BrokerConnected: self._broker_connected,
            BrokerLost: self._broker_lost,
            BrokerRefused: self._broker_refused,
            Delivered: self._outbox.delivered,
            MessageArrived: self._message_arrived,
            ApiCommand: self._commands.called,
        }

    def handle(self, event: Input, now: Now) -> list[Effect]:
        """Take in what happened at `now`, and return what is to be done, in order."""
        effects: list[Effect] = []
        for effect in self._handlers[type(event)](event, now) or []:
            effects += self._reply(effect.command, dict(effect.body), now) if isinstance(effect, Reply) else [effect]
        messages = list(self._outbox.drain(now))
        effects = [*effects, *self._report_too_large()]
        return [*effects, *self._pages.drain(), *messages]

    def snapshot(self, now: Now) -> dict[str, Any]:
        """Return the present state as REST shows it.

        `eta` by heater, `printer`, `mqtt`, `scripts` and `script`, and the `script_settings` by script.
        """
        bodies = self._heaters.bodies(now)
        mqtt = {
            "enabled": self._connects,
            "connected": self._outbox.connected,
            "broker": self._diagnostics.broker(),
            "last_error": self._diagnostics.last_error,
            "base_topic": self._outbox.topics.base,
        }
        return {
            "eta": bodies["heaters"],
            "printer": bodies["printer"],
            "mqtt": mqtt,
            **self._scripts.snapshot(now),
        }

    @property
    def _connects(self) -> bool:
        return self._settings.mqtt_enabled and bool(self._settings.mqtt_broker_host)

    # The connection

    def _started(self, _: Started, now: Now) -> list[Effect]:
        self._outbox.publish_state("status", "online", now)
        self._tell_info(now)
        return [self._connect()] if self._connects else []

    def _stopping(self, _: Stopping, now: Now) -> list[Effect]:
        return [*self._scripts.shut_down(now), *self._outbox.drain(now), Disconnect((offline_message(self._outbox),))]

    def _broker_connected(self, event: BrokerConnected, now: Now) -> list[Effect]:
        self._diagnostics.connected(event, now)
        self._tell_everything(now)
        self._outbox.limits.connected(event)
        self._outbox.connect(event.link, now)
        self._read_back.connected(now)
        self._home_assistant.connected(now)
        return self._complaints.connected(f"Connected to {event.host}:{event.port} with MQTT {event.protocol}", now)

    def _broker_lost(self, event: BrokerLost, now: Now) -> list[Effect]:
        if self._outbox.link is not None and event.link < self._outbox.link:
            return []  # a try that was given up for a connection that has been made meanwhile
        self._outbox.lost(now)
        return self._lost(event.reason, now)

    def _lost(self, reason: str, now: Now) -> list[Effect]:
        self._outbox.disconnect()
        self._read_back.ended()
        self._diagnostics.lost()
        self._diagnostics.last_error = reason
        return self._complaints.lost(reason, now)

    def _broker_refused(self, event: BrokerRefused, now: Now) -> list[Effect]:
        del now
        topics, consequence = self._outbox.topics, ""
        if event.topic == topics.commands:
            consequence = " Commands will not arrive."
        elif event.topic == self._settings.ha_status_topic:
            consequence = " The bridge does not notice when Home Assistant starts."
        return self._report(f"{event.reason}{consequence}")

    def _report(self, problem: str) -> list[Effect]:
        """Report what does not work on a connection that goes on."""
        self._diagnostics.last_error = problem
        return self._complaints.refused(problem)

    def _report_too_large(self) -> list[Effect]:
        return [effect for each in self._outbox.limits.take_reports() for effect in self._report(str(each))]

    def _subscriptions(self) -> tuple[str, ...]:
        settings, topics = self._settings, self._outbox.topics
        status = (settings.ha_status_topic,) if settings.ha_discovery_enabled else ()
        return (topics.commands, *status, topics.of("info"))

    def _connect(self) -> Connect:
        settings = self._settings
        return Connect(
            host=settings.mqtt_broker_host,
            port=settings.mqtt_broker_port,
            client_id=f"temp_eta_{settings.mqtt_custom_identifier}",
            will=offline_message(self._outbox),
            subscriptions=self._subscriptions(),
            username=settings.mqtt_username,
            password=settings.mqtt_password,
            tls=settings.mqtt_use_tls,
            tls_insecure=settings.mqtt_tls_insecure,
            keepalive=settings.mqtt_keepalive,
        )

    def _settings_changed(self, event: SettingsChanged, now: Now) -> list[Effect]:
        before, connection, status_topic = self._connects, self._connect(), self._settings.ha_status_topic
        good_bye, topics = [offline_message(self._outbox)], _topics(event.settings)
        if topics != self._outbox.topics:
            good_bye = self._outbox.move(topics, clear=not self._clash.left)
        self._settings = self._commands.settings = event.settings
        self._heaters.configure(event.settings, now)
        self._scripts.configure(event.settings, now)
        self._outbox.publish_state("status", "online", now)
        self._tell_everything(now)
        after = self._connect()
        same = replace(connection, subscriptions=after.subscriptions) == after
        same = same and status_topic == event.settings.ha_status_topic
        if (before, same) == (self._connects, True) and self._clash.text is None:
            return [] if connection == after or not self._connects else [Subscribe(after.subscriptions)]
        self._clash.forget()
        self._read_back.ended()
        self._outbox.disconnect()
        self._outbox.limits.forget()
        self._diagnostics.lost()
        self._complaints.forget()
        leave = Disconnect(tuple(good_bye))
        return [leave, self._connect()] if self._connects else [leave]

    def _info_arrived(self, message: MessageArrived) -> list[Effect]:
        """Our own `info` comes back; that of somebody else with our identity is a clash."""
        if self._identity.boot_id.encode() in message.payload:
            self._read_back.arrived()
        leaves = self._clash.arrived(message.payload, self._identity)
        if self._clash.text is None:
            return []
        effects = self._complaints.refused(self._clash.text)
        if leaves:
            self._outbox.disconnect()
            self._read_back.ended()
            self._diagnostics.lost()
            self._diagnostics.last_error = self._clash.text
            effects += [*self._home_assistant.disown(), Disconnect()]
        return effects

    def _printer_changed(self, event: PrinterChanged, now: Now) -> list[Effect]:
        self._heaters.printer_changed(event, now)
        self._tell_info(now)
        return self._scripts.inputs[PrinterChanged](event, now)

    def _renamed(self, event: Renamed, now: Now) -> None:
        self._identity = replace(self._identity, device_name=event.device_name)
        self._tell_info(now)

    def _learned(self, event: Learned, now: Now) -> list[Effect]:
        self._forecasts.look_again(now)
        return self._memory.learn(event)

    # Time

    def _tick(self, tick: Tick, now: Now) -> list[Effect]:
        self._heaters.tick(now)
        self._forecasts.tick(now)
        effects = self._remember()
        if self._read_back.tick(now):
            effects += self._report(nothing_arrives(self._outbox.topics.base))
        if self._outbox.connected and self._diagnostics.tick(tick, now):
            self._outbox.publish_state(
                "diagnostics",
                self._diagnostics.body(self._outbox, self._commands, self._heaters, self._clash, now),
                now,
            )
        effects += [*self._commands.tick(now), *self._scripts.tick(now)]
        effects += self._home_assistant.tick(self._identity, self._settings, now)
        if self._outbox.stuck(now):
            effects += [*self._lost("The broker has stopped acknowledging: connecting anew", now), self._connect()]
        return effects

    # What is told

    def _tell_everything(self, now: Now) -> None:
        self._tell_info(now)
        self._heaters.tell(now, all_of_it=True)
        self._forecasts.tell(now)
        self._scripts.publish_all(now)

    def _tell_info(self, now: Now) -> None:
        identity, profile = self._identity, self._heaters.profile
        body = {
            "plugin_version": identity.plugin_version,
            "octoprint_version": identity.octoprint_version,
            "schema_version": SCHEMA_VERSION,
            "instance": self._settings.mqtt_custom_identifier,
            "boot_id": identity.boot_id,
            "machine": identity.machine,
            "host": identity.host,
            "device_name": identity.device_name,
            "printer_profile": {"id": profile.id, "name": profile.name, "model": profile.model} if profile else None,
            "discovery_prefix": self._settings.ha_discovery_prefix if self._settings.ha_discovery_enabled else None,
            "commands": self._commands.allowed,
        }
        self._outbox.publish_state("info", body, now)

    @property
    def _to_remember(self) -> Mapping[str, list[str]]:
        """What the next start has to know: heaters, else a printer that is off has lost them; and what to clear."""
        return {
            HEATERS: self._heaters.names,
            HEATED: self._heaters.heated,
            SENSORS: self._heaters.sensors,
            LEFT_BEHIND: self._outbox.to_clear,
        }

    def _remember(self) -> list[Effect]:
        before, self._remembered = self._remembered, self._to_remember
        return [Save(name, value) for name, value in self._remembered.items() if value != before[name]]

    # Commands

    def _reply(self, command: Command, body: encode.Payload, now: Now) -> list[Effect]:
        return self._commands.reply(command, body, now)

    def _message_arrived(self, message: MessageArrived, now: Now) -> list[Effect]:
        settings = self._settings
        if message.topic == self._outbox.topics.of("info"):
            return self._info_arrived(message)
        if message.topic == settings.ha_status_topic:
            self._home_assistant.arrived(message, settings, self._identity, now)
            return []
        name = self._outbox.topics.command(message.topic)
        return [] if name is None else self._commands.arrived(message, name, now)


def _remembered_topics(remembered: object) -> list[str]:
    """Return the topics that were remembered; a damaged memory is none."""
    texts = [text for text in remembered if isinstance(text, str)] if isinstance(remembered, list) else []
    return [text for text in texts if all(map(LEVEL.fullmatch, text.split("/")))]


def _topics(settings: Settings) -> Topics:
    return Topics(f"{settings.mqtt_base_topic}/{settings.mqtt_custom_identifier}")

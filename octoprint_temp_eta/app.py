"""The composition root: creates and connects all parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .adapters.actions import Actions, DefaultProfile, HasFile
from .adapters.broker_search import BrokerSearch
from .adapters.files import Files
from .adapters.free_memory import return_free_memory
from .adapters.learner import Learner
from .adapters.leftovers import Leftovers
from .adapters.plugin_callbacks import PluginCallbacks
from .adapters.printer import Printer
from .adapters.printer_stop import PrinterStop
from .adapters.problems import Problems
from .adapters.scripts.scripts import Scripts
from .adapters.serial_settings import SerialSetting
from .adapters.threads.inbox import now
from .adapters.threads.pending_replies import PendingReplies
from .adapters.threads.tasks import Tasks
from .adapters.threads.worker import Performer, Worker
from .bridge.bridge import Bridge
from .bridge.broker.connect_settings import topics_of
from .bridge.protocol.connection_test import ConnectionTestDone, ConnectionTestRequested
from .bridge.protocol.effects import (
    Connect,
    ConnectionTest,
    Disconnect,
    Learn,
    Log,
    Page,
    Publish,
    RestReply,
    Save,
    Subscribe,
)
from .bridge.protocol.identity import Identity
from .bridge.protocol.inputs import (
    ApiCommand,
    BrokerConnected,
    BrokerLost,
    Input,
    MessageArrived,
    PluginPublish,
    PluginSubscriptions,
    SettingsChanged,
)
from .bridge.protocol.script_effects import AwaitLines, FireEvent
from .core.topic_filter import reaches_below
from .messages import stored
from .messages.decode import Command, ReplyTo
from .settings.table import Settings

#: Seconds that OctoPrint's shutdown waits for the worker, the broker and the disk, one after the other. The
#: printer comes after the worker, see `printer_stop`.
WORKER_STOP_S, BROKER_STOP_S, SAVE_STOP_S = 0.5, 1.2, 3.0

NO_PAHO = "paho-mqtt is not installed in OctoPrint's environment: there is no MQTT"

#: Sends a message to the open OctoPrint pages.
SendToPages = Callable[[Mapping[str, Any]], None]
#: Fires an event of this name, with this payload, on OctoPrint's event bus.
FireEvents = Callable[[str, Mapping[str, Any]], None]


class App:
    """All parts of the plugin, connected."""

    def __init__(
        self,
        identity: Identity,
        settings: Settings,
        folder: Path,
        logger: logging.Logger,
        printer: Any,
        send_to_pages: SendToPages,
        fire_event: FireEvents,
        serial_setting: SerialSetting,
        has_file: HasFile,
        default_profile: DefaultProfile,
        problems: Problems,
        *,
        numpy_works: bool = True,
    ) -> None:
        self._background = Tasks("temp_eta-background", logger, at_rest=return_free_memory)
        self._background.start()
        self._files = Files(folder, self._background, logger, stored.problem, problems)
        bridge = Bridge(identity, settings, self._files.load(), now())
        self._settings = settings
        #: Whether there is a connection to the broker.
        self._connected = False
        self._callbacks = PluginCallbacks(logger)
        self._mqtt, self._connection_tests = _mqtt(self._from_broker)
        self.broker_search = BrokerSearch(send_to_pages)
        self.leftovers = Leftovers(send_to_pages)
        self._pending_replies = PendingReplies()
        self._scripts = Scripts(self.post, logger)
        self.printer = Printer(printer, serial_setting, self.post, logger)
        self._printer_stop = PrinterStop(self.printer, self._files.save)
        self._actions = Actions(printer, has_file, default_profile, self.post, logger)
        learner = Learner(self.post, self._background, logger, numpy_works=numpy_works)
        performers: Mapping[type, Performer] = {
            Learn: learner.learn,
            Page: lambda effect: send_to_pages(effect.message),
            Log: lambda effect: logger.log(effect.level, effect.text),
            FireEvent: lambda effect: fire_event(effect.name, dict(effect.payload)),
            **self._performers,
        }
        self._worker = Worker(bridge, performers, logger)

    @property
    def _performers(self) -> Mapping[type, Performer]:
        """The effects that the adapters perform."""
        return {
            Publish: self._mqtt.publish,
            Connect: self._mqtt.connect,
            ConnectionTest: self._connection_tests.start,
            Disconnect: self._disconnect,
            Subscribe: self._mqtt.subscribe,
            Save: self._files.save,
            RestReply: self._pending_replies.give,
            AwaitLines: self._printer_stop.put,
            **self._scripts.performers,
            **self.printer.performers,
            **self._actions.performers,
        }

    @property
    def snapshot(self) -> Mapping[str, Any]:
        """The current state as REST shows it, see `Bridge.snapshot`; waits for the worker, normally milliseconds."""
        return self._worker.snapshot

    def start(self) -> None:
        """Start the threads."""
        self._scripts.start()
        self.printer.start()
        self._actions.start()
        self._worker.start()

    def post(self, event: Input) -> None:
        """Post an input to the bridge; from any thread, without waiting."""
        self._worker.post(event)
        if isinstance(event, SettingsChanged):
            self._settings = event.settings

    def _from_broker(self, event: Input) -> None:
        """Post what the connection reports."""
        if isinstance(event, BrokerConnected | BrokerLost):
            self._connected = isinstance(event, BrokerConnected)
        if not (isinstance(event, MessageArrived) and self._is_only_for_plugins(event)):
            self.post(event)

    def _disconnect(self, effect: Disconnect) -> None:
        self._connected = False
        self._mqtt.disconnect(effect)

    def _is_only_for_plugins(self, message: MessageArrived) -> bool:
        """Pass a message to the callbacks of plugins; return whether only plugins have subscribed to it."""
        if self._is_ours(message.topic):
            return False
        return self._callbacks.dispatch(message) and message.topic != self._settings.ha_status_topic

    def _is_ours(self, topic: str) -> bool:
        return topics_of(self._settings).hold(topic)

    def publish_for_plugin(self, message: PluginPublish) -> bool:
        """Publish a message of another plugin; return whether it was accepted."""
        if self._is_ours(message.topic) or not (self._connected or message.queue):
            return False
        return self._worker.offer(message)

    def subscribe_for_plugin(
        self, topic: str, callback: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> str | None:
        """Call `callback` for messages on `topic`; return why not, None if it is called."""
        if reaches_below(topic, topics_of(self._settings).base):
            # Some brokers deliver a message once per subscription: commands would be executed twice.
            return "it matches topics of this plugin"
        if not self._callbacks.subscribe(topic, callback, args, kwargs):
            return "there are too many subscriptions of plugins"
        self._subscribe_for_plugins()
        return None

    def unsubscribe_for_plugin(self, callback: Callable[..., Any], topic: str | None) -> None:
        """Call `callback` no more."""
        self._callbacks.unsubscribe(callback, topic)
        self._subscribe_for_plugins()

    def _subscribe_for_plugins(self) -> None:
        self.post(PluginSubscriptions(self._callbacks.filters))

    def ask(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Execute a command and return the reply; waits for it. Raises `NoReply`."""
        return self._pending_replies.ask(lambda ticket: self.post(ApiCommand(name, body, ticket)))

    def test_connection(
        self, command: Command, settings: Settings, other_plugins: tuple[str, ...]
    ) -> Mapping[str, Any]:
        """Start a test of the connection and return the first reply; waits for it. Raises `NoReply`."""
        return self._pending_replies.ask(
            lambda ticket: self.post(
                ConnectionTestRequested(replace(command, reply_to=ReplyTo(ticket=ticket)), settings, other_plugins)
            )
        )

    def backup_restores(self) -> None:
        """Leave the data folder to OctoPrint, which replaces it by that of a backup, until the restart."""
        self._files.backup_restores()

    def backup_not_restored(self) -> None:
        """Use the data folder again: OctoPrint could not restore the backup."""
        self._files.backup_not_restored()

    def stop(self) -> None:
        """Publish the offline message and stop; takes bounded time even if the broker or the disk hangs."""
        self._pending_replies.close()
        self._worker.stop(WORKER_STOP_S)
        self._scripts.close()
        self._printer_stop.close()
        self._actions.close()
        self._mqtt.close(BROKER_STOP_S)
        self._connection_tests.close()
        self.broker_search.close()
        self.leftovers.close()
        self._callbacks.close()
        self._files.close()
        self._background.close(SAVE_STOP_S)


class _NoMqtt:
    """Replaces the MQTT client if paho-mqtt is not installed: estimates go on, nothing is published."""

    def __init__(self, post: Callable[[Input], None]) -> None:
        self._post = post

    def connect(self, _: Connect) -> None:
        self._post(BrokerLost(0, NO_PAHO))

    def start(self, test: ConnectionTest) -> None:
        self._post(ConnectionTestDone(test.number, f"{NO_PAHO}."))

    def disconnect(self, _: Disconnect) -> None: ...

    def subscribe(self, _: Subscribe) -> None: ...

    def publish(self, _: Publish) -> None: ...

    def close(self, _: float = 0.0) -> None: ...


def _mqtt(post: Callable[[Input], None]) -> tuple[Any, Any]:
    """Return the connection, and what tests connections."""
    try:
        from .adapters.broker.mqtt import Mqtt
        from .adapters.connection_test.connection_tests import ConnectionTests
    except ImportError:
        nothing = _NoMqtt(post)
        return nothing, nothing
    return Mqtt(post), ConnectionTests(post)

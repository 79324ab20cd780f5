"""Messages and subscriptions of other plugins, on the same connection."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.clock import Now
from ..core.topic_filter import reaches_below
from .outbox.outbox import Outbox
from .part import InputHandler, Part
from .protocol.effects import Effect, Publish
from .protocol.inputs import PluginPublish, PluginSubscriptions

#: Seconds for which a message waits: without a connection, and with one.
QUEUED_S, CONNECTED_S = 3600.0, 30.0


class OtherPlugins(Part):
    """Publishes the messages of other plugins, and holds the topics that they subscribed to."""

    def __init__(self, outbox: Outbox) -> None:
        self._wanted: tuple[str, ...] = ()
        self._outbox = outbox

    @property
    def filters(self) -> tuple[str, ...]:
        """What the connection subscribes to for other plugins.

        Without filters that match our own topics since the settings have changed: some brokers deliver a message once
        per subscription, and commands would be executed twice.
        """
        base = self._outbox.topics.base
        return tuple(each for each in self._wanted if not reaches_below(each, base))

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {PluginPublish: self._publish, PluginSubscriptions: self._subscribe}

    def _publish(self, event: PluginPublish, now: Now) -> list[Effect]:
        """Publish a message as an event: bounded in number, and dropped when it waits for too long."""
        if self._outbox.connected or event.queue:
            publish = Publish(event.topic, event.payload, event.qos, event.retained)
            self._outbox.send_event("other_plugins", publish, now, keep_s=QUEUED_S if event.queue else CONNECTED_S)
        return []

    def _subscribe(self, event: PluginSubscriptions, _: Now) -> list[Effect]:
        self._wanted = event.filters
        return []

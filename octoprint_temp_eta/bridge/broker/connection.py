"""The life cycle of the connection to the broker; `states` has the table of its moves.

The adapter connects, retries and reports; this part decides when to connect and when to leave.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.clock import Now
from ...messages import encode
from ...settings.table import Settings
from ..other_plugins import OtherPlugins
from ..outbox.outbox import Outbox, offline_message
from ..part import InputHandler, Part
from ..protocol.effects import Connect, Disconnect, Effect, Log, Publish, Subscribe
from ..protocol.identity import Identity
from ..protocol.inputs import (
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    Delivered,
    MalformedMessage,
    MessageArrived,
    PluginSubscriptions,
    Started,
    Stopping,
    SubscriptionGranted,
)
from .connect_settings import connection, subscriptions, topics_of, warnings
from .connection_times import explain_breaking
from .former_bases import FormerBases
from .identity_conflict import SESSION_TAKEN_OVER, Found, IdentityConflict
from .log_throttle import LogThrottle
from .present import Present
from .problems import Problems, explained
from .states import MOVES, Event, State


class Connection(Part):
    """Connects, reconnects and leaves; owns the last error and the state of the connection."""

    def __init__(
        self,
        outbox: Outbox,
        identity: Identity,
        settings: Settings,
        other_plugins: OtherPlugins,
        former_bases: FormerBases,
    ) -> None:
        self.state = State.OFF
        #: Connections since OctoPrint started.
        self.connections = 0
        #: Received messages that could not be read.
        self.malformed = 0
        #: Another machine with our identity.
        self.conflict = IdentityConflict()
        #: Whether there was no connection yet since the settings of the connection have changed.
        self._changed = False
        self._outbox = outbox
        self._identity = identity
        self._settings = settings
        self._other_plugins = other_plugins
        self._former_bases = former_bases
        #: Of other parts: more topics to subscribe to, and messages to send before the plugin ends.
        self.awaited: tuple[str, ...] = ()
        self.last_messages: tuple[Publish, ...] = ()
        #: Those of them, and of former bases, that it is subscribed to.
        self._looked_at: tuple[str, ...] = ()
        self._present = Present(outbox)
        #: When the next attempt is made, in Unix seconds; None while there is a connection or none is wanted.
        self._retry_at: float | None = None
        #: When to request the connection again, in monotonic seconds; None while the adapter makes the attempts.
        self._restart_at: float | None = None
        self._log = LogThrottle()

    @property
    def last_error(self) -> str | None:
        """The newest problem as a sentence for the user."""
        return self._present.problems.last_error

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the connection although it works."""
        broker = self._present.broker
        return () if broker is None else warnings(self._connect(), broker)

    @property
    def problem(self) -> str | None:
        """What does not work on the present connection, None if all does."""
        return self._present.problem(self._settings.ha_discovery_prefix)

    @property
    def broker(self) -> Mapping[str, Any] | None:
        """The connected broker as REST and the pages show it."""
        return self._present.shown

    @property
    def repairs(self) -> int:
        """How often all states were published again because somebody had set them back."""
        return self._present.repairs

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            Started: self._started,
            Stopping: self._stopping,
            BrokerConnected: self._accepted,
            BrokerLost: self._broker_lost,
            BrokerRefused: self._refused,
            SubscriptionGranted: self._granted,
            Delivered: self._delivered,
            MessageArrived: self._arrived,
            MalformedMessage: self._malformed,
            PluginSubscriptions: self._subscribe_for_plugins,
        }

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Connect again if the settings of the connection have changed."""
        before, earlier, status_topic = self._wanted, self._connect(), self._settings.ha_status_topic
        last_messages, topics = [offline_message(self._outbox)], topics_of(settings)
        moved = topics != self._outbox.topics
        if moved:
            if self.conflict.text is not None:
                self._former_bases.yield_to_another(self._outbox.topics.base)
            cleared = self._outbox.move(topics, clear=not self.conflict.left)
            # the next connection clears them if it sees that nobody uses them
            last_messages = [*last_messages, *cleared] if cleared and not self.conflict.yields(now) else []
        self._settings = settings
        after = self._connect()
        same = replace(earlier, subscriptions=after.subscriptions) == after and status_topic == settings.ha_status_topic
        if (before, same) == (self._wanted, True) and self.conflict.text is None:
            self._outbox.retry(now, all_of_them=True)  # somebody may have changed rights or limits at the broker
            return [] if earlier == after or not self._wanted else self._subscribe()
        self.conflict.forget(moved=moved)
        self._outbox.limits.forget()
        self._log.forget()
        self._changed = True
        leave = Disconnect(tuple(last_messages))
        if not self._wanted:
            return [*self._move(Event.DISCONNECT), leave]
        return [*self._move(Event.CONNECT), leave, self._connect()]

    def tick(self, now: Now) -> list[Effect]:
        """Report a broker that delivers nothing; connect again if it has stopped delivering or acknowledging."""
        effects: list[Effect] = []
        self._defend(self.conflict.tick(now), now)
        if problem := self._present.tick(now):
            effects += self._report(problem, now)
        self._outbox.retry(now)
        dead = self._present.dead
        if reason := self._outbox.stuck(now):
            dead = reason
            self._outbox.lost(now)
        if dead:
            effects += self._lost(dead, now)
        restarts = self._restart_at is not None and now.at >= self._restart_at
        if dead or restarts or (self.state is State.LEFT and self.conflict.returns(now)):
            effects += [*self._move(Event.CONNECT), self._connect()]
        looks = self._look_at((*self._former_bases.topics, *self.awaited)) if self._outbox.connected else []
        return [*effects, *looks]

    def clock_set(self, shift: float) -> None:
        """Move the times of the connection and of the next attempt."""
        self._present.connected_at += shift
        self._retry_at = None if self._retry_at is None else self._retry_at + shift

    def publish_all(self, now: Now) -> None:
        """Publish `status`."""
        self._outbox.publish_state("status", "online", now)

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return `mqtt`."""
        del now
        return {"mqtt": self.shown}

    @property
    def shown(self) -> Mapping[str, Any]:
        """The connection as REST and the pages show it."""
        return {
            "enabled": self._wanted,
            "connected": self._outbox.connected,
            "broker": self.broker,
            "last_error": self.last_error,
            "problem": self.problem,
            "retry_at": encode.instant(self._retry_at),
            "warnings": list(self.warnings),
            "base_topic": self._outbox.topics.base,
        }

    @property
    def change(self) -> object:
        """A value that differs when `shown` may differ: it is cheaper."""
        link = None if self._present.broker is None else self._present.broker.link
        wanted = self._settings.mqtt_enabled, self._settings.mqtt_broker_host, self._outbox.topics.base
        return wanted, self.state, self._outbox.connected, link, self.last_error, self.problem, self._retry_at

    def report_not_sent(self, now: Now) -> list[Effect]:
        """Report messages that the outbox has not sent because of the broker's limits."""
        return [effect for text in self._present.take_not_sent(self._settings) for effect in self._report(text, now)]

    # Inputs

    def _started(self, _: Started, now: Now) -> list[Effect]:
        self.publish_all(now)
        return [*self._move(Event.CONNECT), self._connect()] if self._wanted else []

    def _stopping(self, _: Stopping, now: Now) -> list[Effect]:
        last = (*self.last_messages, offline_message(self._outbox))
        return [*self._outbox.drain(now), *self._move(Event.DISCONNECT), Disconnect(last)]

    def _accepted(self, event: BrokerConnected, now: Now) -> list[Effect]:
        if Event.ACCEPTED not in MOVES[self.state]:
            return self._move(Event.ACCEPTED)
        # a late connection of before may have come first
        effects = [*self._move(Event.ACCEPTED), *self._look_at(())]
        self.connections += 1
        if self._changed:
            self._problems.last_error, self._changed = None, False
        self._present.begin(event, now)
        self.conflict.times.connected(now)
        text = f"Connected to {event.address} with MQTT {event.protocol}"
        warnings = [effect for warning in self.warnings for effect in self._log.refused(warning, now)]
        return [*effects, *self._log.connected(text, now), *warnings]

    def _broker_lost(self, event: BrokerLost, now: Now) -> list[Effect]:
        if self._outbox.link is not None and event.link < self._outbox.link:
            return []  # an abandoned attempt, while another connection was established
        self._outbox.lost(now, event.code)
        before = self.last_error
        effects = self._lost(event.reason, now, without_reason=event.code is None)
        if event.at_once:  # a broker without MQTT 5 is no error
            self._problems.last_error = before
        self._retry_at = now.wall + event.pause if self.state is State.WAITING else None
        self._restart_at = now.at + event.pause if event.given_up and self.state is State.WAITING else None
        return effects if event.code != SESSION_TAKEN_OVER else [*effects, *self._taken_over(now)]

    def _taken_over(self, now: Now) -> list[Effect]:
        """Report that another client keeps taking over our session; disconnect if the other machine stays."""
        found = self.conflict.taken_over(self._connect().client_id, self._identity, now)
        text = self.conflict.text
        return [] if text is None else [*self._report(text, now), *self._leave(found, now)]

    def _leave(self, found: Found, now: Now) -> list[Effect]:
        """Disconnect if the other machine stays."""
        if found is not Found.LEAVE:
            return []
        self._problems.last_error = self.conflict.text
        effects = [*self._move(Event.CONFLICT), Disconnect()]
        self._retry_at = now.wall + self.conflict.return_s
        return effects

    def _defend(self, found: Found, now: Now) -> None:
        if self.conflict.defends(found, now, connected=self._outbox.connected):
            self._outbox.resend_states()

    def _refused(self, event: BrokerRefused, now: Now) -> list[Effect]:
        if event.topic in self._looked_at and event.topic != self._settings.ha_status_topic and not event.published:
            return []  # it is good to know, but nobody has to permit it: without a report
        event = explained(event, self._outbox.topics, self._settings)
        return self._report(event.reason, now) if self._present.is_new(event, self._settings) else []

    def _granted(self, event: SubscriptionGranted, _: Now) -> list[Effect]:
        self._problems.granted(event.topic)
        return []

    def _delivered(self, event: Delivered, now: Now) -> list[Effect]:
        self._present.delivered(event, now)
        return []

    def _arrived(self, message: MessageArrived, now: Now) -> list[Effect]:
        """Our own `info` comes back; one of another machine with our identity is a conflict."""
        connected = self._outbox.connected  # a message may be handled after the end of its connection
        if connected and self._outbox.topics.hold(message.topic):
            self._present.heard(now)
        if message.topic != self._outbox.topics.of("info"):
            return []
        if connected and (not message.payload or self._identity.boot_id.encode() in message.payload):
            self._present.info_arrived(message.payload, now)
        found = self.conflict.arrived(message.payload, self._identity, now)
        if found is Found.NOTHING:
            return []
        self._defend(found, now)
        text = self.conflict.text
        return [] if text is None else [*self._log.refused(text, now), *self._leave(found, now)]

    def _malformed(self, _: MalformedMessage, now: Now) -> list[Effect]:
        self.malformed += 1
        return self._log.refused("A message was dropped: its topic or its properties are no valid MQTT", now)

    def _subscribe_for_plugins(self, _: PluginSubscriptions, __: Now) -> list[Effect]:
        return self._subscribe() if self._wanted and self.state is not State.LEFT else []

    # States

    def _move(self, event: Event) -> list[Effect]:
        """Enter the state that follows `event`; log an event without a row in the table."""
        following = MOVES[self.state].get(event)
        if following is None:
            return [Log(logging.DEBUG, f"The connection is {self.state.value}: ignoring the event {event.value}")]
        self.state = following
        self._retry_at = self._restart_at = None
        if following is not State.CONNECTED:
            self._present.end()
            return self._look_at(())  # what is there arrives only after `BrokerConnected`, for that connection
        return []

    def _lost(self, reason: str, now: Now, *, without_reason: bool = False) -> list[Effect]:
        """Note the end of the connection; `without_reason`: the broker gave none."""
        times, was_connected = self.conflict.times, self._present.broker is not None
        effects = self._move(Event.LOST)
        times.lost(now)
        if was_connected and without_reason and times.keeps_breaking(now):
            reason += explain_breaking(self._settings.mqtt_custom_identifier, self._connect().client_id)
        self._problems.last_error = reason
        return [*effects, *self._log.lost(reason, now)]

    def _report(self, problem: str, now: Now) -> list[Effect]:
        """Report a problem of a connection that continues."""
        self._problems.last_error = problem
        return self._log.refused(problem, now)

    # Settings

    @property
    def _problems(self) -> Problems:
        return self._present.problems

    @property
    def _wanted(self) -> bool:
        return self._settings.mqtt_enabled and bool(self._connect().host)

    def _subscriptions(self) -> tuple[str, ...]:
        return subscriptions(self._settings, self._outbox.topics, (*self._looked_at, *self._other_plugins.filters))

    def _look_at(self, topics: tuple[str, ...]) -> list[Effect]:
        before, self._looked_at = self._looked_at, topics
        return [] if before == topics else self._subscribe()

    def _subscribe(self) -> list[Effect]:
        topics = self._subscriptions()
        self._problems.only(topics)
        return [Subscribe(topics)]

    def _connect(self) -> Connect:
        return connection(self._settings, offline_message(self._outbox), self._subscriptions())

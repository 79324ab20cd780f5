"""Commands from MQTT and REST: checks them, executes each once, and replies to each."""

from __future__ import annotations

import logging
import traceback
from collections import OrderedDict
from collections.abc import Mapping

from ...core.clock import Now
from ...messages import encode
from ...messages.decode import Command, CommandError, ReplyTo, decode, validated
from ...messages.topics import refuses_response_topic
from ...settings.table import Settings
from ..part import CommandHandler, InputHandler, Part
from ..protocol.effects import Answer, Effect, Log
from ..protocol.inputs import ApiCommand, MessageArrived
from .outbox import Outbox, to_response_topic

#: Permitted commands per second, and at once.
RATE, BURST = 10.0, 20.0
#: Number of remembered transactions, and for how many s: a redelivery arrives within seconds.
REMEMBERED, REMEMBERED_S = 256, 600.0
#: Expiry of a reply in s.
REPLY_KEEP_S = 300.0


class Allowance:
    """A rate limit that allows bursts."""

    def __init__(self) -> None:
        self._left = BURST
        self._at: float | None = None
        self._refused = 0
        self._told_at = 0.0

    def take(self, at: float) -> bool:
        """Take one token; return False if none is left."""
        if self._at is not None:
            self._left = min(BURST, self._left + (at - self._at) * RATE)
        self._at = at
        if self._left < 1.0:
            self._refused += 1
            return False
        self._left -= 1.0
        return True

    def refused(self, at: float) -> int:
        """Return the number of refused commands since the last report, which is due once a second."""
        if not self._refused or at - self._told_at < 1.0:
            return 0
        refused, self._refused, self._told_at = self._refused, 0, at
        return refused


class Commands(Part):
    """Checks commands, executes each once, and replies."""

    def __init__(self, outbox: Outbox, settings: Settings, handlers: Mapping[str, CommandHandler]) -> None:
        self.settings = settings
        self.accepted = 0
        self.rejected = 0
        self._outbox = outbox
        self._handlers = handlers
        self._allowance = Allowance()
        #: By command and transaction: the time of arrival, and the replies so far.
        self._answered: OrderedDict[tuple[str, str | int], tuple[float, list[encode.Payload]]] = OrderedDict()

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {MessageArrived: self._message_arrived, ApiCommand: self.called}

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Apply changed settings."""
        del now
        self.settings = settings
        return []

    def _message_arrived(self, message: MessageArrived, now: Now) -> list[Effect]:
        name = self._outbox.topics.command(message.topic)
        return [] if name is None else self.arrived(message, name, now)

    @property
    def allowed(self) -> list[str]:
        """The commands that the settings permit."""
        return sorted(name for name in self._handlers if self._permitted(name))

    def arrived(self, message: MessageArrived, name: str, now: Now) -> list[Effect]:
        """Execute or reject the command `name` in an MQTT message; an empty payload is ignored."""
        if not message.payload:
            return []
        if not self._allowance.take(now.at):
            return self.tick(now)
        topic, base, prefix = message.response_topic, self._outbox.topics.base, self.settings.ha_discovery_prefix
        unusable = None if topic is None else refuses_response_topic(topic, base, prefix)
        reply_to = ReplyTo(None if unusable else topic, message.correlation)
        try:
            command = decode(name, message.payload, reply_to, retained=message.retained, wall=now.wall)
            if unusable:
                raise CommandError("not_permitted", f"The response topic {unusable}.", None, command.transaction)
        except CommandError as error:
            return self._refuse(name, error, reply_to, now)
        return self._obey(command, now)

    def called(self, call: ApiCommand, now: Now) -> list[Effect]:
        """Execute or reject a command from REST."""
        reply_to = ReplyTo(ticket=call.ticket)
        try:
            command = validated(call.name, call.body, reply_to, wall=now.wall)
        except CommandError as error:
            return self._refuse(call.name, error, reply_to, now)
        return self._obey(command, now)

    def tick(self, now: Now) -> list[Effect]:
        """Report the number of commands that the rate limit has refused."""
        refused = self._allowance.refused(now.at)
        if not refused:
            return []
        error = CommandError("rate_limited", f"{refused} commands refused: at most {RATE:.0f} a second are taken.")
        self.rejected += refused - 1
        return self._refuse(None, error, ReplyTo(), now)

    def reply(self, command: Command, body: encode.Payload, now: Now) -> list[Effect]:
        """Reply to `command` with `body`, now and if it arrives again: a rejected one is not executed later either."""
        if command.transaction is not None:
            self._answered.setdefault((command.name, command.transaction), (now.at, []))[1].append(body)
        return self._send(body, command.reply_to, now)

    def _obey(self, command: Command, now: Now) -> list[Effect]:
        earlier = self._earlier(command, now)
        if earlier is not None:
            return [effect for body in earlier for effect in self._send(body, command.reply_to, now)]
        try:
            if command.name not in self._handlers or not self._permitted(command.name):
                raise CommandError("disabled", f"The settings don't allow the command {command.name!r}.")
            body, effects = self._handlers[command.name](command, now)
        except CommandError as error:
            self.rejected += 1
            error.transaction = command.transaction
            return self.reply(command, encode.rejected(command.name, error), now)
        except Exception:
            return self._own_fault(command, now)
        self.accepted += 1
        if body is not None:
            return [*effects, *self.reply(command, body, now)]
        if command.transaction is not None:
            self._answered.setdefault((command.name, command.transaction), (now.at, []))
        return effects

    def _own_fault(self, command: Command, now: Now) -> list[Effect]:
        """Reply even after an exception, so that no caller waits without end."""
        self.rejected += 1
        words = "An error occurred in the plugin. See octoprint.log."
        error = CommandError("internal_error", words, None, command.transaction)
        log = Log(logging.ERROR, f"Failed to execute {command.name}\n{traceback.format_exc()}")
        return [log, *self.reply(command, encode.rejected(command.name, error), now)]

    def _earlier(self, command: Command, now: Now) -> list[encode.Payload] | None:
        """Return the earlier replies to the same transaction, None if it is new."""
        while self._answered:
            at, _ = next(iter(self._answered.values()))
            if len(self._answered) <= REMEMBERED and now.at - at <= REMEMBERED_S:
                break
            self._answered.popitem(last=False)
        if command.transaction is None:
            return None
        found = self._answered.get((command.name, command.transaction))
        return found[1] if found else None

    def _refuse(self, name: str | None, error: CommandError, reply_to: ReplyTo, now: Now) -> list[Effect]:
        self.rejected += 1
        return self._send(encode.rejected(name, error), reply_to, now)

    def _send(self, body: encode.Payload, reply_to: ReplyTo, now: Now) -> list[Effect]:
        publish = self._outbox.publish_event("response", body, now, keep_s=REPLY_KEEP_S)
        if reply_to.topic is not None:
            again = to_response_topic(publish, reply_to.topic, reply_to.correlation)
            self._outbox.send_once("response", again, now, keep_s=REPLY_KEEP_S)
        return [] if reply_to.ticket is None else [Answer(reply_to.ticket, body | {"timestamp": round(now.wall, 3)})]

    def _permitted(self, name: str) -> bool:
        return bool(getattr(self.settings, "allow_" + name.replace("/", "_")))

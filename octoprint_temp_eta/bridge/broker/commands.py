"""Commands from MQTT and REST: checks them, has each executed once, and replies to all of them."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Mapping
from dataclasses import replace

from ...core.clock import Now
from ...messages import encode
from ...messages.contract.catalogue import COMMANDS, REST_COMMANDS, InvalidPayload
from ...messages.decode import Command, CommandError, ReplyTo, decode, validated
from ...messages.topics import refuses_response_topic
from ...settings.table import Settings, names
from ..heaters.heaters import Heaters
from ..outbox.outbox import Outbox
from ..part import CommandHandler, InputHandler, Part
from ..protocol.effects import Effect, Log, RestReply
from ..protocol.inputs import ApiCommand, BrokerLost, MessageArrived
from .command_limits import RATE, URGENT, RateLimit
from .executed import Executed

#: The longest correlation data of MQTT 5 that a reply repeats, in bytes.
LONGEST_CORRELATION = 1024
#: Seconds for which a reply waits for a connection.
REPLY_KEEP_S = 300.0


class Commands(Part):
    """Checks each command, has it executed once, and replies."""

    def __init__(
        self, outbox: Outbox, settings: Settings, handlers: Mapping[str, CommandHandler], heaters: Heaters
    ) -> None:
        self._settings = settings
        self.accepted = 0
        self.rejected = 0
        self._outbox = outbox
        self._handlers = handlers
        self._heaters = heaters
        self._rate_limit = RateLimit()
        self._executed = Executed()
        self._prepared = False
        #: The number of the last connection, None after its end.
        self._link = outbox.link

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {MessageArrived: self._message_arrived, ApiCommand: self.called, BrokerLost: self._broker_lost}

    def _message_arrived(self, message: MessageArrived, now: Now) -> list[Effect]:
        name = self._outbox.topics.command(message.topic)
        return [] if name is None else self.arrived(message, name, now)

    def _broker_lost(self, _: BrokerLost, now: Now) -> list[Effect]:
        self._ended(None, now)
        return []

    def _ended(self, link: int | None, now: Now) -> None:
        """Note the end of the last connection, if `link` is another one."""
        if self._link not in (None, link):
            self._executed.lost(now)
        self._link = link

    @property
    def allowed(self) -> list[str]:
        """The commands of MQTT that the settings permit."""
        return sorted(name for name in self._handlers if name not in REST_COMMANDS and self._permitted(name))

    def arrived(self, message: MessageArrived, name: str, now: Now) -> list[Effect]:
        """Execute the command `name` in an MQTT message, or refuse it; an empty payload only clears a topic."""
        self._ended(self._outbox.link, now)
        if not message.payload:
            return []
        if not self._rate_limit.take(now.at):
            return self._execute_urgent(message, name, now)
        reply_to, refusal = self._reply_to(message)
        try:
            command = decode(name, message.payload, reply_to, retained=message.retained, wall=now.wall)
            if refusal:
                raise CommandError("not_permitted", refusal, None, command.transaction)
        except CommandError as error:
            return self._refuse(name, error, reply_to, now)
        except Exception:
            return self._internal_error(Command(name, reply_to=reply_to), now)
        return self._execute(command, now, redelivered=message.redelivered)

    def _execute_urgent(self, message: MessageArrived, name: str, now: Now) -> list[Effect]:
        """Execute an urgent command though too many commands arrive; count any other."""
        bucket = self._rate_limit.urgent(name, message.payload, self._heaters.names, now.at)
        reply_to, refusal = self._reply_to(message)
        try:
            if bucket is None:
                raise CommandError("rate_limited", "Too many commands.")
            command = decode(name, message.payload, reply_to, retained=message.retained, wall=now.wall)
            if refusal or self._executed.replies(command, now, redelivered=message.redelivered) is not None:
                raise CommandError("rate_limited", "Too many commands.")
            self._check_permitted(command)
            body, effects = self._handlers[command.name](command, now)
        except CommandError:
            self._rate_limit.refuse()
            return self.tick(now)
        except Exception:
            return self._internal_error(Command(name, reply_to=reply_to), now)
        bucket.take(now.at)
        return [*self._accept(command, body, effects, now), *self.tick(now)]

    def _reply_to(self, message: MessageArrived) -> tuple[ReplyTo, str | None]:
        """Return where the reply to `message` goes, and why its response topic or correlation data is not used."""
        topic, prefixes = message.response_topic, names(self._settings.mqtt_response_topics)
        refusal = None
        if topic is not None:
            unusable = refuses_response_topic(
                topic, self._outbox.topics.base, self._settings.ha_discovery_prefix, prefixes
            )
            refusal = f"The response topic {unusable}." if unusable else None
        if refusal is None and len(message.correlation or b"") > LONGEST_CORRELATION:
            refusal = f"The correlation data has more than {LONGEST_CORRELATION} bytes."
        if refusal:
            return ReplyTo(packet_id=message.packet_id), refusal
        return ReplyTo(topic, message.correlation, packet_id=message.packet_id), None

    def called(self, call: ApiCommand, now: Now) -> list[Effect]:
        """Execute a command from REST, or refuse it."""
        reply_to = ReplyTo(ticket=call.ticket)
        try:
            command = validated(call.name, call.body, reply_to, wall=now.wall)
        except CommandError as error:
            return self._refuse(call.name, error, reply_to, now)
        except Exception:
            return self._internal_error(Command(call.name, reply_to=reply_to), now)
        return self._execute(command, now)

    def tick(self, now: Now) -> list[Effect]:
        """Report how many commands the rate limit refused since the last report."""
        self._ended(self._outbox.link, now)
        refused = self._rate_limit.report(now.at)
        if not refused:
            return []
        error = CommandError(
            "rate_limited", f"{refused} commands were rejected: at most {RATE:.0f} per second are accepted."
        )
        self.rejected += refused - 1
        return self._refuse(None, error, ReplyTo(), now)

    def reply(self, command: Command, body: encode.Payload, now: Now) -> list[Effect]:
        """Reply to `command` with `body`, now and whenever it arrives again: a refused one is not executed later."""
        self._executed.add(command, now, body)
        return self._send(body, command.reply_to, now)

    def _execute(self, command: Command, now: Now, *, redelivered: bool = False) -> list[Effect]:
        self._prepare()
        earlier = self._executed.replies(command, now, redelivered=redelivered)
        if earlier is not None:
            return [effect for body in earlier for effect in self._send(body, command.reply_to, now)]
        try:
            self._check_permitted(command)
            body, effects = self._handlers[command.name](command, now)
        except CommandError as error:
            self.rejected += 1
            error.transaction = command.transaction
            return self.reply(command, encode.rejected(command.name, error), now)
        except Exception:
            return self._internal_error(command, now)
        return self._accept(command, body, effects, now)

    def _prepare(self) -> None:
        """Read what urgent commands need, with the first command: later, no file may be readable any more."""
        if self._prepared:
            return
        self._prepared = True
        for name in URGENT:
            with contextlib.suppress(InvalidPayload, OSError):
                COMMANDS[name].validate({})

    def _accept(self, command: Command, body: encode.Payload | None, effects: list[Effect], now: Now) -> list[Effect]:
        self.accepted += 1
        if body is not None:
            return [*effects, *self.reply(command, body, now)]
        self._executed.add(command, now)
        return effects

    def _check_permitted(self, command: Command) -> None:
        if command.name not in self._handlers or not self._permitted(command.name):
            raise CommandError("disabled", f"The settings do not allow the command {command.name!r}.")

    def _internal_error(self, command: Command, now: Now) -> list[Effect]:
        """Reply also after an internal error, so that the caller does not wait for ever."""
        self.rejected += 1
        text = "The plugin failed to execute the command. See OctoPrint's log."
        error = CommandError("internal_error", text, None, command.transaction)
        log = Log(logging.ERROR, f"Failed to execute {command.name}\n{traceback.format_exc()}")
        return [log, *self.reply(command, encode.rejected(command.name, error), now)]

    def _refuse(self, name: str | None, error: CommandError, reply_to: ReplyTo, now: Now) -> list[Effect]:
        self.rejected += 1
        return self._send(encode.rejected(name, error), reply_to, now)

    def _send(self, body: encode.Payload, reply_to: ReplyTo, now: Now) -> list[Effect]:
        if reply_to.ticket is None or body["command"] not in REST_COMMANDS:
            self._publish(body, reply_to, now)
        return [] if reply_to.ticket is None else [RestReply(reply_to.ticket, encode.stamped(body, now.wall))]

    def _publish(self, body: encode.Payload, reply_to: ReplyTo, now: Now) -> None:
        body = self._fitting(body, reply_to, now)
        publish = self._outbox.publish_event("response", body, now, keep_s=REPLY_KEEP_S)
        if reply_to.topic is not None:
            again = replace(publish, topic=reply_to.topic, correlation=reply_to.correlation)
            self._outbox.send_event("response", again, now, keep_s=REPLY_KEEP_S, resend=False)

    def _fitting(self, body: encode.Payload, reply_to: ReplyTo, now: Now) -> encode.Payload:
        """Return `body`, or a short reply if the broker is known not to accept one of its size, which is reported."""
        if "result" not in body:
            return body
        limits = self._outbox.limits
        publish = self._outbox.event("response", encode.stamped(body, now.wall))
        longest = max(publish.topic, reply_to.topic or "", key=lambda topic: len(topic.encode()))
        publish = replace(publish, topic=longest, correlation=reply_to.correlation)
        if limits.fits(publish):
            return body
        limits.accepts(publish)
        return encode.without_result(body, limits.size(publish), limits.maximum_packet_size or 0)

    def _permitted(self, name: str) -> bool:
        return name in REST_COMMANDS or bool(getattr(self._settings, "allow_" + name.replace("/", "_")))

"""The commands of the last minutes with their replies: one that arrives again is not executed again."""

from __future__ import annotations

import json
from collections import OrderedDict

from ...core.clock import Now
from ...messages.decode import Command
from ...messages.encode import Payload
from .command_limits import URGENT

#: How many commands are kept, and for how many seconds: a redelivery comes within seconds.
REMEMBERED, REMEMBERED_S = 256, 600.0
#: Seconds for which one is kept that stops something. Later, the same transaction stops what was started since.
STOP_REMEMBERED_S = 10.0
#: How long before the end of a connection a message may have arrived whose acknowledgement got lost, in seconds: a dead
#: connection is noticed after 1.5 times the keep-alive. The packet IDs of earlier messages may be used again.
UNACKNOWLEDGED_S = 90.0

#: Name, transaction (or the packet ID of MQTT if there is none), and arguments.
_Key = tuple[str, object, str]


class Executed:
    """Recognises commands that arrive again.

    That is the same command with the same transaction and arguments, from whomever; without a transaction, one that the
    broker marks as redelivered.
    """

    def __init__(self) -> None:
        self._replies: OrderedDict[_Key, tuple[float, list[Payload]]] = OrderedDict()

    def replies(self, command: Command, now: Now, *, redelivered: bool) -> list[Payload] | None:
        """Return the replies so far to a command that has arrived before, None if it is new."""
        self._forget(now)
        key = _key(command)
        found = None if key is None else self._replies.get(key)
        if key is None or found is None:
            return None
        at, replies = found
        # A message with the same packet ID that is not redelivered is a new one.
        reused = command.transaction is None and not redelivered
        if reused or (_stops(command) and now.at - at > STOP_REMEMBERED_S):
            del self._replies[key]
            return None
        return replies

    def add(self, command: Command, now: Now, *replies: Payload) -> None:
        """Remember a command, with a further reply."""
        key = _key(command)
        if key is not None:
            self._replies.setdefault(key, (now.at, []))[1].extend(replies)

    def lost(self, now: Now) -> None:
        """Note that the connection has ended: forget packet IDs that the broker may use again."""
        for key, (at, _) in list(self._replies.items()):
            if isinstance(key[1], tuple) and now.at - at > UNACKNOWLEDGED_S:
                del self._replies[key]

    def _forget(self, now: Now) -> None:
        while self._replies:
            at, _ = next(iter(self._replies.values()))
            if len(self._replies) <= REMEMBERED and now.at - at <= REMEMBERED_S:
                break
            self._replies.popitem(last=False)


def _key(command: Command) -> _Key | None:
    packet_id = command.reply_to.packet_id
    identity = (packet_id,) if command.transaction is None and packet_id else command.transaction
    if identity is None:
        return None
    return command.name, identity, json.dumps(command.arguments, sort_keys=True)


def _stops(command: Command) -> bool:
    """Whether the command stops something: to do it twice does no harm, not to do it may."""
    return command.name in URGENT and (command.name != "target" or command.arguments.get("target") == 0)

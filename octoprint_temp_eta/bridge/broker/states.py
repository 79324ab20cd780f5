"""The states of the connection to the broker, and the table of the moves between them.

`MOVES` holds every legal move; an event without a row changes nothing and is logged at debug level. Beside the table:
the outbox sends only while the state is CONNECTED, and its `link` distinguishes the current connection from earlier
ones, whose loss comes late.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class State(Enum):
    """A state of the connection."""

    #: Not started, or the settings have no broker.
    OFF = "off"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    #: The connection failed or ended; the adapter tries again.
    WAITING = "waiting"
    #: Another machine uses the same identity. It connects again after a while, or with changed settings.
    LEFT = "left"


class Event(Enum):
    """What moves the connection from one state to another."""

    CONNECT = "connect"
    ACCEPTED = "accepted"
    LOST = "lost"
    CONFLICT = "conflict"
    DISCONNECT = "disconnect"


_ANY = {Event.CONNECT: State.CONNECTING, Event.DISCONNECT: State.OFF}
#: A conflict may also be found in a message of the connection before, or in one that comes before `ACCEPTED`.
_WANTED = {**_ANY, Event.ACCEPTED: State.CONNECTED, Event.LOST: State.WAITING, Event.CONFLICT: State.LEFT}
MOVES: Mapping[State, Mapping[Event, State]] = {
    State.OFF: _ANY,
    State.CONNECTING: _WANTED,
    State.CONNECTED: _WANTED,
    State.WAITING: _WANTED,
    State.LEFT: _ANY,
}

"""Everything that the bridge can ask for. The worker has it done by the adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...core.estimation.estimator import Episode, HeaterKind, LearnedState
from .script_effects import ScriptEffect


@dataclass(frozen=True, slots=True)
class Publish:
    """Send a message; with MQTT 5 also its properties."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    content_type: str | None = None
    expiry_seconds: int | None = None
    correlation: bytes | None = None
    #: By which its acknowledgement names it; None: nobody asks.
    token: int | None = None


@dataclass(frozen=True, slots=True)
class Connect:
    """Reach the broker and stay with it, for ever; replaces an earlier connection."""

    host: str
    port: int
    client_id: str
    #: Published by the broker when we vanish, and by ourselves when we leave.
    will: Publish
    subscriptions: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    tls_insecure: bool = False
    keepalive: int = 30


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Leave the broker: send `farewell`, and stay away."""

    farewell: tuple[Publish, ...] = ()


@dataclass(frozen=True, slots=True)
class Save:
    """Write a JSON value to the plugin's data folder under `name`."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Learn:
    """Learn from a complete way of a heater, away from the worker; comes back as `Learned`."""

    place: str
    kind: HeaterKind
    state: LearnedState | None
    episode: Episode


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Give a heater another target in °C, 0: off."""

    heater: str
    target: float


@dataclass(frozen=True, slots=True)
class Answer:
    """Give the REST call `ticket` its reply."""

    ticket: int
    reply: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Send a message to the open OctoPrint pages."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    """Tell the user in OctoPrint's log; `level` as in `logging`."""

    level: int
    text: str


Effect = Publish | Connect | Disconnect | Save | Learn | SetTarget | Answer | Page | Log | ScriptEffect

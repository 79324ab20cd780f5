"""The effects of the bridge. The worker lets the adapters perform them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ...core.estimation.estimator import Episode, HeaterKind, LearnedState
from ...core.frozen import frozen
from ...messages.decode import LARGEST_COMMAND, Command
from ...settings.broker_address import BrokerAddress
from .job_effects import PrinterAction
from .script_effects import ScriptEffect

#: The largest packet in bytes that the broker may send to the bridge. Without a limit, anyone who may publish a command
#: could fill OctoPrint's memory.
LARGEST_PACKET = 2 * LARGEST_COMMAND


@frozen
class Publish:
    """Send a message; with MQTT 5 also its properties."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    content_type: str | None = None
    expiry_seconds: int | None = None
    correlation: bytes | None = None
    #: Identifies its acknowledgement; None if that is not needed.
    token: int | None = None


@frozen
class Connect:
    """Connect to a broker and stay connected; replaces an earlier connection.

    The first address is `host` and `port`; if it is unreachable, `more_addresses` are tried in turn.
    """

    host: str
    port: int
    client_id: str
    #: Published by the broker when the connection breaks, and by the bridge when it disconnects.
    will: Publish
    subscriptions: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    tls_insecure: bool = False
    keepalive: int = 30
    websocket_path: str | None = None
    more_addresses: tuple[BrokerAddress, ...] = ()
    #: PEM files: the trusted authority instead of the system's, and the client's certificate and key.
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    #: The name in the broker's certificate, if it is not the host.
    server_name: str = ""
    #: Whether the broker forgets the session when the connection ends.
    clean_start: bool = True
    #: The largest packet in bytes that the broker may send. MQTT 3.1.1 cannot announce it; of a larger packet only the
    #: beginning is kept.
    largest_packet: int = LARGEST_PACKET

    @property
    def addresses(self) -> tuple[BrokerAddress, ...]:
        """All addresses, in the order in which they are tried."""
        first = BrokerAddress(self.host, self.port, self.tls, self.websocket_path, self.username)
        return (first, *self.more_addresses)


@frozen
class ConnectionTest:
    """Test a connection beside the one that may be up; the steps come back as `StepDone` of test `number`.

    `base` is base topic and instance; `machine` this machine's id as in `info`; `conflict` describes another machine
    with the same identity. `largest_message` is in bytes, 0 if not known.
    """

    connect: Connect
    base: str
    machine: str = ""
    #: Home Assistant's status topic, its birth payload, and whether that was received since the connection is up.
    status_topic: str = ""
    largest_message: int = 0
    birth_payload: str = "online"
    home_assistant_online: bool = False
    #: Empty if discovery is off.
    discovery_prefix: str = ""
    device_id: str = ""
    device_name: str = ""
    other_plugins: tuple[str, ...] = ()
    conflict: str = ""
    number: int = 0


@frozen
class Disconnect:
    """Disconnect from the broker after sending `last_messages`."""

    last_messages: tuple[Publish, ...] = ()


@frozen
class Subscribe:
    """Subscribe to exactly these topics, on this connection and on those that follow."""

    topics: tuple[str, ...]


@frozen
class Save:
    """Write a JSON value to the plugin's data folder under `name`."""

    name: str
    value: Any


@frozen
class Learn:
    """Learn from a complete episode of a heater, outside the worker; the result is the input `Learned`."""

    place: str
    kind: HeaterKind
    state: LearnedState | None
    episode: Episode


@frozen
class SetTarget:
    """Set a heater's target in °C, 0: off; with a `token`, the result comes back as `TargetSet`."""

    heater: str
    target: float
    token: int | None = None


@frozen
class Reply:
    """A later reply to a command; the bridge itself sends it."""

    command: Command
    body: Mapping[str, Any]


@frozen
class RestReply:
    """Give the REST call `ticket` its reply."""

    ticket: int
    reply: Mapping[str, Any]


@frozen
class Page:
    """Send a message to the open OctoPrint pages."""

    message: Mapping[str, Any]


@frozen
class Log:
    """Write a line to OctoPrint's log; `level` as in `logging`."""

    level: int
    text: str


Effect = (
    Publish
    | Connect
    | ConnectionTest
    | Disconnect
    | Subscribe
    | Save
    | Learn
    | SetTarget
    | PrinterAction
    | Reply
    | RestReply
    | Page
    | Log
    | ScriptEffect
)

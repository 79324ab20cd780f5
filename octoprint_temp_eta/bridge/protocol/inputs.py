"""The inputs of the bridge. The worker adds their time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Any

from ...core.estimation.estimator import LearnedState
from ...core.frozen import frozen
from ...settings.table import Settings
from .connection_test import ConnectionTestInput
from .job_inputs import JobInput
from .script_inputs import ScriptInput


@frozen
class Started:
    """The worker has started."""


@frozen
class Stopping:
    """OctoPrint shuts down."""


@frozen
class PluginSwitched:
    """The user has enabled, disabled or uninstalled the plugin, which takes effect when OctoPrint restarts."""

    enabled: bool


@frozen
class RemovalRequested:
    """The user has switched discovery off, and wants no device of ours in Home Assistant, whatever is known of it."""


@frozen
class Tick:
    """Time has passed. Contains the inbox's maximum level, and the number of dropped inputs."""

    inbox_high_water: int = 0
    inbox_dropped: int = 0


@frozen
class SnapshotWanted:
    """A call waits for `Bridge.snapshot`, which the worker reads after this input."""


@frozen
class SettingsChanged:
    """The user has saved changed settings."""

    settings: Settings


@frozen
class Readings:
    """Temperatures from OctoPrint: the raw `actual` and `target` per heater.

    Those of `repeated` names are from an earlier report; OctoPrint may have changed the target since.
    """

    heaters: Mapping[str, tuple[object, object]]
    repeated: frozenset[str] = frozenset()


@frozen
class Profile:
    """OctoPrint's printer profile."""

    id: str
    name: str
    model: str
    #: The profile's heaters, None if unknown. A shared nozzle is one tool, whatever the number of extruders.
    extruders: int | None = None
    shared_nozzle: bool = False
    heated_bed: bool | None = None
    heated_chamber: bool | None = None


@frozen
class PrinterChanged:
    """The printer's state: OctoPrint's id of it, whether it is connected and prints, and its profile."""

    state: str | None
    connected: bool
    printing: bool
    profile: Profile | None


@frozen
class TargetSet:
    """OctoPrint has set the target of the `SetTarget` with this `token`, or `refusal` is the reason why not."""

    token: int
    refusal: str | None = None


@frozen
class Renamed:
    """The user changed the printer's name or OctoPrint's language."""

    device_name: str
    language: str = "en"


@frozen
class Preset:
    """One of OctoPrint's temperature presets: targets in °C, 0 for what it does not set."""

    name: str
    extruder: float = 0.0
    bed: float = 0.0
    chamber: float = 0.0

    def target(self, heater: str) -> float:
        """Return the target of `heater`, 0 if there is none. Presets contain no custom heaters."""
        if heater.startswith("tool"):
            return self.extruder
        return {"bed": self.bed, "chamber": self.chamber}.get(heater, 0.0)


@frozen
class Presets:
    """OctoPrint's temperature presets, in their order."""

    presets: tuple[Preset, ...]


@frozen
class JobBoundary:
    """A print job has started or ended."""


@frozen
class Learned:
    """The result of `Learn` for a heater, None if there is nothing to store."""

    place: str
    state: LearnedState | None


@frozen
class BrokerConnected:
    """The broker has accepted the connection and responded to the subscriptions. `link` numbers the connections.

    `maximum_packet_size` in bytes is announced by brokers with MQTT 5 that have one; `window` is how many messages may
    be unacknowledged, where the broker allows fewer than the bridge would send.
    """

    link: int
    host: str
    port: int
    protocol: str
    maximum_packet_size: int | None = None
    window: int | None = None

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


@frozen
class BrokerLost:
    """The connection `link` failed or has ended.

    `reason` is a sentence for the user, `code` the reason code in the broker's CONNACK or DISCONNECT, as of MQTT 5.
    """

    link: int
    reason: str
    code: int | None = None
    #: Seconds until the next attempt.
    pause: float = field(default=0.0, compare=False)
    #: Whether the adapter makes no further attempt: the bridge has to request the connection again after the pause.
    given_up: bool = field(default=False, compare=False)
    #: Whether the next attempt, in another version of MQTT, follows without a pause.
    at_once: bool = field(default=False, compare=False)


@frozen
class BrokerRefused:
    """The broker refused a message or a subscription to `topic`; the connection continues.

    `reason` is a sentence for the user.
    """

    reason: str
    topic: str | None = None
    #: Whether it refused a message, not a subscription.
    published: bool = False
    #: Whether it did so because of the message's size.
    too_large: bool = False


@frozen
class SubscriptionGranted:
    """The broker has granted the subscription to `topic`, which was reported as refused on this connection."""

    topic: str


class Answer(Enum):
    """What the broker did with a message that it acknowledged."""

    ACCEPTED = "accepted"
    #: It may accept the same message later.
    REFUSED_FOR_NOW = "refused for now"
    REFUSED = "refused"
    TOO_LARGE = "too large"


@frozen
class Delivered:
    """The broker has acknowledged the message with this `token` on the connection `link`."""

    link: int
    token: int
    answer: Answer = Answer.ACCEPTED


@frozen
class MessageArrived:
    """A message on a topic that we subscribed to."""

    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None
    qos: int = 0
    #: 0 with QoS 0.
    packet_id: int = field(default=0, compare=False)
    #: Whether the broker has sent it before, perhaps without success.
    redelivered: bool = False


@frozen
class MalformedMessage:
    """A message whose topic or properties could not be read was dropped."""


@frozen
class PluginPublish:
    """Another plugin publishes a message; with `queue` it waits for a connection."""

    topic: str
    payload: bytes
    retained: bool
    qos: int
    queue: bool


@frozen
class PluginSubscriptions:
    """Other plugins have subscribed to exactly these topics."""

    filters: tuple[str, ...]


@frozen
class ApiCommand:
    """A command from the REST interface; `ticket` identifies the waiting call."""

    name: str
    body: Any
    ticket: int


Input = (
    Started
    | Stopping
    | PluginSwitched
    | RemovalRequested
    | Tick
    | SnapshotWanted
    | SettingsChanged
    | Readings
    | PrinterChanged
    | TargetSet
    | Renamed
    | Presets
    | JobBoundary
    | Learned
    | BrokerConnected
    | BrokerLost
    | BrokerRefused
    | SubscriptionGranted
    | Delivered
    | MessageArrived
    | MalformedMessage
    | PluginPublish
    | PluginSubscriptions
    | ApiCommand
    | JobInput
    | ConnectionTestInput
    | ScriptInput
)

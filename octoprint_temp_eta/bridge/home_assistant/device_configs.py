"""Who has announced our devices to Home Assistant: what is retained on the devices' topics tells it.

Bridges with the same printer ID and different base topics meet nowhere but there. Home Assistant has the device of the
one that announced last; and one that gives the ID up must not remove it, if that is another one. If it does because its
own announcement came last, the others notice, and announce the device again.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping

from ha_discovery import Announcement, Form, Message, Place

from ...core.clock import Now
from ..outbox.pauses import Repairs
from ..protocol.effects import Log
from ..protocol.inputs import MessageArrived

#: Seconds from the end of an announcement by somebody else until we announce again: it is removed in several steps.
SETTLE_S = 20.0
#: Seconds without another bridge's announcement after which the conflict has ended.
RESOLVED_S = 600.0
#: Connections in sequence that ended within so many seconds without a message on these topics, after which we do not
#: subscribe any more: some brokers end the connection at a topic that may not be read.
MOST_BROKEN, BROKEN_S = 2, 10.0


class DeviceConfigs:
    """Watches the topics on which devices are announced, and tells when to announce our own again."""

    def __init__(self) -> None:
        #: By device: the base of the other bridge that has announced it.
        self.others: dict[str, str] = {}
        #: The base of the bridge that announced our device while we did, None without one.
        self.rival: str | None = None
        self._rival_at = 0.0
        #: Whether it was answered on this connection, so that it notices us: only once, or that would go on for ever.
        self._answered = False
        self._repairs = Repairs()
        #: By topic: the device.
        self._devices: Mapping[str, str] = {}
        #: When the connection began, None once a message has come on one of the topics, and without a connection.
        self._silent_since: float | None = None
        self._broken = 0

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics to subscribe to, if the broker permits it."""
        return tuple(self._devices) if self._broken < MOST_BROKEN else ()

    def watch(self, devices: Mapping[str, str]) -> None:
        """Watch exactly these devices, by topic."""
        self._devices = devices
        gone = self.others.keys() - devices.values()
        for device in gone:
            del self.others[device]

    def connected(self, now: Now) -> None:
        """Forget what was announced on the broker that was connected before."""
        self.others.clear()
        self._answered = False
        self._repairs.cancel()
        self._silent_since = now.at

    def lost(self, now: Now) -> None:
        """Note that the connection has ended."""
        early = self._silent_since is not None and now.at - self._silent_since < BROKEN_S
        self._broken += early and bool(self._devices)
        self._silent_since = None

    def arrived(self, message: MessageArrived, ours: Callable[[str], Collection[str]]) -> None:
        """Note what is announced on a topic; `ours` returns the bases of this installation that a device may have."""
        self._silent_since, self._broken = None, 0
        device = self._devices[message.topic]
        bases = _bases(message.payload, device)
        if bases and bases.isdisjoint(ours(device)):
            self.others[device] = min(bases)
        elif bases or not message.payload:
            self.others.pop(device, None)

    def present_arrived(self, message: MessageArrived, base: str, now: Now) -> None:
        """Note what has arrived on the topic of our own device, which is announced with `base`."""
        bases = _bases(message.payload, self._devices[message.topic])
        if not message.payload:
            self.rival = None
            self._repairs.ask(now.at + SETTLE_S)
        elif bases and base not in bases:
            self.rival, self._rival_at = min(bases), now.at
            if not self._answered:
                self._answered = True
                self._repairs.ask(now.at + SETTLE_S)

    def tick(self, device: str, now: Now) -> bool:
        """End a conflict about our own `device` that is over; return whether to announce it again."""
        if device not in self.others and now.at - self._rival_at > RESOLVED_S:
            self.rival = None
        return self._repairs.due(now)


def device_topics(announced: Iterable[Place], wanted: Announcement | None, present: str) -> dict[str, str]:
    """Return the device by its topic. On that of the `present` one, nothing is ours in the single form."""
    ours = [each for each in announced if each.device_id != present or each.form == Form.DEVICE]
    devices = {(each.prefix, each.device_id) for each in ours}
    topics = {_topic(prefix, device): device for prefix, device in devices}
    topic = present_topic(wanted)
    return topics if wanted is None or topic is None else topics | {topic: wanted.config.id}


def present_topic(wanted: Announcement | None) -> str | None:
    """Return the topic of the device form, None if nothing is announced there."""
    return wanted.messages[0].topic if wanted is not None and wanted.form == Form.DEVICE and wanted.messages else None


def cleared(prefix: str, device: str) -> Message:
    """Return the message that removes what is announced of a device in the device form."""
    return Message(_topic(prefix, device), "", retain=True)


def _topic(prefix: str, device: str) -> str:
    return f"{prefix}/device/{device}/config"


def explain(instance: str, base_topic: str) -> str:
    """Return what is wrong and what to do: another bridge with another base topic has the same printer ID."""
    return (
        f"Another OctoPrint announces the printer ID {instance!r} to Home Assistant, with the base topic "
        f"{base_topic!r}. The entities are those of the one that announced last. "
        "Empty Printer ID in the settings of one of them."
    )


def note(base: str) -> Log:
    """Return the note in the log that a device is left alone: the bridge with `base` has announced it."""
    return Log(logging.INFO, f"Another OctoPrint, on {base}, has announced this device: it stays in Home Assistant")


def _bases(payload: bytes, device: str) -> set[str]:
    """Return the bases on whose `status` the availability of an announced device depends.

    The message may be of another version of the plugin, have short names of keys, and be cut off.
    """
    instance = re.escape(device.partition("temp_eta_")[2].encode())
    return {found.decode() for found in re.findall(rb'"([\w/-]+/%s)/status"' % instance, payload)}

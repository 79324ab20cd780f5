"""Whether somebody else uses a base (base topic and instance) that this bridge has left.

A copied SD card has the records of the original, and an ID that was given up may be another machine's now. So what is
left below a former base, and its instance's device in Home Assistant, is removed on a connection only after the bridge
has looked at the former base's `info` and `status` there. A broker may grant a subscription and deliver nothing, as the
user may not read (mosquitto). So a probe that is published below the former base must have come back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf
from typing import Any

from ...core.clock import Now
from ...home_assistant.entities.parts import HEARTBEAT_S
from ...messages.topics import Topics, base_of
from ...settings.table import Settings
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..protocol.effects import Effect, Log, Publish
from ..protocol.identity import Identity
from ..protocol.inputs import BrokerConnected, BrokerLost, BrokerRefused, MessageArrived, SubscriptionGranted
from .connect_settings import topics_of
from .identity_conflict import sender_of

#: The file with the bases that this installation has used.
BASES = "bases"
#: Bases that are remembered, those that were used last; and that are looked at, at a time.
MOST_BASES = 16
#: Seconds from the subscription until everything retained has arrived, if a probe has, and until nobody waits for it.
LOOK_S, WAIT_S = 3.0, 15.0
#: Seconds between probes of a base on which none has come back, meanwhile and later; the first may be too early.
PROBE_S, LATER_PROBE_S = 2.0, 60.0
#: Seconds in which a running bridge repeats its `status`: it is left online if the broker has crashed.
ALIVE_S = 2.5 * HEARTBEAT_S
#: Connections that ended while we looked, after which we look no more until OctoPrint restarts.
MOST_BROKEN = 3
#: With what the id of a device in Home Assistant begins, before the instance.
DEVICE = "temp_eta_"


class Use(Enum):
    """Who uses a former base on the connected broker."""

    #: It is not known yet.
    LOOKING = auto()
    #: It could not be found out within `WAIT_S`: nothing is removed, but it may still be found out.
    UNKNOWN = auto()
    #: Nobody: what is left there is ours.
    NOBODY = auto()
    #: Somebody else: nothing there is ours any more.
    ANOTHER = auto()


@dataclass(slots=True)
class _Look:
    """What was seen of a base since `since`, in monotonic seconds."""

    since: float
    use: Use = Use.LOOKING
    #: Whether `info` is of this start of ours, whether `status` is online, whether we may not read them, and whether
    #: what is published there arrives.
    ours: bool = False
    online: bool = False
    refused: bool = False
    readable: bool = False
    #: When the last probe was sent, in monotonic seconds.
    probed_at: float = -inf
    #: By topic: when something has arrived first, in monotonic seconds.
    heard: dict[str, float] = field(default_factory=dict)

    def is_live(self, message: MessageArrived, now: Now) -> bool:
        """Whether a message was published since `since`.

        With MQTT 5 its retain flag does not tell, but what was retained before arrives at once.
        """
        return not message.retained or now.at - self.heard.setdefault(message.topic, now.at) >= LOOK_S


class FormerBases(Part):
    """Looks at the bases for which the outbox has topics to clear, and Home Assistant may have devices of ours."""

    def __init__(self, outbox: Outbox, identity: Identity, settings: Settings, bases: Iterable[str] = ()) -> None:
        self._outbox = outbox
        self._identity = identity
        self._settings = settings
        self._bases = tuple(bases)[-MOST_BASES:]
        self._device_ids: frozenset[str] = frozenset()
        self._looks: dict[str, _Look] = {}
        #: Those that somebody else uses.
        self._given_up: set[str] = set()
        #: How many connections in sequence ended while we looked: some brokers end it at a topic that may not be read.
        self._broken = 0
        self._reports: list[Effect] = []

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            BrokerConnected: self._connected,
            BrokerLost: self._lost,
            MessageArrived: self._arrived,
            BrokerRefused: self._refused,
            SubscriptionGranted: self._granted,
        }

    @property
    def moved_from(self) -> str | None:
        """The base of the last connection before this start if it is another one, which was changed meanwhile."""
        last = next(reversed(self._bases), self._outbox.topics.base)
        return None if last == self._outbox.topics.base else last

    @property
    def stored(self) -> Mapping[str, Any]:
        """The bases that were used."""
        return {BASES: list(self._bases)}

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Look again on other topics: another machine with the former ones may have ended the connections."""
        if topics_of(settings) != topics_of(self._settings):
            self._broken = 0
        return super().configure(settings, now)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics to subscribe to."""
        return tuple(Topics(base).of(message) for base in self._looks for message in ("info", "status", "probe"))

    @property
    def present_device(self) -> str:
        """The id of our own device."""
        return f"{DEVICE}{self._settings.mqtt_custom_identifier}"

    @property
    def devices(self) -> Mapping[str, Use]:
        """Who uses the base of each watched device that is not ours now, by the device's id."""
        return {device: self._use_of_device(device) for device in self._device_ids}

    def watch(self, devices: Iterable[str], now: Now) -> None:
        """Look at the bases of exactly these devices, by their ids in Home Assistant."""
        ours = self.present_device
        self._device_ids = frozenset(each for each in devices if each.startswith(DEVICE) and each != ours)
        self._look(now)

    def use_of(self, base: str) -> Use:
        """Return who uses a base that is not the present one."""
        if base in self._given_up:
            return Use.ANOTHER
        look = self._looks.get(base)
        return Use.UNKNOWN if look is None else look.use

    def yield_to_another(self, base: str) -> None:
        """Note that somebody else uses `base`."""
        self._reports += self._another(base)

    def tick(self, now: Now) -> list[Effect]:
        """Decide what can be decided."""
        self._look(now)
        for base, look in self._looks.items():
            if look.use in (Use.LOOKING, Use.UNKNOWN):
                self._probe(base, look, now)
                seconds = now.at - look.since
                enough = ALIVE_S if look.online and not look.ours else LOOK_S
                seen = look.readable and not look.refused and seconds >= enough
                waited = Use.UNKNOWN if seconds >= WAIT_S else Use.LOOKING
                look.use = Use.NOBODY if seen else waited
                self._broken = 0 if seen or look.use is Use.UNKNOWN else self._broken
        reports, self._reports = self._reports, []
        return reports

    def _probe(self, base: str, look: _Look, now: Now) -> None:
        """Publish below a base to see whether we may read there; without QoS, as a refusal is no error."""
        wait = PROBE_S if look.use is Use.LOOKING else LATER_PROBE_S
        if self._outbox.connected and not (look.readable or look.refused) and now.at - look.probed_at >= wait:
            look.probed_at = now.at
            probe = Publish(Topics(base).of("probe"), self._identity.boot_id.encode(), 0)
            self._outbox.send_event("probe", probe, now, keep_s=wait, resend=False)

    def _look(self, now: Now) -> None:
        """Look at what is to be looked at: on the present connection, or the next one."""
        if not self._outbox.former and not self._device_ids and not self._looks:
            return
        bases = [base_of(topic) for topic in self._outbox.former]
        bases += (base for device in sorted(self._device_ids) for base in self._bases_of(device))
        most = MOST_BASES if self._broken < MOST_BROKEN else 0
        wanted = list(dict.fromkeys(base for base in bases if base not in self._given_up))[:most]
        self._looks = {base: self._looks.get(base) or _Look(now.at) for base in wanted}

    def _bases_of(self, device: str) -> list[str]:
        """Return the bases that a device may have had."""
        instance = device.removeprefix(DEVICE)
        known = (*self._bases, *map(base_of, self._outbox.former))
        return [
            f"{self._settings.mqtt_base_topic}/{instance}",
            *(each for each in known if instance_of(each) == instance),
        ]

    def _use_of_device(self, device: str) -> Use:
        uses = {self.use_of(base) for base in self._bases_of(device)}
        return next(use for use in (Use.ANOTHER, Use.LOOKING, Use.UNKNOWN, Use.NOBODY) if use in uses)

    def _connected(self, _: BrokerConnected, now: Now) -> list[Effect]:
        base = self._outbox.topics.base
        self._bases = (*(each for each in self._bases if each != base), base)[-MOST_BASES:]
        self._given_up.discard(base)
        self._looks = {}
        self._look(now)
        return []

    def _lost(self, _: BrokerLost, __: Now) -> list[Effect]:
        looking = any(look.use is Use.LOOKING for look in self._looks.values())
        self._broken += self._outbox.connected and looking
        return []

    def _refused(self, event: BrokerRefused, _: Now) -> list[Effect]:
        for base, look in self._looks.items() if not event.published else ():
            look.refused |= event.topic in (Topics(base).of("info"), Topics(base).of("status"))
        return []

    def _granted(self, event: SubscriptionGranted, now: Now) -> list[Effect]:
        """Look anew: what is retained arrives from now on."""
        for base, look in self._looks.items():
            if look.refused and event.topic in (Topics(base).of("info"), Topics(base).of("status")):
                self._looks[base] = _Look(now.at)
        return []

    def _arrived(self, message: MessageArrived, now: Now) -> list[Effect]:
        if not self._outbox.connected:
            return []
        for base, look in self._looks.items():
            topics = Topics(base)
            if message.topic == topics.of("info"):
                return self._info(base, look, message, now)
            if message.topic == topics.of("probe"):
                look.readable |= message.payload == self._identity.boot_id.encode()
            if message.topic == topics.of("status"):
                look.online = message.payload == b"online"
                return self._another(base) if look.is_live(message, now) and look.online else []
        return []

    def _info(self, base: str, look: _Look, message: MessageArrived, now: Now) -> list[Effect]:
        """Find out who has written `info`; an earlier start of ours is not told from another OctoPrint on this machine.

        That one is running if it publishes.
        """
        if not message.payload:
            look.ours = False
            return []
        live, sender = look.is_live(message, now), sender_of(message.payload)
        look.ours = sender is not None and sender[1] == self._identity.boot_id
        if look.ours:
            return []
        if sender is None or sender[0] != self._identity.machine or live:
            return self._another(base, sender[2] if sender else None)
        return []

    def _another(self, base: str, host: str | None = None) -> list[Effect]:
        """Note that somebody else uses `base`."""
        if base in self._given_up:
            return []
        self._given_up.add(base)
        who = repr(host) if host else "unknown"
        return [Log(logging.INFO, f"Another OctoPrint (host: {who}) uses {base} now: nothing of it is removed")]


def instance_of(base: str) -> str:
    """Return the last level of a base: the printer ID."""
    return base.rpartition("/")[2]

"""From what was announced to what is wanted, in which messages.

Home Assistant knows a component by its platform and identity (unique id; type and subtype of a trigger) and listens for
it on the topic, and under the key, where it first saw it. So every place where something was announced has one of three
fates:

* it *stays*: the same identity at the same place. Announcing it again updates it;
* it *moves*: the same identity at another place. Home Assistant must first let go of the old place
  (`migrate_discovery`), else the new one is a conflict. Its registry entry and history stay;
* it is *gone*: nobody has its identity any more. It must be removed in so many words, leaving it out removes nothing.

Hence up to four steps: remove, release, announce, clear. Home Assistant works a message off in the background
and, while a component of it is pending, drops whatever follows that component in the next device payload. So it
needs SETTLE_SECONDS between two steps.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any, Final

from ha_discovery.components import Component
from ha_discovery.device import Device, DeviceConfig
from ha_discovery.messages import (
    Form,
    Message,
    clear_message,
    device_message,
    device_topic,
    migration_message,
    removal_message,
    single_messages,
    single_topic,
)

SETTLE_SECONDS: Final = 2.0


@dataclass(frozen=True, order=True)
class Place:
    """Where one component was announced, and as what. `device`: the device's identifiers and connections."""

    prefix: str
    form: str
    device_id: str
    key: str
    platform: str
    identity: str
    device: tuple[tuple[str, str], ...]

    @property
    def topic(self) -> str:
        """Where it was announced."""
        if self.form == Form.DEVICE:
            return device_topic(self.prefix, self.device_id)
        return single_topic(self.prefix, self.platform, self.device_id, self.key)

    def stays_in(self, other: "Place") -> bool:
        """Whether the other is this component at this very place."""
        return self._is_same_as(other) and (self.topic, self.key) == (other.topic, other.key)

    def continues_in(self, other: "Place") -> bool:
        """Whether the other is this component, at this place or another that Home Assistant can move it to.

        Below another prefix it cannot see it; a device without a common mark is another device; and servers that need
        the single form need not know migrate_discovery.
        """
        movable = Form.DEVICE in (self.form, other.form) and self.prefix == other.prefix
        return self._is_same_as(other) and (movable or self.topic == other.topic)

    def _is_same_as(self, other: "Place") -> bool:
        same = (self.platform, self.identity) == (other.platform, other.identity)
        return same and bool(set(self.device) & set(other.device))


@dataclass(frozen=True)
class Announced:
    """What Home Assistant may know of. Kept on disk by the caller: as_json, from_json."""

    places: frozenset[Place] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Plain lists and strings for json.dump."""
        return {"version": 1, "places": [_place_as_json(place) for place in sorted(self.places)]}

    @classmethod
    def from_json(cls, stored: Any) -> "Announced":
        """Back from as_json. ValueError if it isn't that."""
        try:
            if stored["version"] != 1:
                raise ValueError(f"unknown version {stored['version']!r}")
            return cls(frozenset(_place_from_json(place) for place in stored["places"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a record of what was announced: {error!r}") from error


@dataclass(frozen=True)
class Announcement:
    """What is to be announced, in which form, below which prefix (Home Assistant's discovery prefix)."""

    config: DeviceConfig
    form: Form = Form.DEVICE
    prefix: str = "homeassistant"

    @property
    def messages(self) -> tuple[Message, ...]:
        """The retained messages that announce it."""
        if self.form == Form.DEVICE:
            return (device_message(self.config, self.prefix),)
        return single_messages(self.config, self.prefix)

    @property
    def places(self) -> frozenset[Place]:
        """Where each component of it is announced."""
        return frozenset(self._place(component) for component in self.config.components)

    def _place(self, component: Component) -> Place:
        return Place(
            self.prefix,
            str(self.form),
            self.config.id,
            component.key,
            component.platform,
            component.identity,
            _marks(self.config.device),
        )


@dataclass(frozen=True)
class Plan:
    """Store `before`; publish the steps with SETTLE_SECONDS between them; store `after`.

    `before` holds the old and the new, so that a plan cut short by a crash is made good by the next one.
    """

    before: Announced
    steps: tuple[tuple[Message, ...], ...]
    after: Announced


def plan(announced: Announced, wanted: Announcement | None) -> Plan:
    """The messages that lead from what was announced to what is wanted; None: nothing any more.

    Announces also where nothing has changed, so it serves a first start, a reconnect and Home Assistant's birth too.
    """
    old = announced.places
    new = wanted.places if wanted else frozenset()
    remove: list[Message] = []
    release: list[Message] = []
    clear: list[Message] = []
    for topic, places in _by_topic(old):
        gone = [place for place in places if not any(place.continues_in(other) for other in new)]
        moved = [place for place in places if place not in gone and not any(place.stays_in(other) for other in new)]
        remove += _removals(wanted, topic, places, gone)
        if moved:
            release.append(migration_message(topic))
            if topic not in {place.topic for place in new}:
                clear.append(clear_message(topic))
    announce = list(wanted.messages) if wanted else []
    return Plan(
        before=Announced(old | new),
        steps=tuple(tuple(step) for step in (remove, release, announce, clear) if step),
        after=Announced(new),
    )


def _by_topic(places: Iterable[Place]) -> list[tuple[str, list[Place]]]:
    """The places in order, grouped by topic."""
    ordered = sorted(places, key=lambda place: (place.topic, place))
    return [(topic, list(group)) for topic, group in groupby(ordered, key=lambda place: place.topic)]


def _removals(
    wanted: Announcement | None, topic: str, places: Collection[Place], gone: Collection[Place]
) -> list[Message]:
    """Remove the places that are gone from their topic: all at once where nothing of it is kept."""
    if not gone:
        return []
    if wanted is None or len(gone) == len(places) or any(place.form == Form.SINGLE for place in gone):
        return [clear_message(topic)]
    return [
        removal_message(wanted.config, topic, {place.key: platform for place in gone if place.platform == platform})
        for platform in sorted({place.platform for place in gone})
    ]


def _marks(device: Device) -> tuple[tuple[str, str], ...]:
    """What Home Assistant recognises a device by."""
    return (*(("", identifier) for identifier in device.identifiers), *device.connections)


def _place_as_json(place: Place) -> dict[str, Any]:
    return {f.name: getattr(place, f.name) for f in fields(place)}


def _place_from_json(stored: dict[str, Any]) -> Place:
    device = tuple((str(kind), str(value)) for kind, value in stored["device"])
    texts = {f.name: str(stored[f.name]) for f in fields(Place) if f.name != "device"}
    return Place(**texts, device=device)

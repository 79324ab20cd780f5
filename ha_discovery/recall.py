"""What departs leaves traces in Home Assistant's registries; how to have them wiped.

Removing has two holes. A Home Assistant that is away misses it and keeps entity and device for ever, for it does not
compare its registries with what is announced. And before 2026 it does not remove an entity that is disabled. Both are
filled by recalling what has departed: announced once more, bare and on a device of its own, it can be dismissed, and
the disabled ones go with that device. Likewise a device that was left: it is recalled with nothing but a trigger.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from zlib import crc32

from ha_discovery.announced import Announcement, Mark, Place
from ha_discovery.commanded import Button, Number
from ha_discovery.components import Component
from ha_discovery.device import Device, DeviceConfig, Origin
from ha_discovery.messages import Form
from ha_discovery.reported import BinarySensor, DeviceTrigger, Event, Sensor

_DEPARTED: Final = "ha_discovery_departed"
_BARE: Final[Mapping[str, Callable[..., Component]]] = {
    Sensor.platform: partial(Sensor, state_topic=_DEPARTED),
    BinarySensor.platform: partial(BinarySensor, state_topic=_DEPARTED),
    Button.platform: partial(Button, command_topic=_DEPARTED),
    Event.platform: partial(Event, state_topic=_DEPARTED, event_types=(_DEPARTED,)),
    Number.platform: partial(Number, command_topic=_DEPARTED),
}
"""The least that Home Assistant takes for an entity of a platform."""


class Living:
    """The entries and the device that go on. Each prefix is a world of its own."""

    def __init__(self, places: Iterable[Place]) -> None:
        """Remember what the places stand for."""
        self._entries = {(place.prefix, place.platform, place.identity) for place in places}
        self._marks = {(place.prefix, mark) for place in places for mark in place.device}

    def has_entry(self, place: Place) -> bool:
        """Whether somebody has its identity. A trigger is in no registry, nobody misses it."""
        return place.platform not in _BARE or (place.prefix, place.platform, place.identity) in self._entries

    def has_device(self, place: Place) -> bool:
        """Whether the device of this place lives on."""
        return any((place.prefix, mark) in self._marks for mark in place.device)

    def missing(self, places: Iterable[Place]) -> frozenset[Place]:
        """Those of the places that leave an entry or a device behind."""
        return frozenset(place for place in places if not self.has_entry(place) or not self.has_device(place))


@dataclass(frozen=True)
class _Stage:
    """Where to recall: prefix, id in topics, and the device."""

    prefix: str
    device_id: str
    marks: tuple[Mark, ...]

    def announcement(self, places: Iterable[Place] = ()) -> Announcement:
        """The least that Home Assistant takes for these entities.

        Singly, under id and key: to Home Assistant that is the same discovery as in the device form, so it forgets what
        it held ready for the old one. Enabled or not as it was, since Home Assistant remembers that of what it removes.
        The trigger is there to be removed: that makes it look whether anything enabled is left on the device.
        """
        entities = (
            _BARE[place.platform](
                key=place.key, unique_id=place.identity, name=place.key, enabled_by_default=place.enabled
            )
            for place in places
        )
        key = f"{_DEPARTED}_{crc32(repr(self.marks).encode()):08x}"
        trigger = DeviceTrigger(key=key, type=_DEPARTED, subtype=self.device_id, topic=_DEPARTED)
        device = Device(
            name=self.device_id,
            identifiers=tuple(value for kind, value in self.marks if not kind),
            connections=tuple((kind, value) for kind, value in self.marks if kind),
        )
        config = DeviceConfig(
            id=self.device_id, device=device, origin=Origin(name="ha_discovery"), components=(*entities, trigger)
        )
        return Announcement(config, Form.SINGLE, self.prefix)


def recall_entries(departed: Iterable[Place], living: Living) -> list[list[Announcement]]:
    """In rounds, to be made and dismissed one after the other: in none is a key or an identity twice."""
    rounds: list[list[Place]] = []
    for place in sorted({_staged(place) for place in departed if not living.has_entry(place)}):
        free = (places for places in rounds if not any(_clash(place, other) for other in places))
        chosen = next(free, None)
        if chosen is None:
            rounds.append(chosen := [])
        chosen.append(place)
    return [_announcements(places) for places in rounds]


def _clash(place: Place, other: Place) -> bool:
    """Whether Home Assistant cannot have both at once."""
    return place.prefix == other.prefix and (
        place.identity == other.identity or (place.device_id, place.key) == (other.device_id, other.key)
    )


def _announcements(places: Iterable[Place]) -> list[Announcement]:
    stages: dict[_Stage, list[Place]] = {}
    for place in places:
        stages.setdefault(_Stage(place.prefix, place.device_id, place.device), []).append(place)
    return [stage.announcement(on_it) for stage, on_it in stages.items()]


def recall_devices(departed: Iterable[Place], living: Living, entries: Iterable[Announcement]) -> list[Announcement]:
    """To be made and dismissed together, when the entries that live on have changed over to their device.

    Not those that go already with the entries recalled on them.
    """
    dismissed = {place for bare in entries for place in bare.places}
    left: dict[_Stage, bool] = {}
    for place in sorted(place for place in departed if not living.has_device(place)):
        known = (stage for stage in left if stage.prefix == place.prefix and set(stage.marks) & set(place.device))
        stage = next(known, _Stage(place.prefix, place.device_id, place.device))
        left[stage] = left.get(stage, False) or (place.platform in _BARE and living.has_entry(place))
    bare = {stage: stage.announcement() for stage in left}
    return [bare[stage] for stage, lately in left.items() if lately or not bare[stage].places <= dismissed]


def elsewhere(places: Iterable[Place]) -> frozenset[Place]:
    """The places as they are recalled later: singly, under keys of their own, for others may stand at the old ones."""
    return frozenset(
        replace(
            place,
            form=str(Form.SINGLE),
            key=place.key if place.key.startswith(_DEPARTED) else f"{_DEPARTED}_{place.key}",
        )
        for place in places
    )


def _staged(place: Place) -> Place:
    """The place on a device made up for it."""
    return replace(place, form=str(Form.SINGLE), device=(("", f"{place.device_id}_{_DEPARTED}"),))

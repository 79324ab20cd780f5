"""Removes the traces that a removed entity or device leaves in Home Assistant's registries.

A removal message alone has two gaps. A Home Assistant that is offline misses it, and keeps entity and device for ever:
it does not compare its registries with the discovery messages. And before 2026 it does not remove a disabled entity.
So a removed entity is announced once more, with placeholders, on a temporary device, and then cleared: a recall, then
a dismissal. Home Assistant removes a disabled entity with its device. A device without entities is recalled with a
trigger alone.
"""

from collections.abc import Iterable
from dataclasses import replace
from zlib import crc32

from ha_discovery.config.components import PLACEHOLDER, Entity
from ha_discovery.config.device import Device, DeviceConfig, Origin
from ha_discovery.config.frozen import frozen
from ha_discovery.config.platforms import DeviceTrigger
from ha_discovery.planning.announced import Announcement, Mark, Place
from ha_discovery.planning.messages import Form


class Remaining:
    """The registry entries and devices of the new announcement. Each prefix has its own."""

    def __init__(self, places: Iterable[Place]) -> None:
        """Index the places."""
        self._entries = {(place.prefix, place.platform, place.identity) for place in places}
        self._marks = {(place.prefix, mark) for place in places for mark in place.device}

    def has_entry(self, place: Place) -> bool:
        """Whether the identity of `place` is still in use. Triggers have no registry entry, so nothing to remove."""
        return place.platform not in Entity.platforms or (place.prefix, place.platform, place.identity) in self._entries

    def has_device(self, place: Place) -> bool:
        """Whether the device of `place` is still in use."""
        return any((place.prefix, mark) in self._marks for mark in place.device)

    def missing(self, places: Iterable[Place]) -> frozenset[Place]:
        """Return the places whose registry entry or device is no longer in use."""
        return frozenset(place for place in places if not self.has_entry(place) or not self.has_device(place))


@frozen()
class _Stage:
    """A device to recall entities on: discovery prefix, id in topics, and the device's marks."""

    prefix: str
    device_id: str
    marks: tuple[Mark, ...]

    def announcement(self, places: Iterable[Place] = ()) -> Announcement:
        """Announce these entities, with placeholders for their required fields.

        In the single form under their id and key: for Home Assistant that is the same discovery id as in the device
        form, so it drops what it still keeps under that id. Each is enabled or disabled as it was, because Home
        Assistant remembers this of a removed entity. The trigger makes Home Assistant check, when it is removed,
        whether the device still has enabled entities.
        """
        entities = (
            Entity.platforms[place.platform](
                key=place.key,
                unique_id=place.identity,
                name=place.key,
                enabled_by_default=place.enabled,
                **Entity.platforms[place.platform].least,
            )
            for place in places
        )
        key = f"{PLACEHOLDER}_{crc32(repr(self.marks).encode()):08x}"
        trigger = DeviceTrigger(key=key, type=PLACEHOLDER, subtype=self.device_id, topic=PLACEHOLDER)
        device = Device(
            name=self.device_id,
            identifiers=tuple(value for kind, value in self.marks if not kind),
            connections=tuple((kind, value) for kind, value in self.marks if kind),
        )
        config = DeviceConfig(
            id=self.device_id, device=device, origin=Origin(name="ha_discovery"), components=(*entities, trigger)
        )
        return Announcement(config, Form.SINGLE, self.prefix)


def recall_entries(departed: Iterable[Place], remaining: Remaining) -> list[list[Announcement]]:
    """Return rounds of announcements. Each is recalled and dismissed before the next; none uses an id twice."""
    rounds: list[list[Place]] = []
    for place in sorted({_staged(place) for place in departed if not remaining.has_entry(place)}):
        free = (places for places in rounds if not any(_conflict(place, other) for other in places))
        chosen = next(free, None)
        if chosen is None:
            rounds.append(chosen := [])
        chosen.append(place)
    return [_announcements(places) for places in rounds]


def _conflict(place: Place, other: Place) -> bool:
    """Whether Home Assistant refuses the second of the two."""
    return place.prefix == other.prefix and (
        place.identity == other.identity or (place.device_id, place.key) == (other.device_id, other.key)
    )


def _announcements(places: Iterable[Place]) -> list[Announcement]:
    stages: dict[_Stage, list[Place]] = {}
    for place in places:
        stages.setdefault(_Stage(place.prefix, place.device_id, place.device), []).append(place)
    return [stage.announcement(on_it) for stage, on_it in stages.items()]


def recall_devices(
    departed: Iterable[Place], remaining: Remaining, entries: Iterable[Announcement]
) -> list[Announcement]:
    """Return the devices to recall and dismiss in one step, after the remaining entries have moved to their device.

    Devices that go with the `entries` recalled on them are left out.
    """
    dismissed = {place for bare in entries for place in bare.places}
    left: dict[_Stage, bool] = {}
    for place in sorted(place for place in departed if not remaining.has_device(place)):
        known = (stage for stage in left if stage.prefix == place.prefix and set(stage.marks) & set(place.device))
        stage = next(known, _Stage(place.prefix, place.device_id, place.device))
        left[stage] = left.get(stage, False) or (place.platform in Entity.platforms and remaining.has_entry(place))
    bare = {stage: stage.announcement() for stage in left}
    return [bare[stage] for stage, moved_late in left.items() if moved_late or not bare[stage].places <= dismissed]


def elsewhere(places: Iterable[Place]) -> frozenset[Place]:
    """Return the places in the form for a later recall: single, under keys that no other component uses."""
    return frozenset(
        replace(
            place,
            form=str(Form.SINGLE),
            key=place.key if place.key.startswith(PLACEHOLDER) else f"{PLACEHOLDER}_{place.key}",
        )
        for place in places
    )


def _staged(place: Place) -> Place:
    """Return the place on a temporary device."""
    return replace(place, form=str(Form.SINGLE), device=(("", f"{place.device_id}_{PLACEHOLDER}"),))

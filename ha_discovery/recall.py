"""What departs leaves traces in Home Assistant's registries; how to have them wiped.

Removing has two holes. A Home Assistant that is away misses it and keeps entity and device for ever, for it does not
compare its registries with what is announced. And before 2026 it does not remove an entity that is disabled. Both are
filled by recalling what has departed: announced once more, bare and on a device of its own, it can be dismissed, and
the disabled ones go with that device.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ha_discovery.announced import Announcement, Mark, Place
from ha_discovery.components import BinarySensor, Button, Component, DeviceTrigger, Event, Number, Sensor
from ha_discovery.device import Device, DeviceConfig, Origin
from ha_discovery.messages import Form

_DEPARTED: Final = "ha_discovery_departed"
_TRIGGER: Final = DeviceTrigger(key=_DEPARTED, type=_DEPARTED, subtype=_DEPARTED, topic=_DEPARTED)
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

    def has_device(self, place: Place) -> bool:
        """Whether the device of this place lives on."""
        return any((place.prefix, mark) in self._marks for mark in place.device)

    def has_entry(self, place: Place) -> bool:
        """Whether somebody has its identity. A trigger is in no registry, nobody misses it."""
        return place.platform not in _BARE or (place.prefix, place.platform, place.identity) in self._entries

    def missing(self, places: Iterable[Place]) -> frozenset[Place]:
        """Those of the places that leave an entry or a device behind."""
        return frozenset(place for place in places if not self.has_entry(place) or not self.has_device(place))

    def remembered(self, places: Iterable[Place]) -> frozenset[Place]:
        """The same once the living have been announced, an entry of theirs having changed over to their device.

        As they would be recalled: singly, and under keys of their own, since others may stand at the old ones by then.
        """
        return frozenset(_device_alone(p) if self.has_entry(p) else _elsewhere(p) for p in self.missing(places))


def _device_alone(place: Place) -> Place:
    """The trigger by which the device of the place is recalled."""
    trigger = replace(place, platform=_TRIGGER.platform, key=_TRIGGER.key, identity=_TRIGGER.identity)
    return replace(trigger, form=str(Form.SINGLE), enabled=True)


def _elsewhere(place: Place) -> Place:
    """The place as it is recalled, under a key of its own."""
    key = place.key if place.key.startswith(_DEPARTED) else f"{_DEPARTED}_{place.key}"
    return replace(place, form=str(Form.SINGLE), key=key)


@dataclass(frozen=True)
class _Stage:
    """Where to recall: prefix, id in topics, and the device."""

    prefix: str
    device_id: str
    marks: tuple[Mark, ...]


def recalls(departed: Iterable[Place], living: Living) -> list[Announcement]:
    """The bare announcements by which the departed are recalled, to be made and dismissed one after the other."""
    return [
        Announcement(_bare_config(stage, places), Form.SINGLE, stage.prefix)
        for stage, places in _rounds(departed, living)
    ]


def _rounds(departed: Iterable[Place], living: Living) -> list[tuple[_Stage, list[Place]]]:
    """What can be recalled together: on one device, no key and no identity twice."""
    rounds: list[tuple[_Stage, list[Place]]] = []
    for place in sorted({replace(place, device=_recall_on(place, living)) for place in departed}):
        stage = _Stage(place.prefix, place.device_id, place.device)
        for other, places in rounds:
            if other == stage and all(place.key != p.key and place.identity != p.identity for p in places):
                places.append(place)
                break
        else:
            rounds.append((stage, [place]))
    return rounds


def _recall_on(place: Place, living: Living) -> tuple[Mark, ...]:
    """The place's own device, or one made up while that lives on, since its disabled entities go with a device only."""
    return (("", f"{place.device_id}_{_DEPARTED}"),) if living.has_device(place) else place.device


def _bare_config(stage: _Stage, places: Iterable[Place]) -> DeviceConfig:
    """The least that Home Assistant takes for these entities.

    To be announced singly under id and key: to Home Assistant that is the same discovery as in the device form, so it
    forgets what it held ready for the old one. Enabled or not as it was, since Home Assistant remembers that of what it
    removes. The trigger is there to be removed: that makes it look whether anything enabled is left on the device.
    """
    entities = (
        _BARE[place.platform](key=place.key, unique_id=place.identity, name=place.key, enabled_by_default=place.enabled)
        for place in places
        if place.platform in _BARE
    )
    return DeviceConfig(
        id=stage.device_id,
        device=Device(
            name=stage.device_id,
            identifiers=tuple(value for kind, value in stage.marks if not kind),
            connections=tuple((kind, value) for kind, value in stage.marks if kind),
        ),
        origin=Origin(name="ha_discovery"),
        components=(*entities, _TRIGGER),
    )

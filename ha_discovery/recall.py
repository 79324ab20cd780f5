"""What departs leaves traces in Home Assistant's registries; how to have them wiped.

Removing has two holes. A Home Assistant that is away misses it and keeps entity and device for ever, for it does not
compare its registries with what is announced. And before 2026 it does not remove an entity that is disabled. Both are
filled by recalling what has departed: announced once more, bare and on a device of its own, it can be dismissed, and
the disabled ones go with that device.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ha_discovery.announced import Mark, Place
from ha_discovery.components import BinarySensor, Button, Component, DeviceTrigger, Event, Number, Sensor
from ha_discovery.device import Device, DeviceConfig, Origin
from ha_discovery.messages import Message, clear_message, single_messages

_BARE: Final[Mapping[str, Callable[..., Component]]] = {
    Sensor.platform: lambda topic, **rest: Sensor(state_topic=topic, **rest),
    BinarySensor.platform: lambda topic, **rest: BinarySensor(state_topic=topic, **rest),
    Button.platform: lambda topic, **rest: Button(command_topic=topic, **rest),
    Event.platform: lambda topic, **rest: Event(state_topic=topic, event_types=(_DEPARTED,), **rest),
    Number.platform: lambda topic, **rest: Number(command_topic=topic, **rest),
}
_DEPARTED: Final = "ha_discovery_departed"


class Living:
    """The entries and devices that go on, so that nothing is to be wiped of them."""

    def __init__(self, places: Iterable[Place]) -> None:
        """Remember what the places stand for."""
        self._entries = {(place.platform, place.identity) for place in places}
        self._marks = {mark for place in places for mark in place.device}

    def misses_entry(self, place: Place) -> bool:
        """Whether an entity departs with this place. A trigger is in no registry."""
        return place.platform in _BARE and (place.platform, place.identity) not in self._entries

    def misses_device(self, place: Place) -> bool:
        """Whether the device of this place departs."""
        return not self._marks & set(place.device)

    def missing(self, places: Iterable[Place]) -> frozenset[Place]:
        """Those of the places that leave something behind."""
        return frozenset(place for place in places if self.misses_entry(place) or self.misses_device(place))


@dataclass(frozen=True, order=True)
class _Stage:
    """Where to recall: prefix, id in topics, and the device: the place's own, or one made up while that lives on."""

    prefix: str
    device_id: str
    marks: tuple[Mark, ...]


def elsewhere(place: Place) -> Place:
    """The place under a key of its own: another one may stand at its old key by now."""
    return replace(place, key=f"{_DEPARTED}_{place.key}")


def recall_and_dismiss(departed: Iterable[Place], living: Living) -> list[list[Message]]:
    """Announce the departed bare, then clear that again: two steps for each round."""
    steps: list[list[Message]] = []
    for stage, places in _rounds(departed, living):
        bare = _bare_config(stage, [place for place in places if living.misses_entry(place)])
        recall = [replace(message, retain=False) for message in single_messages(bare, stage.prefix)]
        steps += [recall, [clear_message(message.topic) for message in recall]]
    return steps


def _rounds(departed: Iterable[Place], living: Living) -> list[tuple[_Stage, list[Place]]]:
    """What can be recalled together: on one device, no key and no identity twice."""
    rounds: list[tuple[_Stage, list[Place]]] = []
    for place in sorted(departed):
        own = living.misses_device(place)
        stage = _Stage(
            place.prefix, place.device_id, place.device if own else (("", f"{place.device_id}_{_DEPARTED}"),)
        )
        for other, places in rounds:
            if other == stage and all(place.key != p.key and place.identity != p.identity for p in places):
                places.append(place)
                break
        else:
            rounds.append((stage, [place]))
    return rounds


def _bare_config(stage: _Stage, places: Iterable[Place]) -> DeviceConfig:
    """The least that Home Assistant takes for these entities.

    To be announced singly under id and key: to Home Assistant that is the same discovery as in the device form, so it
    forgets what it held ready for the old one. Disabled, so that what had really gone does not flash up. The trigger
    is there to be removed: that makes Home Assistant look whether anything enabled is left on the device.
    """
    topic = f"{stage.device_id}/{_DEPARTED}"
    entities = (
        _BARE[place.platform](topic, key=place.key, unique_id=place.identity, name=place.key, enabled_by_default=False)
        for place in places
    )
    return DeviceConfig(
        id=stage.device_id,
        device=Device(
            name=stage.device_id,
            identifiers=tuple(value for kind, value in stage.marks if not kind),
            connections=tuple((kind, value) for kind, value in stage.marks if kind),
        ),
        origin=Origin(name="ha_discovery"),
        components=(*entities, DeviceTrigger(key=_DEPARTED, type=_DEPARTED, subtype=_DEPARTED, topic=topic)),
    )

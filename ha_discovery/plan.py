"""From what was announced to what is wanted, in which messages.

Home Assistant knows a component by its platform and identity (unique id; type and subtype of a trigger), and
listens for its configuration where it first saw it. So every place where something was announced has one of three
fates:

* it *stays*: the same identity at the same place. Announcing it again updates it;
* it *moves*: the same identity at another place. Home Assistant must let go of the old place first
  (`migrate_discovery`), else the new one is a conflict. Its registry entry, and so its history, stays;
* it is *gone*: it must be removed in so many words, leaving it out removes nothing.

Removing has two holes. A Home Assistant that is away misses it and keeps the entity for ever, for it does not
compare its registry with what is announced. And before 2026 it does not remove an entity that is disabled. Both are
filled by recalling what has departed: announced once more, bare and on a device of its own, it can be dismissed, and
the disabled ones go with that device.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Final

from ha_discovery.announced import Announced, Announcement, Place
from ha_discovery.components import BinarySensor, Button, Component, DeviceTrigger, Event, Number, Sensor
from ha_discovery.device import Device, DeviceConfig, Origin
from ha_discovery.messages import (
    Form,
    Message,
    clear_message,
    migration_message,
    removal_message,
    single_messages,
)

SETTLE_SECONDS: Final = 2.0
"""Pause between two steps: Home Assistant works a message off in the background, and while a component is pending it
drops whatever stands behind that component in the next device payload."""

_DEPARTED: Final = "ha_discovery_departed"

Mark = tuple[str, str]
Recall = tuple[str, str, tuple[Mark, ...]]
"""Prefix, the device's id in topics, and the device to recall on."""


@dataclass(frozen=True)
class Plan:
    """Store `before`; publish the steps with SETTLE_SECONDS between them; store `after`.

    `before` holds the old and the new: a plan that is cut short, by a crash or a new wish, is made good by the next
    one, made from `before`.
    """

    before: Announced
    steps: tuple[tuple[Message, ...], ...]
    after: Announced


def plan(announced: Announced, wanted: Announcement | None, *, online: bool = False) -> Plan:
    """The messages that lead from what was announced to what is wanted; None: nothing any more.

    It announces also what has not changed, so it serves a first start, a reconnect and Home Assistant's birth alike.
    `online`: Home Assistant is known to listen (its birth message came, its will did not), so that what departs need
    not be remembered.
    """
    old, new = announced.places, wanted.places if wanted else frozenset()
    moved = {place for place in old if any(place.moves_to(other) for other in new)}
    gone = {place for place in old - moved if not any(place.stays_in(other) for other in new)}
    departed = _in_registry(announced.departed, new)
    departing = _in_registry(gone, new)
    steps = (
        _remove(gone, old, wanted),
        *_recall_and_dismiss(departing | {replace(place, key=f"{_DEPARTED}_{place.key}") for place in departed}, new),
        _release(moved, new),
        wanted.messages if wanted else (),
    )
    return Plan(
        before=replace(announced, places=old | new),
        steps=tuple(tuple(step) for step in steps if step),
        after=Announced(new, frozenset() if online else departed | departing),
    )


def _in_registry(places: Iterable[Place], new: Iterable[Place]) -> frozenset[Place]:
    """Those that leave something behind: a trigger is in no registry, and what is wanted anew takes its entry over."""
    living = {(place.platform, place.identity) for place in new}
    return frozenset(p for p in places if p.platform in _BARE and (p.platform, p.identity) not in living)


def _remove(gone: Iterable[Place], old: Iterable[Place], wanted: Announcement | None) -> Iterable[Message]:
    """Take what is gone off each topic: all at once where nothing else was announced there."""
    everything = _by_topic(old)
    messages: list[Message] = []
    for topic, places in _by_topic(gone).items():
        if wanted is None or places == everything[topic] or places[0].form == Form.SINGLE:
            messages.append(clear_message(topic))
            continue
        for platform in sorted({place.platform for place in places}):
            keys = [place.key for place in places if place.platform == platform]
            messages.append(removal_message(wanted.config, topic, platform, keys))
    return messages


def _release(moved: Iterable[Place], new: Iterable[Place]) -> Iterable[Message]:
    """Make Home Assistant let go of what moves, and clear the topics that are left.

    Clearing before announcing, since an empty message for what has already moved is a conflict.
    """
    in_use = {place.topic for place in new}
    messages: list[Message] = []
    for topic in _by_topic(moved):
        messages.append(migration_message(topic))
        if topic not in in_use:
            messages.append(clear_message(topic))
    return messages


def _recall_and_dismiss(departed: Iterable[Place], new: Iterable[Place]) -> list[list[Message]]:
    """Announce the departed bare, then clear that again: two steps for each round."""
    living = {mark for place in new for mark in place.device}
    steps: list[list[Message]] = []
    for (prefix, device_id, marks), places in _rounds(departed, living):
        bare = _bare_config(device_id, marks, places)
        recall = [replace(message, retain=False) for message in single_messages(bare, prefix)]
        steps += [recall, [clear_message(message.topic) for message in recall]]
    return steps


def _rounds(departed: Iterable[Place], living: Set[Mark]) -> list[tuple[Recall, list[Place]]]:
    """What can be recalled together: of one device, no key and no identity twice."""
    rounds: list[tuple[Recall, list[Place]]] = []
    for place in sorted(departed):
        recall = (place.prefix, place.device_id, _recall_on(place, living))
        for other, places in rounds:
            if other == recall and all(place.key != p.key and place.identity != p.identity for p in places):
                places.append(place)
                break
        else:
            rounds.append((recall, [place]))
    return rounds


def _recall_on(place: Place, living: Set[Mark]) -> tuple[Mark, ...]:
    """The device to recall it on: its own, or one made for it while its own lives on."""
    return (("", f"{place.device_id}_{_DEPARTED}"),) if living & set(place.device) else place.device


def _bare_config(device_id: str, marks: Iterable[Mark], places: Iterable[Place]) -> DeviceConfig:
    """The least that Home Assistant takes for these components.

    To be announced singly under id and key: to Home Assistant that is the same discovery as in the device form, so it
    forgets what it held ready for the old one. Disabled, so that what had really gone does not flash up. The trigger
    is there to be removed: that makes Home Assistant look whether anything enabled is left on the device.
    """
    topic = f"{device_id}/{_DEPARTED}"
    return DeviceConfig(
        id=device_id,
        device=Device(
            name=device_id,
            identifiers=tuple(value for kind, value in marks if not kind),
            connections=tuple((kind, value) for kind, value in marks if kind),
        ),
        origin=Origin(name="ha_discovery"),
        components=(
            *(
                _BARE[place.platform](
                    topic, key=place.key, unique_id=place.identity, name=place.key, enabled_by_default=False
                )
                for place in places
            ),
            DeviceTrigger(key=_DEPARTED, type=_DEPARTED, subtype=_DEPARTED, topic=topic),
        ),
    )


_BARE: Final[Mapping[str, Callable[..., Component]]] = {
    Sensor.platform: lambda topic, **rest: Sensor(state_topic=topic, **rest),
    BinarySensor.platform: lambda topic, **rest: BinarySensor(state_topic=topic, **rest),
    Button.platform: lambda topic, **rest: Button(command_topic=topic, **rest),
    Event.platform: lambda topic, **rest: Event(state_topic=topic, event_types=(_DEPARTED,), **rest),
    Number.platform: lambda topic, **rest: Number(command_topic=topic, **rest),
}
"""By platform. Triggers are in no registry: gone is gone."""


def _by_topic(places: Iterable[Place]) -> dict[str, list[Place]]:
    """The places in order, by topic."""
    topics: dict[str, list[Place]] = {}
    for place in sorted(places):
        topics.setdefault(place.topic, []).append(place)
    return topics

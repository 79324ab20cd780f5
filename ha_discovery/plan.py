"""From what was announced to what is wanted, in which messages.

Home Assistant knows a component by its platform and identity (unique id; type and subtype of a trigger), and listens
for its configuration where it first saw it. So every place where something was announced has one of three fates:

* it *stays*: the same identity at the same place. Announcing it again updates it;
* it *moves*: the same identity at another place. Home Assistant must let go of the old place first
  (`migrate_discovery`), else the new one is a conflict. Its registry entry, and so its history, stays;
* it is *gone*: it must be removed in so many words, leaving it out removes nothing. What that may leave behind is
  recalled and dismissed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ha_discovery.announced import Announced, Announcement, Place
from ha_discovery.messages import Form, Message, clear_message, migration_message, removal_message
from ha_discovery.recall import Living, elsewhere, recall_devices, recall_entries

SETTLE_SECONDS: Final = 2.0
"""Pause between two steps: Home Assistant works a message off in the background, and while a component is pending it
drops whatever stands behind that component in the next device payload."""


@dataclass(frozen=True)
class Plan:
    """Store `before`; publish the steps with SETTLE_SECONDS between them; store `after`.

    `before` holds the old, the new and what is between: a plan that is cut short, by a crash or a new wish, is made
    good by the next one, made from `before`.
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
    living = Living(new)
    departed = living.missing(gone | announced.departed)
    departing = recall_entries(living.missing(gone), living)
    # under keys of their own: they are in nobody's way
    unseen = recall_entries(living.missing(announced.departed), living)
    entries = [bare for together in (*departing, *unseen) for bare in together]
    devices = recall_devices(departed, living, entries)
    between = frozenset(place for bare in (*entries, *devices) for place in bare.places)
    steps = (
        _remove(gone, old, wanted),
        *(step for together in departing for step in _recall_and_dismiss(together)),
        _release(moved, new),
        wanted.messages if wanted else (),
        *(step for together in unseen for step in _recall_and_dismiss(together)),
        *_recall_and_dismiss(devices),
    )
    return Plan(
        before=replace(announced, places=old | between | new),
        steps=tuple(tuple(step) for step in steps if step),
        after=Announced(new, frozenset() if online else elsewhere(departed | living.missing(between))),
    )


def _remove(gone: Iterable[Place], old: Iterable[Place], wanted: Announcement | None) -> list[Message]:
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


def _recall_and_dismiss(bare: Iterable[Announcement]) -> tuple[list[Message], list[Message]]:
    """Announce it for a moment, two steps."""
    recall = [replace(message, retain=False) for announcement in bare for message in announcement.messages]
    return recall, [clear_message(message.topic) for message in recall]


def _release(moved: Iterable[Place], new: Iterable[Place]) -> list[Message]:
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


def _by_topic(places: Iterable[Place]) -> dict[str, list[Place]]:
    """The places in order, by topic."""
    topics: dict[str, list[Place]] = {}
    for place in sorted(places):
        topics.setdefault(place.topic, []).append(place)
    return topics

"""The messages that lead from the previous announcement to the new one.

Home Assistant identifies a component by its platform and identity (unique id; type and subtype of a trigger), and
expects its configuration on the topic where it first saw it. So there are three cases for each announced place:

* it *stays*: the same identity at the same place. Announcing it again updates it.
* it *moves*: the same identity at another place. Home Assistant must release the old place first
  (`migrate_discovery`), otherwise the new one is a conflict. It keeps the registry entry, and with it the history.
* it is *gone*: it must be removed explicitly, because leaving it out removes nothing. Then what a removal may leave in
  the registries is recalled and dismissed, see `recall`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from ha_discovery.planning.announced import Announced, Announcement, Place
from ha_discovery.planning.messages import Form, Message, clear_message, migration_message, removal_message
from ha_discovery.planning.recall import Remaining, elsewhere, recall_devices, recall_entries

SETTLE_SECONDS: Final = 2.0
"""Pause between two steps. Home Assistant processes a message in the background; while a component is pending, it drops
all components that follow it in the next device payload."""


@dataclass(frozen=True)
class Plan:
    """Store `before`, publish the steps with SETTLE_SECONDS between them, then store `after`.

    `before` has the old places, the new ones and all temporary ones. If the plan is interrupted, by a crash or a new
    announcement, the next plan starts from `before` and cleans up.
    """

    before: Announced
    steps: tuple[tuple[Message, ...], ...]
    after: Announced


def plan(announced: Announced, wanted: Announcement | None, *, online: bool = False) -> Plan:
    """Return the messages that lead from `announced` to `wanted`; None removes everything.

    It also announces what has not changed, so it is right for a first start, a reconnect and Home Assistant's birth
    message. `online`: Home Assistant is known to be connected (its birth message came, its will did not), so removed
    components need not be remembered.
    """
    old, new = announced.places, wanted.places if wanted else frozenset()
    moved = {place for place in old if any(place.moves_to(other) for other in new)}
    gone = {place for place in old - moved if not any(place.stays_in(other) for other in new)}
    remaining = Remaining(new)
    departed = remaining.missing(gone | announced.departed)
    departing = recall_entries(remaining.missing(gone), remaining)
    # under keys that no other component uses
    unseen = recall_entries(remaining.missing(announced.departed), remaining)
    entries = [bare for together in (*departing, *unseen) for bare in together]
    devices = recall_devices(departed, remaining, entries)
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
        after=Announced(new, frozenset() if online else elsewhere(departed | remaining.missing(between))),
    )


def _remove(gone: Iterable[Place], old: Iterable[Place], wanted: Announcement | None) -> list[Message]:
    """Remove what is gone from each topic, by clearing the topic if nothing else was announced there."""
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
    """Return two steps: announce it, clear it."""
    recall = [replace(message, retain=False) for announcement in bare for message in announcement.messages]
    return recall, [clear_message(message.topic) for message in recall]


def _release(moved: Iterable[Place], new: Iterable[Place]) -> list[Message]:
    """Make Home Assistant release what moves, and clear the topics that are no longer used.

    They are cleared before the announcement: an empty message for a component that has already moved is a conflict.
    """
    in_use = {place.topic for place in new}
    messages: list[Message] = []
    for topic in _by_topic(moved):
        messages.append(migration_message(topic))
        if topic not in in_use:
            messages.append(clear_message(topic))
    return messages


def _by_topic(places: Iterable[Place]) -> dict[str, list[Place]]:
    """Return the places by topic, sorted."""
    topics: dict[str, list[Place]] = {}
    for place in sorted(places):
        topics.setdefault(place.topic, []).append(place)
    return topics

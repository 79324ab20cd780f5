"""The messages that lead from the previous announcement to the new one.

Home Assistant identifies a component by its platform and identity (unique id; type and subtype of a trigger), and
expects its configuration on the topic where it first saw it. So there are three cases for each announced place:

* it *stays*: the same identity at the same place. Announcing it again updates it.
* it *moves*: the same identity at another place. Home Assistant must release the old place first
  (`migrate_discovery`), otherwise the new one is a conflict. It keeps the registry entry, and with it the history.
* it is *gone*: it must be removed explicitly, because leaving it out removes nothing. Then what a removal may leave in
  the registries is recalled and dismissed, see `recall`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from ha_discovery.config.frozen import frozen
from ha_discovery.planning.announced import Announced, Announcement, Place
from ha_discovery.planning.messages import Form, Message, clear_message, migration_message, removal_message
from ha_discovery.planning.recall import Remaining, elsewhere, recall_devices, recall_entries

MOST_FORMER: Final = 1000
"""Former places that are remembered at most, while Home Assistant is not known to be online."""

SETTLE_SECONDS: Final = 2.0
"""Pause between two steps. Home Assistant processes a message in the background; while a component is pending, it drops
all components that follow it in the next device payload."""


@frozen()
class Plan:
    """Store the record of each step and publish the step, with SETTLE_SECONDS between steps, then store `after`.

    Begin a step, and store `after`, only when the broker has acknowledged all messages of the step before.

    A record has what Home Assistant may have while its step is processed. If the plan is interrupted, by a crash or a
    new announcement, the next plan starts from the record of the last step and cleans up. There is one per step.
    """

    steps: tuple[tuple[Message, ...], ...]
    records: tuple[Announced, ...]
    after: Announced

    @property
    def before(self) -> Announced:
        """The record of the first step."""
        return self.records[0] if self.records else self.after


def plan(announced: Announced, wanted: Announcement | None, *, online: bool = False) -> Plan:
    """Return the messages that lead from `announced` to `wanted`; None removes everything.

    It also announces what has not changed, so it is right for a first start, a reconnect and Home Assistant's birth
    message. `online`: Home Assistant is known to be connected (its birth message came, its will did not), so removed
    components need not be remembered. What has moved or was removed while it may have been away, without stopping, is
    released or removed then.
    """
    new = wanted.places if wanted else frozenset()
    old = announced.places | _unused(announced.former, new) if online else announced.places
    moved, gone = _changes(old, new)
    remaining = Remaining(new)
    departed = remaining.missing(gone | announced.departed)
    departing = recall_entries(remaining.missing(gone), remaining)
    # under keys that no other component uses
    unseen = recall_entries(remaining.missing(_others(announced.departed, gone)), remaining)
    devices = recall_devices(departed, remaining, [bare for together in (*departing, *unseen) for bare in together])
    # components that are recalled, until they are dismissed
    first, second, last = _places(*departing), _places(*unseen), _places(devices)
    # it may miss any of this without stopping, and keep what it has loaded
    former = frozenset() if online else _unused(announced.former | moved | gone, new)
    staged = frozenset() if online else elsewhere(departed | remaining.missing(first | second | last))
    after = Announced(new, staged, former)
    todo: list[tuple[Collection[Message], frozenset[Place]]] = [
        *((step, old) for step in _remove(gone, old, wanted)),
        *((step, (old - gone) | first | last) for together in departing for step in _recall_and_dismiss(together)),
        (_release(moved, new), (old - gone) | last),
        (wanted.messages if wanted else (), (old - gone - moved) | new | last),
        *((step, new | second | last) for together in unseen for step in _recall_and_dismiss(together)),
        *((step, new | last) for step in _recall_and_dismiss(devices)),
    ]
    todo = [(step, places) for step, places in todo if step]
    return Plan(
        steps=tuple(tuple(step) for step, _ in todo),
        records=tuple(Announced(places, announced.departed | after.departed, former) for _, places in todo),
        after=after,
    )


def _changes(old: frozenset[Place], new: frozenset[Place]) -> tuple[frozenset[Place], frozenset[Place]]:
    """Return what of `old` moves to a place in `new`, and what is gone."""
    same = _by_identity(new)
    moved = frozenset(place for place in old if any(place.moves_to(other) for other in same[_identity(place)]))
    return moved, old - moved - _staying(old, new)


def _staying(places: frozenset[Place], new: frozenset[Place]) -> frozenset[Place]:
    """Return those of the places where the same component is in `new`."""
    same = _by_identity(new)
    return frozenset(place for place in places if any(place.stays_in(other) for other in same[_identity(place)]))


def _unused(places: frozenset[Place], new: frozenset[Place]) -> frozenset[Place]:
    """Return a limited number of the places, without those where `new` has the same identity, on whatever device.

    A recall that was interrupted leaves such a place: on the topic of the entity, but with a temporary device. Clearing
    that topic later would remove the entity that is announced there now.
    """
    used = {(place.topic, place.key, _identity(place)) for place in new}
    unused = (place for place in places if (place.topic, place.key, _identity(place)) not in used)
    return frozenset(sorted(unused)[:MOST_FORMER])


def _others(places: Iterable[Place], known: Iterable[Place]) -> frozenset[Place]:
    """Return the places of other identities than those of `known`."""
    identities = {_identity(place) for place in known}
    return frozenset(place for place in places if _identity(place) not in identities)


def _places(*rounds: Iterable[Announcement]) -> frozenset[Place]:
    return frozenset(place for together in rounds for bare in together for place in bare.places)


def _remove(
    gone: Iterable[Place], old: Iterable[Place], wanted: Announcement | None
) -> tuple[list[Message], list[Message]]:
    """Remove what is gone from each topic, by clearing the topic if nothing else was announced there.

    Devices are cleared in a second step: Home Assistant applies this to all components with the device's id, and for
    those on single topics, which an interrupted plan may have left, it is a conflict.
    """
    everything = _by_topic(old)
    messages: list[Message] = []
    cleared: list[Message] = []
    for topic, places in _by_topic(gone).items():
        if places[0].form == Form.SINGLE:
            messages.append(clear_message(topic))
            continue
        if wanted is None or places == everything[topic]:
            cleared.append(clear_message(topic))
            continue
        for platform in sorted({place.platform for place in places}):
            keys = [place.key for place in places if place.platform == platform]
            messages.append(removal_message(wanted.config, topic, platform, keys))
    return messages, cleared


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


def _identity(place: Place) -> tuple[str, str]:
    return place.platform, place.identity


def _by_identity(places: Iterable[Place]) -> Mapping[tuple[str, str], list[Place]]:
    found: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in places:
        found[_identity(place)].append(place)
    return found


def _by_topic(places: Iterable[Place]) -> dict[str, list[Place]]:
    """Return the places by topic, sorted."""
    topics: dict[str, list[Place]] = {}
    for place in sorted(places):
        topics.setdefault(place.topic, []).append(place)
    return topics

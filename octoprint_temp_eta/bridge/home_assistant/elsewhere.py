"""What the other brokers may still have: it was removed while one of them was not connected.

The bridge has one record of what is announced, but there may be several brokers. Those of a list may be one cluster, so
the record is common to all of them, and this is kept in addition: what is removed on one broker is removed again on
each other one, when that is connected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from ha_discovery import Announced, Place

from ..broker.by_broker import ByBroker

#: The file.
ELSEWHERE = "announced_elsewhere"
#: What is remembered of a broker at most.
MOST_PLACES = 1000


class Elsewhere:
    """By broker, what it may have in addition to the common record."""

    def __init__(self, stored: object = None) -> None:
        self._places: ByBroker[frozenset[Place]] = ByBroker(stored, "places", frozenset(), _encode, _decode)

    @property
    def as_json(self) -> list[dict[str, Any]]:
        """As it is stored."""
        return self._places.as_json

    def connected(self, broker: str) -> frozenset[Place]:
        """Note which broker is connected; return what it may have in addition."""
        return self._places.connect(broker)

    def removed(self, places: Iterable[Place]) -> None:
        """Note what is removed on the connected broker: the others may keep it."""
        gone = sorted(places)[:MOST_PLACES]
        if gone:
            room = MOST_PLACES - len(gone)
            self._places.change(
                lambda known: frozenset((*gone, *sorted(known.difference(gone))[:room])), others_only=True
            )

    def forget_devices(self, devices: Collection[str]) -> None:
        """Forget what is announced of these devices, by their ids, on every broker."""
        self._places.change(lambda known: frozenset(each for each in known if each.device_id not in devices))

    def done(self) -> None:
        """Note that the connected broker has nothing left."""
        self._places.empty_present()


def without(announced: Announced, devices: Collection[str]) -> Announced:
    """Return the record without these devices, by their ids."""
    left = frozenset(place for place in announced.everything if place.device_id in devices)
    return announced - Announced(left, left, left)


def _encode(places: frozenset[Place]) -> Any:
    return Announced(places).as_json()["places"]


def _decode(stored: Any) -> frozenset[Place]:
    return Announced.from_json({"version": 1, "places": stored[:MOST_PLACES], "departed": []}).places

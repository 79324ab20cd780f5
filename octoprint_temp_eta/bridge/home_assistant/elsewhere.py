"""What the other brokers may still have: it was removed while one of them was not connected.

The bridge has one record of what is announced, but there may be several brokers: those of a list, or another one after
a change of the settings. Those of a list may be one cluster, so the record is common to all of them, and this is kept
in addition: what is removed on one broker is removed again on each other one, when that is connected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ha_discovery import Announced, Place

#: The file.
ELSEWHERE = "announced_elsewhere"
#: Brokers that are remembered, the last ones, and what is remembered of each.
MOST_BROKERS, MOST_PLACES = 16, 1000


class Elsewhere:
    """By broker, the one that was connected last at the end: what it may have in addition to the common record."""

    def __init__(self, stored: object = None) -> None:
        self._places: dict[str, frozenset[Place]] = _read(stored)
        self._broker: str | None = None
        #: As it is stored.
        self.as_json: list[dict[str, Any]] = []
        self._store()

    def connected(self, broker: str) -> frozenset[Place]:
        """Note which broker is connected; return what it may have in addition."""
        self._broker = broker
        places = self._places[broker] = self._places.pop(broker, frozenset())
        while len(self._places) > MOST_BROKERS:
            del self._places[next(iter(self._places))]
        self._store()
        return places

    def removed(self, places: Iterable[Place]) -> None:
        """Note what is removed on the connected broker: the others may keep it."""
        gone = sorted(places)[:MOST_PLACES]
        others = {broker: known for broker, known in self._places.items() if broker != self._broker}
        for broker, known in others.items():
            earlier = sorted(known.difference(gone))[: MOST_PLACES - len(gone)]
            self._places[broker] = frozenset((*gone, *earlier))
        if gone and others:
            self._store()

    def done(self) -> None:
        """Note that the connected broker has nothing left."""
        if self._broker is not None and self._places.get(self._broker):
            self._places[self._broker] = frozenset()
            self._store()

    def forget(self) -> None:
        """Forget everything: it belongs to another bridge now."""
        self._places.clear()
        self._store()

    def _store(self) -> None:
        self.as_json = [
            {"broker": broker, "places": Announced(places).as_json()["places"]}
            for broker, places in self._places.items()
        ]


def _read(stored: object) -> dict[str, frozenset[Place]]:
    """Return what was stored; nothing if it is damaged."""
    try:
        entries = list(stored)[-MOST_BROKERS:] if isinstance(stored, list) else []
        return {
            str(entry["broker"]): Announced.from_json(
                {"version": 1, "places": entry["places"][:MOST_PLACES], "departed": []}
            ).places
            for entry in entries
        }
    except (KeyError, TypeError, ValueError):
        return {}

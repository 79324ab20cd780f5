"""What is remembered of each broker: there may be several, of a list, or another one after a change of the settings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Collection[Any])

#: Brokers that are remembered: those that were connected last.
MOST_BROKERS = 16


class ByBroker(Generic[T]):
    """Values by address of the broker, the one that was connected last at the end.

    `key` names a value where it is stored; `encode` and `decode` convert it. `decode` may raise KeyError, TypeError or
    ValueError for one that is damaged. `empty` is the value of a broker that was not connected yet.
    """

    def __init__(
        self, stored: object, key: str, empty: T, encode: Callable[[T], Any], decode: Callable[[Any], T]
    ) -> None:
        self._key = key
        self._empty = empty
        self._encode = encode
        self._values: dict[str, T] = self._read(stored, decode)
        self._connected = ""
        #: As it is stored.
        self.as_json: list[dict[str, Any]] = []
        self._store()

    @property
    def present(self) -> T:
        """The value of the connected broker."""
        return self._values.get(self._connected, self._empty)

    def connect(self, broker: str) -> T:
        """Note that `broker` is connected; return its value."""
        self._connected = broker
        self._values[broker] = self._values.pop(broker, self._empty)
        while len(self._values) > MOST_BROKERS:
            del self._values[next(iter(self._values))]
        self._store()
        return self.present

    def change(self, change: Callable[[T], T], *, others_only: bool = False) -> None:
        """Change the value of each broker, or of each one that is not connected."""
        for broker, value in self._values.items():
            if not (others_only and broker == self._connected):
                self._values[broker] = change(value)
        self._store()

    def empty_present(self) -> None:
        """Note that nothing is left for the connected broker."""
        if self.present:
            self._values[self._connected] = self._empty
            self._store()

    def _store(self) -> None:
        values = self._values.items()
        self.as_json = [{"broker": broker, self._key: self._encode(value)} for broker, value in values]

    def _read(self, stored: object, decode: Callable[[Any], T]) -> dict[str, T]:
        try:
            entries = stored[-MOST_BROKERS:] if isinstance(stored, list) else []
            return {str(entry["broker"]): decode(entry[self._key]) for entry in entries}
        except (KeyError, TypeError, ValueError):
            return {}

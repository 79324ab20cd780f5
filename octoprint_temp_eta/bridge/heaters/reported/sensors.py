"""The temperature sensors: reported temperatures other than heaters, as one retained message."""

from __future__ import annotations

from collections.abc import Mapping

from ....core.clock import Now
from ....messages.encode import rounded
from ...outbox.outbox import Outbox
from .selection import SENSOR

#: Minimum interval between two messages in seconds, and the change in °C that causes one.
INTERVAL_S, MOVED_C = 10.0, 0.5
#: Sensors at most; the rest is reported in the log.
MOST_SENSORS = 64
#: Readings without a name after which its sensor is dropped.
MISSING_READINGS = 10


class Sensors:
    """The newest temperature of each sensor in °C, None while it is not known."""

    def __init__(self, outbox: Outbox, remembered: object = None) -> None:
        self._outbox = outbox
        stored = remembered if isinstance(remembered, list) else []
        self._values: dict[str, float | None] = {
            name: None for name in stored[:MOST_SENSORS] if isinstance(name, str) and SENSOR.fullmatch(name)
        }
        #: Whether the broker may have temperatures from before the start.
        self._published_before = bool(self._values)
        self._missing: dict[str, int] = {}
        #: When each was reported last, in monotonic seconds.
        self._reported_at: dict[str, float] = {}
        self._published: dict[str, float | None] | None = None
        self._published_at = 0.0
        #: Whether a sensor was left out because there are too many.
        self.overflow = False

    @property
    def names(self) -> list[str]:
        """The sensors' names."""
        return sorted(self._values)

    def read(self, temperatures: Mapping[str, float | None], repeated: frozenset[str], now: Now) -> None:
        """Process a reading of all sensors, None for no value; one without a name that is known counts as missing."""
        for name in list(self._values):
            self._missing[name] = 0 if name in temperatures else self._missing.get(name, 0) + 1
            if self._missing[name] >= MISSING_READINGS:
                self.drop(name)
        for name, temperature in temperatures.items():
            if name in self._values and name in repeated:
                continue
            if name in self._values or len(self._values) < MOST_SENSORS:
                self._values[name], self._reported_at[name] = temperature, now.at
            else:
                self.overflow = True

    def age(self, now: Now, stale_s: float) -> None:
        """Forget the temperatures that were not reported for `stale_s` seconds, not the names."""
        for name, at in list(self._reported_at.items()):
            if now.at - at > stale_s:
                self._values[name] = None
                del self._reported_at[name]

    def drop(self, name: str) -> None:
        """Remove a sensor."""
        self._values.pop(name, None)
        self._missing.pop(name, None)
        self._reported_at.pop(name, None)

    def lose(self) -> None:
        """Forget the temperatures, not the names: the printer is disconnected."""
        self._values = dict.fromkeys(self._values)
        self._reported_at.clear()

    def publish(self, now: Now, *, anyway: bool = False) -> None:
        """Publish the temperatures if one has moved, or `anyway`; nothing before there was a sensor."""
        before = self._published
        if before is None and not self._values and not self._published_before:
            return
        due = before is None or (now.at - self._published_at >= INTERVAL_S and _moved(before, self._values))
        if not (due or anyway):
            return
        self._published, self._published_at = dict(self._values), now.at
        body = {name: rounded(value, 1) for name, value in self._values.items()}
        self._outbox.publish_state("temperatures", body, now)


def _moved(before: Mapping[str, float | None], after: Mapping[str, float | None]) -> bool:
    if before.keys() != after.keys():
        return True
    for name, old in before.items():
        new = after[name]
        if (old is None) != (new is None) or (old is not None and new is not None and abs(new - old) >= MOVED_C):
            return True
    return False

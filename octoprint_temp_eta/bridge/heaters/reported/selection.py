"""Which of the names that OctoPrint reports are heaters, which are temperature sensors, and which are neither.

OctoPrint reports every `name:actual/target` of the printer's lines and of other plugins, and keeps a name with its last
target until the printer is disconnected.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from ....core.frozen import frozen
from ....messages.topics import LEVEL
from ....settings.table import Settings, names
from ...protocol.inputs import Profile

#: Temperature and target of a name in °C, each None if the reading has none.
Reading = tuple[float | None, float | None]

#: What OctoPrint can set, under the names that it gives to heaters.
STANDARD = re.compile(r"tool(\d+)|bed|chamber")
#: The names of sensors: one line without the characters that end a text in a template or in JSON.
SENSOR = re.compile(r"[^\x00-\x1f\x7f'\"\\{}%#\ud800-\udfff]{1,64}")
#: Numbers in the lines of heat waits that look like temperatures: the countdown, and old Marlin's extruder.
NO_TEMPERATURES = ("W", "E")
#: Firmware reports whole °C below zero for a sensor that is not connected. Some report what the open input measures: at
#: most this temperature.
OPEN_INPUT_C = -30.0
#: A room can be as cold as a placeholder. Then another heater differs by at most this many °C, …
SAME_ROOM_C = 10.0
#: … or this heater has been that cold before.
NEARLY_COLD_C = 10.0


@frozen
class Selection:
    """The rule: the names in the settings first, then the printer profile; without a profile, all names are heaters.

    `heated_chamber` is whether the chamber was ever given a target.
    """

    extra: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    profile: Profile | None = None
    heated_chamber: bool = False

    @classmethod
    def of(cls, settings: Settings, profile: Profile | None, *, heated_chamber: bool) -> Selection:
        """Return the rule for the settings and OctoPrint's printer profile."""
        extra, ignored = frozenset(names(settings.extra_heaters)), frozenset(names(settings.ignored_heaters))
        return cls(extra - ignored, ignored, profile, heated_chamber)

    def is_heater(self, name: str) -> bool:
        """Return whether a name is a heater's."""
        # A heater named "command" would publish where commands are received.
        if name in self.ignored or not LEVEL.fullmatch(name) or name == "command":
            return False
        standard = STANDARD.fullmatch(name)
        if standard is None or name in self.extra or self.profile is None:
            return standard is not None or name in self.extra
        if standard[1] is not None:
            tools = 1 if self.profile.shared_nozzle else self.profile.extruders
            return tools is None or int(standard[1]) < tools
        if name == "chamber":
            return self.heated_chamber or self.profile.heated_chamber is not False
        return self.profile.heated_bed is not False

    def is_sensor(self, name: str, reading: Reading) -> bool:
        """Return whether a name is a temperature sensor's."""
        actual, target = reading
        if name in self.ignored or self.is_heater(name) or actual is None or not SENSOR.fullmatch(name):
            return False
        standard = STANDARD.fullmatch(name)
        if standard is not None and standard[1] is not None and self.profile is not None and self.profile.shared_nozzle:
            return False  # OctoPrint repeats the one nozzle under each name
        return target is not None or name not in NO_TEMPERATURES

    def has_target(self, name: str) -> bool:
        """Return whether a name is one of OctoPrint's heaters with a target of its own, also outside of the profile."""
        standard = STANDARD.fullmatch(name)
        if standard is None or standard[1] in (None, "0"):
            return standard is not None
        return self.profile is None or not self.profile.shared_nozzle  # else OctoPrint repeats that of the one nozzle

    def can_set(self, name: str) -> bool:
        """Return whether OctoPrint can set a heater's target: it drops commands for heaters outside the profile."""
        if not STANDARD.fullmatch(name) or not self.is_heater(name):
            return False
        unlisted = Selection(profile=self.profile)
        return unlisted.is_heater(name)


class Presence:
    """Remembers what the sensors measured: a temperature may fall to zero and below, but not suddenly."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        #: The names with 0.0 °C that is no temperature: a Klipper reports it while it has no readings. A real one goes
        #: through values in between.
        self.zeros: frozenset[str] = frozenset()
        #: The ones that had a temperature in the reading before.
        self.lost: frozenset[str] = frozenset()

    def present(self, readings: Mapping[str, Reading]) -> dict[str, Reading]:
        """Return the readings but those whose sensor is not connected, now or any more; update `zeros` and `lost`."""
        before = self.zeros
        self.zeros = frozenset(name for name, (actual, _) in readings.items() if actual == 0.0 and not self._cold(name))
        self.lost = (self.zeros - before) & self._last.keys()
        suspects = not_connected({name: reading for name, reading in readings.items() if name not in self.zeros})
        found = {name: reading for name, reading in readings.items() if name not in suspects or self._cold(name)}
        for name, (actual, _) in found.items():
            if actual is not None and name not in self.zeros:
                self._last[name] = actual
        return found

    def _cold(self, name: str) -> bool:
        return self._last.get(name, math.inf) <= NEARLY_COLD_C

    def forget(self) -> None:
        """Start again: the printer is disconnected."""
        self._last.clear()
        self.zeros = self.lost = frozenset()


def not_connected(readings: Mapping[str, Reading]) -> set[str]:
    """Return the names whose temperature is a placeholder for a disconnected sensor."""
    suspects = {name for name, reading in readings.items() if _is_placeholder(reading)}
    others = [
        actual
        for name, (actual, _) in readings.items()
        if name not in suspects and actual is not None and STANDARD.fullmatch(name)
    ]
    return {
        name
        for name in suspects
        if others and all(abs((readings[name][0] or 0.0) - other) > SAME_ROOM_C for other in others)
    }


def _is_placeholder(reading: Reading) -> bool:
    actual, target = reading
    if actual is None or target:
        return False
    return actual <= OPEN_INPUT_C or (actual <= -1.0 and actual == int(actual))

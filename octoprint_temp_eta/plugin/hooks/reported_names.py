"""Which names of temperatures the printer reports.

OctoPrint repeats all names that it knows with each reading until the printer is disconnected, so the printer's lines
must be looked at, not OctoPrint's readings:

* A line whose beginning was garbled has a name that no other line has, such as `OOOT` for the tool.
* A heater is repeated with its last temperature if the newest line does not have it, because that is a short one
  (`T:165.0 E:0 W:?`), or because the sensor has no value (`nan`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Names to remember, at most; others are neither left out nor repeated.
MOST_NAMES = 256
#: What OctoPrint calls the heaters of a line that are no tools.
HEATERS = {"B": "bed", "C": "chamber"}


class ReportedNames:
    """Follows the names in the printer's lines, on OctoPrint's thread."""

    def __init__(self) -> None:
        #: Whether a name was reported again, by name.
        self._again: dict[str, bool] = {}
        #: The names of the newest line, and those of all lines, as OctoPrint calls them.
        self._newest: frozenset[str] = frozenset()
        self._known: frozenset[str] = frozenset()

    def hook(self, _comm: Any, parsed: Mapping[str, Any], *_: Any, **__: Any) -> Mapping[str, Any]:
        """Note the names in a line; other plugins may have added some."""
        for name in parsed or ():
            if name in self._again:
                self._again[name] = True
            elif len(self._again) < MOST_NAMES:
                self._again[name] = False
        self._newest = frozenset(_in_octoprint(name) for name, value in (parsed or {}).items() if _has_actual(value))
        if not self._newest <= self._known and len(self._known) < MOST_NAMES:
            self._known |= self._newest
        return parsed

    def is_garbled(self, name: str) -> bool:
        """Return whether a name was in a single line."""
        return self._again.get(name) is False

    @property
    def repeated(self) -> frozenset[str]:
        """The names whose temperature is not from the newest line. One that was in no line has come another way."""
        return self._known - self._newest

    def forget(self) -> None:
        """Start again: the printer is disconnected."""
        self._again.clear()
        self._newest = self._known = frozenset()


def _in_octoprint(name: str) -> str:
    number = name[1:]
    return f"tool{number}" if name[0:1] == "T" and number.isdigit() else HEATERS.get(name, name)


def _has_actual(value: object) -> bool:
    """Return whether a value has a temperature: OctoPrint keeps the last one for None."""
    return not isinstance(value, tuple) or value[:1] != (None,)

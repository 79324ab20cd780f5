"""Which custom names of temperatures the printer has reported more than once.

A line whose beginning was garbled has a name that no other line has, such as `OOOT` for the tool. OctoPrint repeats it
with each reading until the printer is disconnected, so its lines must be counted, not its readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Names to remember, at most; others are never left out.
MOST_NAMES = 256


class ReportedNames:
    """Counts the names in the printer's lines, on OctoPrint's thread."""

    def __init__(self) -> None:
        #: Whether a name was reported again, by name.
        self._again: dict[str, bool] = {}

    def hook(self, _comm: Any, parsed: Mapping[str, Any], *_: Any, **__: Any) -> Mapping[str, Any]:
        """Note the names in a line; other plugins may have added some."""
        for name in parsed or ():
            if name in self._again:
                self._again[name] = True
            elif len(self._again) < MOST_NAMES:
                self._again[name] = False
        return parsed

    def is_garbled(self, name: str) -> bool:
        """Return whether a name was in a single line."""
        return self._again.get(name) is False

    def forget(self) -> None:
        """Start again: the printer is disconnected."""
        self._again.clear()

"""Which lines of a run that is ending need not be sent."""

from __future__ import annotations

import re

from .motion import SPINDLE_OFF, changes_mode, words
from .targets import asked

#: Commands that switch something off: the spindle or laser, the fan, which may be a laser, and writing to the SD card.
_OFF = frozenset({SPINDLE_OFF, "M107", "M29"})
_FAN_OFF = re.compile(r"\s*M106\b.*S0+(?:\.0*)?(?![.\d])", re.IGNORECASE)


def may_be_left_out(line: str) -> bool:
    """Whether nothing depends on `line`: it neither changes modes nor switches something off."""
    return not (changes_mode(line) or _switches_off(line))


def _switches_off(line: str) -> bool:
    heater = asked(line, "T0")
    heats_no_more = heater is not None and heater.target == 0
    return heats_no_more or _FAN_OFF.match(line) is not None or not _OFF.isdisjoint(words(line))

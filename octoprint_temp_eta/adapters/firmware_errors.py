"""What OctoPrint does about errors that the firmware reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def are_ignored(serial_setting: Callable[[str], Any]) -> bool:
    """Whether OctoPrint is set to ignore errors, for firmware whose error messages are none."""
    # OctoPrint 2 has another setting for it.
    return bool(serial_setting("ignoreErrorsFromFirmware")) or serial_setting("errorHandling") == "ignore"

"""What OctoPrint's settings of the serial connection mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Returns a setting of OctoPrint's serial connection.
SerialSetting = Callable[[str], Any]


def ignores_errors(setting: SerialSetting) -> bool:
    """Whether OctoPrint is set to ignore the firmware's errors, as some firmware reports what is none."""
    # OctoPrint 2 has another setting for it.
    return bool(setting("ignoreErrorsFromFirmware")) or setting("errorHandling") == "ignore"

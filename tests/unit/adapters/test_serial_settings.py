"""What OctoPrint's settings of the serial connection mean."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.adapters.serial_settings import ignores_errors


@pytest.mark.parametrize(
    ("settings", "ignored"),
    [
        ({"ignoreErrorsFromFirmware": True}, True),
        ({"ignoreErrorsFromFirmware": False, "disconnectOnErrors": False}, False),
        ({"errorHandling": "ignore"}, True),
        ({"errorHandling": "cancel"}, False),
        ({}, False),
    ],
)
def test_whether_errors_are_ignored_in_octoprint_1_and_2(settings: dict[str, Any], *, ignored: bool):
    assert ignores_errors(settings.get) is ignored

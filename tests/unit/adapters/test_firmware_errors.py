"""What OctoPrint does about errors of the firmware."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.adapters.firmware_errors import are_ignored


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
    assert are_ignored(settings.get) is ignored

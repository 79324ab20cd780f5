"""What the settings mean for the estimation of a heater."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.heaters.estimation import limits, policy
from octoprint_temp_eta.settings.table import parse


def test_the_limits_are_those_of_the_settings():
    settings = parse({"min_rate": 0.2, "max_eta": 90, "threshold_start": 3, "cooldown_fit_window_seconds": 60})
    found = limits(settings, 21.5)
    assert (found.min_rate, found.max_eta, found.threshold_start) == (0.2, 90, 3)
    assert (found.cooling_window, found.ambient) == (60, 21.5)


@pytest.mark.parametrize(
    ("changed", "printing", "heating", "cooling"),
    [
        ({}, False, True, True),
        ({}, True, True, True),
        ({"suppress_while_printing": True}, False, True, True),
        ({"suppress_while_printing": True}, True, False, False),
        ({"enable_heating_eta": False}, False, False, True),
        ({"enable_cooldown_eta": False}, False, True, False),
    ],
)
def test_what_is_estimated(changed: dict[str, Any], printing: bool, heating: bool, cooling: bool):
    found = policy(parse(changed), "bed", printing=printing)
    assert (found.heating, found.cooling) == (heating, cooling)


@pytest.mark.parametrize(("heater", "cooled_at"), [("tool1", 51.0), ("bed", 41.0), ("chamber", 31.0), ("X", 31.0)])
def test_each_kind_of_heater_has_its_own_cool_down_target(heater: str, cooled_at: float):
    settings = {"cooldown_target_tool0": 51, "cooldown_target_bed": 41, "cooldown_target_chamber": 31}
    assert policy(parse(settings), heater, printing=False).cooled_at == cooled_at
    assert policy(parse(settings | {"cooldown_mode": "ambient"}), heater, printing=False).cooled_at is None

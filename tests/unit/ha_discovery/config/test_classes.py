"""Device classes, and the units that each accepts."""

from __future__ import annotations

import pytest

from ha_discovery.config import classes
from ha_discovery.config.classes import check_unit
from ha_discovery.config.errors import DiscoveryError


@pytest.mark.parametrize(("device_class", "unit"), [("temperature", "°C"), ("aqi", None), (None, "layers")])
def test_a_unit_that_the_class_accepts(device_class: str | None, unit: str | None):
    check_unit("bed", device_class, unit, classes.SENSOR_UNITS)


@pytest.mark.parametrize(
    ("device_class", "unit", "words"),
    [
        ("temperature", "C", "must be K °C °F with device_class temperature, not 'C'"),
        ("temperature", None, "with device_class temperature, not None"),
        ("timestamp", "s", "must be left out with device_class timestamp, not 's'"),
    ],
)
def test_an_error_names_the_units_that_are_accepted(device_class: str, unit: str | None, words: str):
    with pytest.raises(DiscoveryError) as caught:
        check_unit("bed", device_class, unit, classes.SENSOR_UNITS)
    assert caught.value.where == "bed.unit_of_measurement"
    assert words in caught.value.rule

"""Device, origin and the whole configuration: Home Assistant's rules for them, one row each."""

from typing import Any

import pytest

from ha_discovery import Device, DeviceTrigger, DiscoveryError, Origin
from tests.support.kiln import kiln, sensor


def trigger(key: str, type_: str) -> DeviceTrigger:
    return DeviceTrigger(key=key, type=type_, subtype="x", topic="t")


REFUSED: list[tuple[Any, str]] = [
    (lambda: Device(name="Kiln"), "device.identifiers"),
    (lambda: Device(name="Kiln", identifiers=("",)), "device.identifiers"),
    (lambda: Device(name="Kiln", identifiers="kiln"), "device.identifiers"),  # type: ignore[arg-type]
    (lambda: Device(name="Kiln", connections=(("mac",),)), "device.connections"),  # type: ignore[arg-type]
    (lambda: Device(name="", identifiers=("kiln",)), "device.name"),
    (lambda: Device(name="Kiln", identifiers=("kiln",), sw_version=2), "device.sw_version"),  # type: ignore[arg-type]
    (lambda: Device(name="Kiln", identifiers=("kiln",), configuration_url="kiln.local"), "device.configuration_url"),
    (lambda: Device(name="Kiln", identifiers=("kiln",), configuration_url="http://["), "device.configuration_url"),
    (lambda: Origin(name=""), "origin.name"),
    (lambda: Origin(name=None), "origin.name"),  # type: ignore[arg-type]
    (lambda: Origin(name="tests", support_url="see the readme"), "origin.support_url"),
    (lambda: kiln(id="the kiln"), "config.id"),
    (lambda: kiln(id="kiln.1"), "config.id"),
    (lambda: kiln(id="kiln/1"), "config.id"),
    (lambda: kiln(qos=3), "config.qos"),
    (lambda: kiln(origin=None), "config.origin"),
    (lambda: kiln(device={"name": "Kiln"}), "config.device"),
    (lambda: kiln(availability=None), "config.availability"),
    (lambda: kiln(components=[sensor("a")]), "config.components"),
    (lambda: kiln("a"), "config.components"),  # type: ignore[arg-type]
    (lambda: kiln(sensor("a", "one"), sensor("a", "two")), "config.components"),
    (lambda: kiln(sensor("a", "one"), sensor("b", "one")), "config.components"),
    (
        lambda: kiln(sensor("a", default_entity_id="sensor.x"), sensor("b", default_entity_id="sensor.x")),
        "config.components",
    ),
    (lambda: kiln(trigger("a", "done"), trigger("b", "done")), "config.components"),
]


@pytest.mark.parametrize(("make", "where"), REFUSED)
def test_it_is_refused_with_key_and_rule(make: Any, where: str) -> None:
    with pytest.raises(DiscoveryError) as refused:
        make()
    assert refused.value.where == where

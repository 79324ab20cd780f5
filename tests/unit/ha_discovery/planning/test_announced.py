"""The record of what was announced, and the announcement."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ha_discovery import Announced, Announcement, Component, Device, DeviceTrigger, DiscoveryError, Form, plan
from tests.support.kiln import COMPONENTS, announcement, kiln, sensor


def test_it_is_read_back_as_it_was_stored() -> None:
    device = Device(name="Kiln", identifiers=("kiln",), connections=(("mac", "02:00:00:00:00:01"),))
    first = plan(Announced(), announcement(*COMPONENTS, device=device)).after
    announced = plan(first, announcement(*COMPONENTS[3:], device=device)).after
    assert len(announced.places) == len(COMPONENTS) - 3
    assert len(announced.departed) > 0
    assert len(announced.former) > 0
    assert Announced.from_json(json.loads(json.dumps(announced.as_json()))) == announced


def test_a_record_of_an_earlier_version_has_no_former_places() -> None:
    stored = Announced(announcement(sensor("a")).places).as_json()
    del stored["former"]
    assert Announced.from_json(stored) == Announced(announcement(sensor("a")).places)


def test_records_are_joined_and_subtracted() -> None:
    one, both = (announcement(*map(sensor, keys)).places for keys in ("a", "ab"))
    assert Announced(one) | Announced(both, one) == Announced(both, one)
    assert Announced(both, both, one) - Announced(one, both) == Announced(both - one, frozenset(), one)
    assert Announced(one, both - one).everything == both


def test_equal_records_are_stored_alike() -> None:
    one, other = (Announced(announcement(*some).places) for some in (COMPONENTS, reversed(COMPONENTS)))
    assert json.dumps(one.as_json()) == json.dumps(other.as_json())


GOOD = Announced(announcement(sensor("a")).places).as_json()


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {},
        "text",
        GOOD | {"version": 2},
        {"version": 1},
        GOOD | {"places": [{"key": "a"}]},
        GOOD | {"places": [None]},
        GOOD | {"departed": 3},
        GOOD | {"places": [GOOD["places"][0] | {"key": "a/b"}]},
        GOOD | {"places": [GOOD["places"][0] | {"prefix": "#"}]},
        GOOD | {"places": [GOOD["places"][0] | {"platform": "#"}]},
        GOOD | {"places": [GOOD["places"][0] | {"form": "both"}]},
        GOOD | {"places": [GOOD["places"][0] | {"device": [["x"]]}]},
    ],
)
def test_anything_else_is_refused(stored: Any) -> None:
    with pytest.raises(ValueError, match="not a record"):
        Announced.from_json(stored)


def test_the_topic_of_a_place() -> None:
    (place,) = announcement(sensor("a")).places
    assert place.topic == "homeassistant/device/kiln/config"
    assert replace(place, form=Form.SINGLE).topic == "homeassistant/sensor/kiln/a/config"


REFUSED: list[tuple[Any, str]] = [
    (lambda: Announcement(kiln(), prefix="home/#"), "announcement.prefix"),
    (lambda: Announcement(kiln(), prefix=""), "announcement.prefix"),
    (lambda: Announcement(kiln(), prefix="homeassistant/"), "announcement.prefix"),
    (lambda: Announcement(kiln(), form="both"), "announcement.form"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("make", "where"), REFUSED)
def test_an_announcement_is_refused_with_key_and_rule(make: Any, where: str) -> None:
    with pytest.raises(DiscoveryError) as refused:
        make()
    assert refused.value.where == where


def named(name: str, *components: Component, **more: Any) -> Announcement:
    return announcement(*components, device=Device(name=name, identifiers=("kiln",)), **more)


TRIGGER = DeviceTrigger(key="t", type="finished", subtype="firing", topic="kiln/event")


@pytest.mark.parametrize("form", Form)
def test_a_new_name_is_announced_with_one_trigger(form: Form) -> None:
    before, after = (named(name, sensor("a"), TRIGGER, form=form) for name in ("Kiln", "Oven"))
    update = after.device_update(before)
    assert update is not None
    [message] = update
    payload = json.loads(message.payload)
    assert payload["device"]["name"] == "Oven"
    assert "kiln_a" not in message.payload
    assert message.retain == (form == Form.SINGLE)


@pytest.mark.parametrize(
    "after",
    [
        named("Oven", sensor("a")),
        named("Oven", sensor("a"), sensor("b"), TRIGGER),
        named("Oven", sensor("a"), TRIGGER, form=Form.SINGLE),
        announcement(sensor("a"), TRIGGER, device=Device(name="Oven", identifiers=("oven",))),
    ],
)
def test_a_change_of_anything_else_needs_a_complete_announcement(after: Announcement) -> None:
    before = named("Kiln", *(c for c in (sensor("a"), TRIGGER) if len(after.config.components) > 1 or c != TRIGGER))
    assert after.device_update(before) is None

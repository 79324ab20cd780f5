"""What is remembered of what was announced."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ha_discovery import Announced, Device, Form, plan
from tests.support.ha_kiln import COMPONENTS, announcement, sensor


def test_it_survives_the_disk() -> None:
    device = Device(name="Kiln", identifiers=("kiln",), connections=(("mac", "02:00:00:00:00:01"),))
    first = plan(Announced(), announcement(*COMPONENTS, device=device)).after
    announced = plan(first, announcement(*COMPONENTS[3:], device=device)).after
    assert len(announced.places) == len(COMPONENTS) - 3
    assert len(announced.departed) > 0
    assert Announced.from_json(json.loads(json.dumps(announced.as_json()))) == announced


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
        GOOD | {"places": [GOOD["places"][0] | {"form": "both"}]},
        GOOD | {"places": [GOOD["places"][0] | {"device": [["x"]]}]},
    ],
)
def test_anything_else_is_refused(stored: Any) -> None:
    with pytest.raises(ValueError, match="not a record"):
        Announced.from_json(stored)


def test_a_place_knows_its_topic() -> None:
    (place,) = announcement(sensor("a")).places
    assert place.topic == "homeassistant/device/kiln/config"
    assert replace(place, form=Form.SINGLE).topic == "homeassistant/sensor/kiln/a/config"

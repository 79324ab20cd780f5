"""Keys, enums, and states with a deadband."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.home_assistant.entities.parts import (
    Offer,
    Scope,
    enum_at,
    keys_of,
    slow_text_at,
    temperature_at,
)
from octoprint_temp_eta.home_assistant.entities.texts import Texts
from octoprint_temp_eta.messages.topics import Topics
from tests.support.simulated_recorder import Entity, render, states

TOPIC = "printer/bed"


def temperatures(*readings: tuple[float | None, float, str]) -> list[str]:
    """Return the states for readings of (actual, target, state)."""
    bodies = [{"actual": a, "target": t, "state": s} for a, t, s in readings]
    return states(temperature_at(TOPIC), [Publish(TOPIC, json.dumps(body).encode()) for body in bodies])


@pytest.mark.parametrize(
    "names", [("case", "CASE"), ("CASE", "case"), ("Case", "CASE"), ("PLA", "PLA+", "pla"), ("a b", "a_b")]
)
def test_names_that_are_alike_have_different_keys(names: tuple[str, ...]):
    assert len(set(keys_of(names).values())) == len(names)


def test_a_single_name_has_a_plain_key():
    assert keys_of(["Warm Up", "PLA"]) == {"Warm Up": "warm_up", "PLA": "pla"}


def test_a_trigger_with_other_texts_has_another_key():
    """Home Assistant keeps a trigger whose key it knows under its former texts."""
    scopes = {
        (language, tools): Scope("i", Topics("base"), Texts(language), Offer(heaters=("tool0", "tool1")[:tools]))
        for language in ("en", "de")
        for tools in (1, 2)
    }
    triggers = [
        scope.trigger("tool0", "has cooled down", scope.heater("tool0"), "t", "v", "off") for scope in scopes.values()
    ]
    assert [(t.type, t.subtype) for t in triggers] == [
        ("has cooled down", "Nozzle"),
        ("has cooled down", "Tool 0"),
        ("ist abgekühlt", "Düse"),
        ("ist abgekühlt", "Werkzeug 0"),
    ]
    assert len({t.key for t in triggers}) == len(triggers)
    assert triggers[0].key.startswith("tool0_trigger_")


def test_a_temperature_is_whole_and_ignores_changes_below_two_degrees():
    assert temperatures((22.4, 0, "off"), (23.9, 0, "off"), (24.5, 0, "off")) == ["22", "24"]


@pytest.mark.parametrize(("target", "most"), [(60.0, 6), (110.0, 6), (210.0, 7)])
def test_a_heat_up_changes_the_temperature_a_few_times_and_ends_at_the_target(target: float, most: int):
    rising = [(20 + step / 4, target, "heating") for step in range(int(4 * (target - 21)))]
    changes = temperatures(
        (20.0, 0, "off"), *rising, (target - 0.4, target, "at_target"), (target, target, "at_target")
    )
    assert len(changes) <= most
    assert abs(float(changes[-1]) - target) < 2


def test_a_temperature_that_is_not_known_is_unknown():
    assert temperatures((22.4, 0, "off"), (None, 0, "unknown")) == ["22", "unknown"]


def test_the_deadband_also_works_where_home_assistant_shows_fahrenheit():
    template = temperature_at(TOPIC)["value_template"]
    last = Entity("72", attributes={"unit_of_measurement": "°F"})
    body = {"actual": 23.0, "target": 0, "state": "off"}
    assert render(template, json.dumps(body), last) == "22"
    assert render(template, json.dumps(body | {"actual": 26.0}), last) == "26"


def test_an_enum_shows_its_text_and_has_its_code_as_attribute():
    enum = enum_at(TOPIC, "last", "outcome", texts={"error": "Crashed"})
    body = json.dumps({"last": {"outcome": "error"}})
    assert render(enum["value_template"], body) == "Crashed"
    assert json.loads(render(enum["json_attributes_template"], body)) == {"code": "error"}
    assert render(enum["value_template"], json.dumps({"last": None})) == "None"


def test_a_status_that_counts_seconds_changes_every_ten_seconds():
    start = datetime(2026, 11, 28, tzinfo=UTC)
    bodies = [{"status": f"{n} s", "timestamp": (start + timedelta(seconds=n)).timestamp()} for n in range(25)]
    bodies.append({"status": None, "timestamp": (start + timedelta(seconds=25)).timestamp()})
    sent = [Publish(TOPIC, json.dumps(body).encode()) for body in bodies]
    assert states(slow_text_at(TOPIC, "status"), sent) == ["0 s", "10 s", "20 s", "unknown"]

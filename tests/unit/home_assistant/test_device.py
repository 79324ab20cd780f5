"""The printer as a device: what users name, what repeats, and how large the message is."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ha_discovery import Form
from octoprint_temp_eta.home_assistant.device import announcement
from octoprint_temp_eta.home_assistant.entities.parts import Offer
from tests.support.announced_printer import COMMANDS, FACTS, OFFER, TOPICS, components, payload

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
ODD = [
    *("PLA", "PLA+", "pla", "a b", "a-b", "Düse", "日本", "🔥"),
    *("PLA {{ 1 }}", "it's", 'the "best"', "\\", "100 %}"),
]


@settings(derandomize=True)
@given(name=NAMES, presets=st.lists(NAMES, max_size=3), titles=st.lists(NAMES, max_size=3))
def test_every_name_that_users_choose_can_be_components(name: str, presets: list[str], titles: list[str]):
    visible = [title for title in titles if title.strip()]
    scripts = tuple((f"script {number}", title) for number, title in enumerate(visible))
    offer = Offer(("tool0", "my-heater_", "X_1"), tuple(p for p in presets if p.strip()), scripts, COMMANDS)
    assert "X_1_ready_at" in components(offer, name=name)


def test_presets_and_scripts_with_similar_names_each_have_an_entity():
    presets = tuple(name for name in ODD if name not in ("pla", "a-b"))
    offer = Offer(presets=presets, scripts=tuple((name, name) for name in presets), commands=COMMANDS)
    assert sum(key.startswith("forecast_") for key in components(offer)) == len(presets)
    assert sum(key.startswith("start_") for key in components(offer)) == len(presets)


def test_the_device_page_has_link_serial_number_and_area():
    device = payload(url="http://octopi.local/", area="Workshop")["device"]
    assert device["configuration_url"] == "http://octopi.local/"
    assert device["suggested_area"] == "Workshop"
    assert device["serial_number"] == FACTS.instance
    assert not {"configuration_url", "suggested_area"} & payload()["device"].keys()


def test_home_assistant_makes_entity_ids_from_the_names():
    assert not [c for c in components().values() if "default_entity_id" in c or "object_id" in c]


@pytest.mark.parametrize("heaters", [("bed", "Bed"), ("tool0", "nozzle"), ("my_heater", "My_heater", "tool0")])
def test_heaters_with_the_same_display_name_have_different_names(heaters: tuple[str, ...]):
    names = [c["name"] for key, c in components(Offer(heaters=heaters)).items() if key.endswith("_state")]
    assert len(set(names)) == len(heaters)


#: A Prusa XL: six tools, bed and chamber; bed segments and heatbreaks are temperatures.
XL = Offer(
    heaters=(*(f"tool{number}" for number in range(6)), "bed", "chamber"),
    presets=("ABS", "PLA"),
    scripts=OFFER.scripts,
    commands=COMMANDS,
    highest_targets=tuple((heater, 300.0) for heater in (*(f"tool{number}" for number in range(6)), "bed", "chamber")),
    sensors=(*(f"S{number}" for number in range(16)), *(f"X{number}" for number in range(6))),
)


def test_no_template_fails_at_an_empty_payload():
    """It clears a topic, such as after a new printer ID: Home Assistant then has no value_json, and logs an error."""
    assert re.findall(r"value_json(?!\|d\(\{\}\)).*?}}", json.dumps(payload(XL))) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_message_of_a_prusa_xl_is_smaller_than_64_kb(language: str):
    device = payload(XL, language=language)
    assert len(json.dumps(device, ensure_ascii=False, separators=(",", ":")).encode()) < 64_000


def test_each_single_message_fits_a_small_packet_limit():
    announced = announcement(FACTS, TOPICS, XL, prefix="homeassistant", form=Form.SINGLE)
    assert max(len(message.payload.encode()) for message in announced.messages) < 2048

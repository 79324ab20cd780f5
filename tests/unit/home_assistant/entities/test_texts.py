"""Names and states in OctoPrint's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octoprint_temp_eta.home_assistant.entities import texts
from octoprint_temp_eta.home_assistant.entities.parts import Offer, Thermostat
from octoprint_temp_eta.home_assistant.entities.texts import GERMAN, Texts
from tests.support.announced_printer import OFFER, components

USED = {
    *texts.PRINTER_STATES.values(),
    *texts.HEATER_STATES.values(),
    *texts.SCRIPT_STATES.values(),
    *texts.OUTCOMES.values(),
    *texts.SCRIPT_TRIGGERS.values(),
    *(text for _, text in texts.HEATER_TRIGGERS.values()),
}


def test_every_text_has_a_translation(monkeypatch: pytest.MonkeyPatch):
    asked = set(USED)
    plain = Texts.__call__

    def record(self: Texts, english: str, **names: str) -> str:
        asked.add(english)
        return plain(self, english, **names)

    monkeypatch.setattr(Texts, "__call__", record)
    components(replace(OFFER, thermostats=(Thermostat("bed", 110.0),)))
    components(Offer(heaters=("tool0", "tool1", "chamber")))
    assert asked == set(GERMAN)


def test_the_language_is_octoprints():
    german = components(language="de_DE")
    assert german["bed_temperature"]["name"] == "Bett Temperatur"
    assert german["start_probe_bed"]["name"] == "Probe the bed starten"
    assert "Am Ziel" in german["bed_state"]["options"]
    [trigger] = [row for key, row in german.items() if key.startswith("bed_reached_target_trigger_")]
    assert f'"{trigger["subtype"]}" {trigger["type"]}' == '"Bett" hat das Ziel erreicht'
    assert components(language="fr") == components(language="en")


def test_a_single_tool_is_the_nozzle_and_several_have_numbers():
    assert components()["tool0_state"]["name"] == "Nozzle state"
    both = components(Offer(heaters=("tool0", "tool1")))
    assert [both[f"tool{n}_state"]["name"] for n in (0, 1)] == ["Tool 0 state", "Tool 1 state"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_names_are_in_sentence_case(language: str):
    names = [c["name"] for c in components(language=language).values() if "name" in c]
    assert all(name[0].isupper() for name in names)

"""Generates the tables of entities and triggers in docs/guides/home-assistant.md."""

from __future__ import annotations

import json
from typing import Any

from ha_discovery import Form
from octoprint_temp_eta.core.printer_commands import ACCEPTED_IN
from octoprint_temp_eta.home_assistant.device import DeviceFacts, announcement
from octoprint_temp_eta.home_assistant.entities.parts import Offer, Thermostat
from octoprint_temp_eta.messages.topics import Topics
from tests.support.contract import PROJECT

PAGE = PROJECT / "docs" / "guides" / "home-assistant.md"
BEGIN, END = "<!-- made by make docs -->\n", "<!-- end -->\n"
TOPICS = Topics("<base>")
OFFER = Offer(
    heaters=("bed",),
    presets=("PLA",),
    scripts=(("warm_up", "warm up"),),
    commands=frozenset({"reset", "target", "script/start", "script/cancel", *ACCEPTED_IN}),
    highest_targets=(("bed", 110.0),),
    thermostats=(Thermostat("bed", 110.0, (("PLA", 60.0),)),),
)
FACTS = DeviceFacts("instance", "Ender", "Ender-3", "1", "1")


def components() -> dict[str, dict[str, Any]]:
    """Return the components of a printer with a bed, a preset and a script, by key, in the order of the rows."""
    announced = announcement(FACTS, TOPICS, OFFER, prefix="homeassistant", form=Form.DEVICE)
    [message] = announced.messages
    payload = json.loads(message.payload)["components"]
    return {component.key: payload[component.key] for component in announced.config.components}


def table() -> str:
    """Return the table of entities and the table of triggers."""
    lines = ["| entity | kind | from | |", "|---|---|---|---|"]
    triggers = ["| trigger | type | subtype |", "|---|---|---|"]
    for component in components().values():
        if component["platform"] == "device_automation":
            kind, subtype = component["type"], component["subtype"]
            triggers.append(f'| "{subtype}" {kind} | `{kind}` | `{subtype}` |')
        else:
            lines.append(f"| {component['name']} | {_kind(component)} | {_topic(component)} | {_notes(component)} |")
    return "\n".join([*lines, "", *triggers, ""])


def _kind(component: dict[str, Any]) -> str:
    platform = component["platform"].replace("_", " ")
    of = [component.get("device_class"), component.get("unit_of_measurement")]
    return ", ".join([platform, *(f"`{each}`" for each in of if each)])


def _topic(component: dict[str, Any]) -> str:
    topics = ("command_topic", "temperature_command_topic", "state_topic")
    topic = next(component[name] for name in topics if name in component)
    return f"`{topic}`"


def _notes(component: dict[str, Any]) -> str:
    notes = [component.get("entity_category") or ""]
    if component.get("enabled_by_default") is False:
        notes.append("disabled")
    if component["platform"] == "climate":
        notes.append("if enabled (`ha_climate`)")
    return ", ".join(note for note in notes if note)


def page() -> str:
    """Return the page with the current tables."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"

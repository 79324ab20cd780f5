"""What other plugins have left on the broker for this printer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octoprint_temp_eta.messages.leftovers import FRESH_S, HOME_ASSISTANT, TEMPETA, former

NODE = "388e8fa97e9a4e41aedb7051e48e2bb9"
PLUGIN = {"node_id": NODE, "unique_id": "388e8fa9-7e9a-4e41-aedb-7051e48e2bb9", "discovery_topic": "ha"}
FORMER = former("octoprint/temp_eta", "my-printer", "My Printer", "homeassistant", PLUGIN)
NOW = 1_700_000_000.0
ETA = {
    "heater": "bed",
    "eta_seconds": 12.5,
    "eta_kind": "heating",
    "target": 60.0,
    "actual": 50.0,
    "cooldown_target": None,
    "timestamp": NOW - FRESH_S - 1,
    "state": "heating",
}
CHANGE = {
    "heater": "bed",
    "state": "at_target",
    "previous_state": "heating",
    "timestamp": NOW - 86400,
    "actual": 60.0,
    "target": 60.0,
}


def entity(ids: Any) -> dict[str, Any]:
    """Return an announcement of OctoPrint-HomeAssistant."""
    return {"name": "Printer Bed", "uniq_id": f"{NODE}_BED", "device": {"ids": ids, "mf": "Clifford Roche"}}


def plugin_of(topic: str, message: Any) -> str | None:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return FORMER.plugin_of(topic, payload, NOW)


@pytest.mark.parametrize(
    ("topic", "message", "plugin"),
    [
        (f"homeassistant/sensor/{NODE}_BED/config", entity(NODE), HOME_ASSISTANT),
        (f"ha/sensor/{NODE}_BED/config", entity([NODE]), HOME_ASSISTANT),
        ("homeassistant/switch/388E8F_STOP/config", entity(["388E8F"]), HOME_ASSISTANT),
        ("octoprint/temp_eta/My Printer/bed/eta", ETA, TEMPETA),
        ("octoprint/temp_eta/My Printer/bed/state_change", CHANGE, TEMPETA),
        ("octoprint/temp_eta/my-printer/bed/state_change", CHANGE, TEMPETA),
        ("octoprint/temp_eta/bed/eta", ETA, TEMPETA),
    ],
)
def test_a_leftover_is_found(topic: str, message: Any, plugin: str):
    assert plugin_of(topic, message) == plugin


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        (f"homeassistant/sensor/{NODE}_BED/config", entity("another")),
        ("homeassistant/sensor/0123456789_BED/config", entity("0123456789")),
        (f"elsewhere/sensor/{NODE}_BED/config", entity(NODE)),
        (f"homeassistant/sensor/{NODE}_BED/config", {"device": NODE}),
        ("octoprint/temp_eta/Other Printer/bed/eta", ETA),
        ("octoprint/temp_eta/My Printer/tool0/eta", ETA),
        ("octoprint/temp_eta/My Printer/bed/eta", ETA | {"timestamp": NOW - 1}),
        ("octoprint/temp_eta/my-printer/bed/eta", ETA | {"boot_id": "ours"}),
        ("octoprint/temp_eta/My Printer/bed/eta", b"\xff"),
        ("octoprint/temp_eta/My Printer/bed/eta", ["no object"]),
        ("octoprint/temp_eta/My Printer/bed/eta", b""),
    ],
)
def test_what_is_in_use_or_of_another_printer_is_not(topic: str, message: Any):
    assert plugin_of(topic, message) is None


def test_the_filters_match_all_of_them():
    assert FORMER.filters == (
        "homeassistant/+/+/config",
        "ha/+/+/config",
        "octoprint/temp_eta/+/eta",
        "octoprint/temp_eta/+/state_change",
        "octoprint/temp_eta/my-printer/+/eta",
        "octoprint/temp_eta/my-printer/+/state_change",
        "octoprint/temp_eta/My Printer/+/eta",
        "octoprint/temp_eta/My Printer/+/state_change",
    )


def test_without_its_settings_octoprint_homeassistant_is_not_searched():
    bare = former("base", "id", "", "homeassistant", {})
    assert bare.filters == ("base/+/eta", "base/+/state_change", "base/id/+/eta", "base/id/+/state_change")

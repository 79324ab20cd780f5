"""The bridge's own entities, and temperatures that are not heaters."""

from __future__ import annotations

import json

from ha_discovery import ALWAYS
from tests.support.announced_printer import components
from tests.support.simulated_recorder import render


def test_the_bridge_entity_is_always_available():
    assert components()["bridge"]["availability"] == list(ALWAYS.topics)


def test_a_long_text_is_cut_to_what_a_state_may_hold():
    template = components()["last_error"]["value_template"]
    assert len(render(template, json.dumps({"last_error": "x" * 999}))) == 255
    assert render(template, json.dumps({"last_error": None})) == "None"

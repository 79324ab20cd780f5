"""What is announced to Home Assistant before 2024.12."""

from __future__ import annotations

import json
from datetime import datetime

from ha_discovery import Form
from octoprint_temp_eta.home_assistant.device import announcement
from tests.support.announced_printer import FACTS, OFFER, TOPICS
from tests.support.simulated_recorder import render


def test_for_older_servers_nothing_is_ever_unknown():
    """It is unavailable instead: those servers log a warning for "unknown"."""
    messages = announcement(FACTS, TOPICS, OFFER, prefix="homeassistant", form=Form.SINGLE, older_server=True).messages
    by_topic = {message.topic: json.loads(message.payload) for message in messages}
    sensor = by_topic["homeassistant/sensor/temp_eta_ender-3-x7k2/bed_ready_at/config"]
    own = sensor["availability"][-1]
    assert len(sensor["availability"]) == 3
    assert own["topic"] == sensor["state_topic"]
    nothing, due = '{"ready_at": null}', '{"ready_at": "2026-11-20T14:30:00+00:00"}'
    assert [render(own["value_template"], payload) for payload in (nothing, due)] == ["offline", "online"]
    assert datetime.fromisoformat(render(sensor["value_template"], nothing)).tzinfo is not None
    assert render(sensor["value_template"], due) == "2026-11-20T14:30:00+00:00"
    outcome = by_topic["homeassistant/sensor/temp_eta_ender-3-x7k2/last_script/config"]
    assert render(outcome["value_template"], '{"last": null}') in outcome["options"]
    number = by_topic["homeassistant/sensor/temp_eta_ender-3-x7k2/bed_temperature/config"]
    assert render(number["value_template"], '{"actual": null}') == "None"

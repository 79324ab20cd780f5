"""Scripts: their states, events and triggers."""

from __future__ import annotations

from tests.support.announced_printer import components
from tests.support.contract import examples
from tests.support.simulated_recorder import render


def test_the_event_entity_ignores_changes_of_the_status():
    event = components()["script_event"]
    assert "status_changed" not in event["event_types"]
    texts = [example.text for example in examples("script_event") if example.valid]
    shown = {text for text in texts if render(event["value_template"], text)}
    assert shown == {text for text in texts if "status_changed" not in text}
    assert all(render(event["value_template"], text) == text for text in shown)


def test_a_trigger_fires_for_its_event_only():
    triggers = {c["payload"]: c for c in components().values() if c.get("subtype") == "Script"}
    assert {payload: trigger["type"] for payload, trigger in triggers.items()} == {
        "started": "has started",
        "finished": "has finished",
        "failed": "has failed",
        "error": "has crashed",
        "cancelled": "was cancelled",
    }
    assert {render(c["value_template"], '{"event_type": "failed"}') for c in triggers.values()} == {"failed"}

"""A message with short names has the same content."""

from __future__ import annotations

import json
from dataclasses import replace

from ha_discovery.planning.abbreviations import SHORT
from ha_discovery.planning.messages import device_message
from tests.support.kiln import COMPONENTS, kiln

CONFIG = kiln(*COMPONENTS)
LONG = {short: name for name, short in SHORT.items()}


def expanded(component: dict[str, object]) -> dict[str, object]:
    """Expand the short names as Home Assistant does."""
    found = {LONG.get(key, key): value for key, value in component.items()}
    topics = found.get("availability")
    if isinstance(topics, list):
        found["availability"] = [{LONG.get(key, key): value for key, value in topic.items()} for topic in topics]
    return found


def test_short_names_are_unique():
    assert len(LONG) == len(SHORT)
    assert not LONG.keys() & SHORT.keys()


def test_a_message_with_short_names_has_the_same_content_and_is_smaller():
    full = device_message(CONFIG, "homeassistant")
    short = device_message(replace(CONFIG, abbreviate=True), "homeassistant")
    assert len(short.payload) < 0.95 * len(full.payload)
    payload = json.loads(short.payload)
    payload["components"] = {key: expanded(each) for key, each in payload["components"].items()}
    assert payload == json.loads(full.payload)
    assert (short.topic, short.retain, short.qos) == (full.topic, full.retain, full.qos)

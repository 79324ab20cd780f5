"""Topics: ours, and those that we publish to because somebody asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.messages.contract.catalogue import COMMANDS
from octoprint_temp_eta.messages.topics import (
    LEVEL,
    LONGEST_RESPONSE_TOPIC,
    MOST_LEVELS,
    Topics,
    base_of,
    refuses_response_topic,
    slug,
)

TOPICS = Topics("octoprint/temp_eta/ender")


@pytest.mark.parametrize(
    ("message", "levels", "topic"),
    [
        ("status", {}, "octoprint/temp_eta/ender/status"),
        ("eta", {"heater": "bed"}, "octoprint/temp_eta/ender/bed/eta"),
        ("state_change", {"heater": "tool0"}, "octoprint/temp_eta/ender/tool0/state_change"),
        ("command_reset", {}, "octoprint/temp_eta/ender/command/reset"),
    ],
)
def test_a_message_has_its_topic(message: str, levels: dict[str, str], topic: str):
    assert TOPICS.of(message, **levels) == topic


@pytest.mark.parametrize("message", ["status", "info", "eta", "scripts"])
def test_the_base_of_a_retained_topic_is_found(message: str):
    assert base_of(TOPICS.of(message, heater="bed")) == TOPICS.base


def test_each_command_is_found_by_its_topic():
    for name, message in COMMANDS.items():
        assert TOPICS.command(TOPICS.of(message.name)) == name
    assert TOPICS.commands == "octoprint/temp_eta/ender/command/#"


@pytest.mark.parametrize("topic", ["octoprint/temp_eta/ender/status", "octoprint/temp_eta/other/command/reset", ""])
def test_a_message_on_another_topic_is_no_command(topic: str):
    assert TOPICS.command(topic) is None


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Ender 3 Pro", "ender-3-pro"),
        ("  Prüsa/MK4 #2  ", "prusa-mk4-2"),
        ("under_score", "under_score"),
        ("+#/$", ""),
        ("打印机", ""),
        ("", ""),
    ],
)
def test_a_slug_is_plain(text: str, level: str):
    assert slug(text) == level


@given(st.text())
def test_a_slug_is_a_topic_level_or_empty(text: str):
    made = slug(text)
    assert made == "" or LEVEL.fullmatch(made)
    assert slug(made) == made


BASE = "octoprint/temp_eta/ender"


@pytest.mark.parametrize(
    "topic",
    [
        "a",
        "node-red/answers/7",
        "my topic/ä",
        "x" * LONGEST_RESPONSE_TOPIC,
        "homeassistantx",
        "/".join("a" * MOST_LEVELS),
    ],
)
def test_a_response_topic_below_an_allowed_prefix_is_used(topic: str):
    assert refuses_response_topic(topic, BASE, "homeassistant", ["another", topic.split("/", maxsplit=1)[0]]) is None
    assert "mqtt_response_topics" in (refuses_response_topic(topic, BASE, "homeassistant") or "")


@pytest.mark.parametrize("topic", [f"{BASE}/replies", f"{BASE}/response/node-red", f"{BASE}/a/b/c"])
def test_a_free_response_topic_below_the_base_topic_is_used(topic: str):
    assert refuses_response_topic(topic, BASE, "homeassistant") is None


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("", "empty"),
        ("x" * (LONGEST_RESPONSE_TOPIC + 1), "too long"),
        ("a/#", "wildcard"),
        ("+", "wildcard"),
        ("a\0", "control character"),
        ("a\x01", "control character"),
        ("$SYS/broker", "$"),
        ("$share/x/y", "$"),
        ("homeassistant", "discovery"),
        ("homeassistant/status", "discovery"),
        (BASE, "base"),
        (f"{BASE}/status", "base"),
        (f"{BASE}/bed/eta", "base"),
        (f"{BASE}/command/reset", "command"),
        ("/".join("a" * (MOST_LEVELS + 1)), "levels"),
        ("ab", "not below"),
        ("octoprint/temp_eta/another/command/reset", "command"),
        ("other/command", "command"),
    ],
)
def test_a_response_topic_that_would_do_harm_is_refused(topic: str, why: str):
    allowed = ["x", "other", "octoprint", "homeassistant", "a", "$SYS", "$share"]
    assert why in (refuses_response_topic(topic, BASE, "homeassistant", allowed) or "")


TOPIC_PARTS = st.sampled_from(
    ["octoprint", "temp_eta", "ender", "homeassistant", "command", "status", "bed", "eta", "$SYS", "+", "#"]
)


@given(
    topic=st.text(max_size=30) | st.lists(TOPIC_PARTS | st.text(max_size=3), max_size=25).map("/".join),
    prefixes=st.lists(TOPIC_PARTS, max_size=3),
)
def test_no_response_topic_makes_the_bridge_publish_where_it_means_something(topic: str, prefixes: list[str]):
    if refuses_response_topic(topic, BASE, "homeassistant", prefixes) is not None:
        return
    levels = topic.split("/")
    assert topic
    assert not topic.startswith("$")
    assert not set("+#\0") & set(topic)
    assert "command" not in levels
    assert levels[0] != "homeassistant"
    assert len(levels) <= MOST_LEVELS
    assert topic.startswith(f"{BASE}/") or levels[0] in prefixes
    assert topic not in (BASE, f"{BASE}/status", f"{BASE}/bed/eta")

"""MQTT topic filters, by the rules of the standard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from octoprint_temp_eta.core.topic_filter import is_filter, is_topic, matches, reaches_below


@pytest.mark.parametrize(
    ("text", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("+/+", "/a", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
        ("$SYS/#", "$SYS/a", True),
    ],
)
def test_what_a_filter_matches(text: str, topic: str, *, expected: bool):
    assert matches(text, topic) is expected


@pytest.mark.parametrize(
    "text", ["", "a#", "a/#/b", "a+/b", "\0", "x" * 70_000, "\ud800", "a/\x01", "\x7f", "\x9f", "\uffff", None, 7]
)
def test_what_is_no_filter(text: object):
    assert not is_filter(text)


@pytest.mark.parametrize("text", ["$share/group/octoprint/temp_eta/#", "$share/group/#", "$queue/a", "$exclusive/a"])
def test_a_subscription_whose_messages_arrive_on_other_topics_is_no_filter(text: str):
    """A command that one of them matches would be executed twice."""
    assert not is_filter(text)


@pytest.mark.parametrize("text", ["a/#", "+/a", "$SYS/#", "a/$share/b", "$shared/a"])
def test_what_is_a_filter(text: str):
    assert is_filter(text)


@pytest.mark.parametrize(
    ("topic", "expected"),
    [("a/b", True), ("a/+", False), ("#", False), ("", False), ("\ud800", False), ("a\n", False), (None, False)],
)
def test_what_is_a_topic(topic: object, *, expected: bool):
    assert is_topic(topic) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#", True),
        ("octoprint/#", True),
        ("octoprint/+/+/command/#", True),
        ("octoprint/temp_eta/ender/job", True),
        ("octoprint/temp_eta/other/#", False),
        ("octoprint/+", False),
        ("octoprint/plugin/mqtt_test/sub", False),
        ("zigbee2mqtt/#", False),
    ],
)
def test_which_filters_reach_below_a_base_topic(text: str, *, expected: bool):
    assert reaches_below(text, "octoprint/temp_eta/ender") is expected


LEVELS = st.sampled_from(["a", "b", "", "+", "#", "$SYS"]) | st.text(max_size=3)
TEXTS = st.lists(LEVELS, max_size=5).map("/".join)


@given(text=TEXTS, topic=TEXTS)
def test_it_agrees_with_paho(text: str, topic: str):
    if is_filter(text) and is_topic(topic):
        assert matches(text, topic) == topic_matches_sub(text, topic)


@given(text=TEXTS, base=TEXTS, below=TEXTS.filter(bool))
def test_a_filter_that_matches_below_reaches_below(text: str, base: str, below: str):
    topic = f"{base}/{below}"
    if is_filter(text) and is_topic(topic) and matches(text, topic):
        assert reaches_below(text, base)

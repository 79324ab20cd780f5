"""The rules for single values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ha_discovery.config import rules
from ha_discovery.config.errors import DiscoveryError
from ha_discovery.config.rules import Rule, check, is_number, one_of


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (rules.TEXT, "x"),
        (rules.SLUG, "Bed_1-a"),
        (rules.TOPIC, "a/b c/ü"),
        (rules.TEMPLATE, "{% if value %}{{ value }}{% endif %}"),
        (rules.ICON, "mdi:printer-3d"),
        (rules.ENTITY_ID, "sensor.bed_eta"),
        (rules.WEB_URL, "http://octopi.local:5000/"),
        (rules.VISIT_URL, "homeassistant://hacs"),
        (rules.FLAG, False),
        (rules.QOS, 2),
        (rules.COUNT, 0),
        (rules.POSITIVE, 1),
        (rules.TEXTS, ("a", "b")),
        (one_of({"a", "b"}), "a"),
    ],
)
def test_a_value_that_keeps_its_rule(rule: Rule, value: Any):
    assert rule.holds(value)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (rules.TEXT, " "),
        (rules.SLUG, "a b"),
        (rules.SLUG, "a\n"),
        (rules.TOPIC, "a/+/b"),
        (rules.TOPIC, "a/#"),
        (rules.TOPIC, "/a"),
        (rules.TOPIC, "a/"),
        (rules.TOPIC, "a\x00"),
        (rules.TOPIC, "a\ufdd0"),
        (rules.TOPIC, "\ud800"),
        (rules.TOPIC, "ü" * 32768),
        (rules.TEMPLATE, "{{ value }"),
        (rules.ICON, "mdi:Printer"),
        (rules.ENTITY_ID, "sensor.a__b"),
        (rules.ENTITY_ID, "sensor"),
        (rules.WEB_URL, "homeassistant://hacs"),
        (rules.WEB_URL, "http://"),
        (rules.WEB_URL, "http://[::1"),
        (rules.WEB_URL, "http://a b"),
        (rules.FLAG, 1),
        (rules.QOS, 3),
        (rules.QOS, True),
        (rules.COUNT, -1),
        (rules.COUNT, 1.0),
        (rules.POSITIVE, 0),
        (rules.TEXTS, ()),
        (rules.TEXTS, ("a", "a")),
        (rules.TEXTS, ["a"]),
        (rules.TEXTS, ("x" * 256,)),
        (one_of({"a", "b"}), ["a"]),
    ],
)
def test_a_value_that_breaks_its_rule(rule: Rule, value: Any):
    assert not rule.holds(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, True), (-1.5, True), (True, False), (float("inf"), False), (float("nan"), False), ("1", False)],
)
def test_a_number_is_finite_and_no_flag(value: Any, expected: bool):
    assert is_number(value) is expected


@dataclass
class Values:
    needed: str
    optional: str | None = None


def test_only_an_optional_field_may_be_left_out():
    check("bed", Values("x"), {"needed": rules.TEXT, "optional": rules.TEXT})
    with pytest.raises(DiscoveryError) as caught:
        check("bed", Values(None), {"needed": rules.TEXT, "optional": rules.TEXT})  # type: ignore[arg-type]
    assert str(caught.value) == "bed.needed: must be a non-empty string, not None"

"""The templates, rendered with Jinja as in Home Assistant."""

import json
from typing import Any

import jinja2
import pytest

from ha_discovery import DiscoveryError, json_flag, json_value


def render(template: str, payload: Any) -> str:
    """Return the text; an undefined value may be looked at once, as in Home Assistant."""
    return jinja2.Environment(autoescape=False).from_string(template).render(value_json=json.loads(json.dumps(payload)))


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"ready_at": "2026-11-20T14:30:00+00:00"}, "2026-11-20T14:30:00+00:00"),
        ({"ready_at": 0}, "0"),
        ({"ready_at": 12.5}, "12.5"),
        ({"ready_at": ""}, ""),
        ({"ready_at": None}, "None"),
        ({}, "None"),
    ],
)
def test_a_value_that_is_null_or_missing_is_unknown(payload: Any, text: str) -> None:
    assert render(json_value("ready_at"), payload) == text


@pytest.mark.parametrize(
    ("payload", "text"),
    [({"last": {"status": "done"}}, "done"), ({"last": {}}, "None"), ({"last": None}, "None"), ({}, "None")],
)
def test_a_nested_value_is_unknown_where_its_parent_is(payload: Any, text: str) -> None:
    assert render(json_value("last", "status"), payload) == text


def test_a_key_may_be_named_like_a_method() -> None:
    assert render(json_value("items"), {"items": 3}) == "3"


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"door": True}, "open"),
        ({"door": False}, "closed"),
        ({"door": None}, "None"),
        ({}, "None"),
        ({"door": "open"}, "None"),
    ],
)
def test_a_flag_is_one_of_the_payloads_or_unknown(payload: Any, text: str) -> None:
    assert render(json_flag("door", on="open", off="closed"), payload) == text


@pytest.mark.parametrize("template", [json_value("a"), json_value("a", "b"), json_flag("a"), json_flag("a", "b")])
def test_a_payload_that_is_not_json_is_unknown(template: str) -> None:
    """Home Assistant leaves value_json undefined."""
    assert jinja2.Environment(autoescape=False).from_string(template).render(value="") == "None"


def test_a_nested_flag() -> None:
    assert render(json_flag("a", "b"), {"a": {"b": True}}) == "ON"
    assert render(json_flag("a", "b"), {"a": None}) == "None"


REFUSED: list[tuple[Any, str]] = [
    (json_value, "path"),
    (lambda: json_value("a'b"), "path"),
    (lambda: json_value("a", "{{"), "path"),
    (lambda: json_flag("a", on="it's on"), "on"),
    (lambda: json_flag("a", off=""), "off"),
]


@pytest.mark.parametrize(("make", "where"), REFUSED)
def test_a_path_or_payload_that_breaks_the_template_is_refused(make: Any, where: str) -> None:
    with pytest.raises(DiscoveryError) as refused:
        make()
    assert refused.value.where == where

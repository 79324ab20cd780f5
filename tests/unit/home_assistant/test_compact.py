"""Compact templates render the same."""

from __future__ import annotations

import json
from typing import Any

import jinja2
import pytest

from octoprint_temp_eta.home_assistant.compact import compact_template


@pytest.mark.parametrize(
    ("template", "compact"),
    [
        (
            "{{ (value_json | default({}))['a'] | default('None') }}",
            "{{(value_json|d({}))['a']|d('None')}}",
        ),
        ("{% set v = 1 %}a  b {{ v if v > 0 else 'c  d' }}", "{%set v=1%}a  b {{v if v>0 else'c  d'}}"),
        ("{{ {'code': 'x'} | tojson }}", "{{ {'code':'x'}|tojson}}"),
        ("{{ a if b else {} }}", "{{a if b else{} }}"),
        ("{{ -1 }}{{ 1 - +1 }}", "{{ -1}}{{1-+1}}"),
        ("{{ 'it\\'s {{ a  b }}' }}", "{{'it\\'s {{ a  b }}'}}"),
        ("{{ default | default('| default(1)') }}", "{{default|d('| default(1)')}}"),
        ("plain  text", "plain  text"),
    ],
)
def test_only_blanks_that_jinja_ignores_are_left_out(template: str, compact: str):
    assert compact_template(template) == compact


PAYLOADS: list[dict[str, Any]] = [
    {"value_json": {"a": 1, "code": None}},
    {"value_json": {"a": {"b": -2}}, "a": 3, "b": False},
    {"a": 0, "b": True},
]


@pytest.mark.parametrize("names", PAYLOADS, ids=json.dumps)
@pytest.mark.parametrize(
    "template",
    [
        "{{ (value_json | default({}))['a'] | default('None') }}",
        "{% set v = value_json | default({}) %}{{ {'x  y': v['a'] | default(0), 'z': [1, 2] | max} | tojson }}",
        "{{ a if b else {} }} and {{ 'it\\'s' ~ ' {{ 1 }} ' }}{{ - 1 + 2 }}{{ {} }}",
        "{% if not a is defined or b %} yes {% else %} no {% endif %}",
        "{{ 'x' if a in [1, 2] else \"y  z\" }}",
    ],
)
def test_a_compact_template_renders_the_same(template: str, names: dict[str, Any]):
    def rendered(text: str) -> str:
        return jinja2.Template(text).render(**names)

    assert rendered(compact_template(template)) == rendered(template)

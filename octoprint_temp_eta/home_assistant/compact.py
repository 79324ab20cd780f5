"""Templates without the blanks that only make them readable: a large announcement has over a hundred templates."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from ha_discovery import Availability, Component, Entity

_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_BLOCK = re.compile(rf"\{{\{{(?:{_STRING}|[^'\"])*?\}}\}}(?!\}})|\{{%(?:{_STRING}|[^'\"])*?%\}}")
_TOKEN = re.compile(rf"{_STRING}|\s+|\w+|.", re.DOTALL)
#: Characters that mean something else without a blank between them and a delimiter: `{{ {…`, `{{ -1`.
_DELIMITERS, _AMBIGUOUS = "{}%", "{}%-+"


def compact(component: Component) -> Component:
    """Return `component` with compact templates."""
    changes: dict[str, Any] = {
        field.name: compact_template(value)
        for field in fields(component)
        if field.name.endswith("template") and (value := getattr(component, field.name)) is not None
    }
    if isinstance(component, Entity) and component.availability is not None:
        changes["availability"] = compact_availability(component.availability)
    return replace(component, **changes)


def compact_availability(availability: Availability) -> Availability:
    """Return `availability` with compact templates."""
    topics = (
        topic if topic.value_template is None else replace(topic, value_template=compact_template(topic.value_template))
        for topic in availability.topics
    )
    return replace(availability, topics=tuple(topics))


@lru_cache(512)
def compact_template(template: str) -> str:
    """Return a Jinja template that renders the same text, without the blanks that Jinja ignores.

    The filter `default` has Jinja's short name: it occurs some 340 times. Results are kept, as components share
    templates, and at startup there are several announcements.
    """
    return _BLOCK.sub(lambda block: _compact(_TOKEN.findall(block[0])), template)


def _compact(words: list[str]) -> str:
    needed = [
        " " if word.isspace() else word
        for place, word in enumerate(words)
        if not word.isspace() or _separates(words[place - 1], words[place + 1])
    ]
    return "".join("d" if word == "default" and needed[place - 1] == "|" else word for place, word in enumerate(needed))


def _separates(before: str, after: str) -> bool:
    """Return whether the text would mean something else without a blank between two words."""
    words = all(character.isalnum() or character == "_" for character in before[-1] + after[0])
    return words or (before in _DELIMITERS and after in _AMBIGUOUS) or (after in _DELIMITERS and before in _AMBIGUOUS)

"""The rules for single values, each with its error text."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ha_discovery.config.errors import DiscoveryError
from ha_discovery.config.frozen import frozen

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@frozen()
class Rule:
    """A rule for a value: its text and its test."""

    text: str
    holds: Callable[[Any], bool]


def check(where: str, values: "DataclassInstance", rules: Mapping[str, Rule]) -> None:
    """Check every field named in `rules`. None passes if it is the field's default.

    Raises DiscoveryError with `where.field` and the rule.
    """
    optional = _optional(type(values))
    for name, rule in rules.items():
        value = getattr(values, name)
        if not (value is None and name in optional) and not rule.holds(value):
            raise DiscoveryError(f"{where}.{name}", f"{rule.text}, not {value!r}")


@cache
def _optional(cls: "type[DataclassInstance]") -> frozenset[str]:
    """Return the names of the fields whose default is None."""
    return frozenset(field.name for field in fields(cls) if field.default is None)


def one_of(choices: Collection[str]) -> Rule:
    """Return the rule for a choice."""
    return Rule(f"must be one of {', '.join(sorted(choices))}", lambda v: isinstance(v, str) and v in choices)


def is_number(value: Any) -> bool:
    """Whether it is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


#: Wildcards, control characters, surrogates and Unicode non-characters, two of which end each plane.
_NOT_IN_TOPICS = re.compile(
    "[+#\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
    + "]"
)


def _is_topic(value: Any) -> bool:
    """Whether it is a topic name, which can be published to: no wildcards."""
    return (
        _is_text(value)
        and not value.startswith("/")
        and not value.endswith("/")
        and len(value.encode(errors="replace")) <= 65535
        and not _NOT_IN_TOPICS.search(value)
    )


def _is_url(value: Any, schemes: Collection[str]) -> bool:
    if not _is_text(value) or " " in value:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc)


def _is_template(value: Any) -> bool:
    """Whether its braces are closed. Home Assistant checks the rest of the Jinja syntax."""
    return _is_text(value) and all(value.count(a) == value.count(b) for a, b in (("{{", "}}"), ("{%", "%}")))


def _are_texts(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and bool(value)
        and all(_is_text(item) and len(item) <= 255 for item in value)
        and len(set(value)) == len(value)
    )


def _is_whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


_ENTITY_ID = re.compile(r"(?!.*__)[a-z0-9][a-z0-9_]*(?<!_)\.[a-z0-9][a-z0-9_]*(?<!_)")

TEXT: Final = Rule("must be a non-empty string", _is_text)
SLUG: Final = Rule(
    "must hold only letters, digits, - and _",
    lambda v: isinstance(v, str) and bool(re.fullmatch(r"[A-Za-z0-9_-]+", v)),
)
TOPIC: Final = Rule(
    "must be an MQTT topic without wildcards (+ #), control characters or a slash at either end", _is_topic
)
TEMPLATE: Final = Rule("must be a template with closed braces", _is_template)
ICON: Final = Rule(
    "must be an icon as mdi:name",
    lambda v: isinstance(v, str) and bool(re.fullmatch(r"mdi:[a-z0-9]+(-[a-z0-9]+)*", v)),
)
ENTITY_ID: Final = Rule(
    "must be domain.object_id in lower case, digits and single _",
    lambda v: isinstance(v, str) and len(v) <= 255 and bool(_ENTITY_ID.fullmatch(v)),
)
WEB_URL: Final = Rule("must be an absolute http or https URL", lambda v: _is_url(v, {"http", "https"}))
VISIT_URL: Final = Rule(
    "must be an absolute http, https or homeassistant URL",
    lambda v: _is_url(v, {"http", "https", "homeassistant"}),
)
FLAG: Final = Rule("must be True or False", lambda v: isinstance(v, bool))
QOS: Final = Rule("must be 0, 1 or 2", lambda v: _is_whole(v, 0) and v <= 2)
COUNT: Final = Rule("must be a whole number, 0 or more", lambda v: _is_whole(v, 0))
POSITIVE: Final = Rule("must be a whole number above 0", lambda v: _is_whole(v, 1))
TEXTS: Final = Rule("must be a non-empty tuple of different texts of at most 255 characters", _are_texts)

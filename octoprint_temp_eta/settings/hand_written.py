"""Settings as people write them in config.yaml, where YAML makes numbers, dates and truth values of unquoted text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from . import table

#: Words that YAML reads as true or false unless they are in quotes.
_WORDS = {**dict.fromkeys(("true", "yes", "on", "1"), True), **dict.fromkeys(("false", "no", "off", "0"), False)}
#: A decimal comma; with three digits after it, it may separate thousands.
_DECIMAL_COMMA = re.compile(r"\s*([-+]?\d+),(\d{1,2})\s*")
#: The settings that are topics.
_TOPICS = frozenset({"mqtt_base_topic", "ha_discovery_prefix", "ha_status_topic"})


def as_written(raw: Mapping[str, Any], texts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return `raw`, the settings as YAML has read them, as their author means them; unknown keys stay as they are.

    `texts` are the values as they are written in the file, by key.
    """
    return {key: _meant(key, value, texts or {}) if key in _DEFAULTS else value for key, value in raw.items()}


def _meant(key: str, value: Any, texts: Mapping[str, str]) -> Any:
    default = _DEFAULTS[key]
    if value is None:
        return default
    if isinstance(default, str):
        text = _text(value, texts.get(key))
        return text.strip().strip("/") or text if key in _TOPICS and isinstance(text, str) else text
    if isinstance(default, bool):
        return _WORDS.get(str(value).strip().lower(), value) if isinstance(value, str | int) else value
    comma = _DECIMAL_COMMA.fullmatch(value) if isinstance(value, str) else None
    return f"{comma[1]}.{comma[2]}" if comma else value


def _text(value: Any, written: str | None) -> Any:
    """Return the text that YAML has read as something else."""
    if isinstance(value, str):
        return value
    if written is not None:
        return written
    return str(value) if isinstance(value, int | float | date) and not isinstance(value, bool) else value


_DEFAULTS = table.defaults()

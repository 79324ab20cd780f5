"""MQTT topic filters: which topics they match (MQTT 5, 4.7)."""

from __future__ import annotations

import re
from typing import TypeGuard

LONGEST_BYTES = 65_535
_NO_CHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
#: A text without control characters and non-characters: brokers may close the connection at them (MQTT 5, 1.5.4).
TEXT = rf"[^\x00-\x1f\x7f-\x9f\ufdd0-\ufdef{_NO_CHARACTERS}]*"
#: The first levels of subscriptions whose messages arrive on topics that they do not match: shared ones (MQTT 5,
#: 4.8.2), and those of EMQX. A message that another subscription matches arrives once more.
SPECIAL = ("$share", "$queue", "$exclusive")


def is_topic(topic: object) -> TypeGuard[str]:
    """Return whether `topic` can be published to."""
    return _is_name(topic) and not set(topic) & set("+#")


def is_filter(text: object) -> TypeGuard[str]:
    """Return whether `text` can be subscribed to: a wildcard is a level of its own, `#` the last one.

    Special subscriptions are refused: nothing here could assign their messages, and commands would be executed twice.
    """
    if not _is_name(text):
        return False
    levels = text.split("/")
    if levels[0] in SPECIAL:
        return False
    wild = [level for level in levels if "+" in level or "#" in level]
    return all(level in ("+", "#") for level in wild) and "#" not in levels[:-1]


def matches(text: str, topic: str) -> bool:
    """Return whether the filter `text` matches `topic`."""
    wanted, levels = text.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


def reaches_below(text: str, base: str) -> bool:
    """Return whether the filter `text` may match a topic below `base`."""
    for wanted, level in zip(text.split("/"), base.split("/"), strict=False):
        if wanted == "#":
            return True
        if wanted not in ("+", level):
            return False
    return len(text.split("/")) > len(base.split("/"))


def _is_name(text: object) -> TypeGuard[str]:
    """Return whether `text` can be sent as a topic: UTF-8 of bounded length (MQTT 5, 4.7.3)."""
    if not isinstance(text, str) or not re.fullmatch(TEXT, text):
        return False
    try:
        return 0 < len(text.encode()) <= LONGEST_BYTES
    except UnicodeEncodeError:  # a lone surrogate
        return False

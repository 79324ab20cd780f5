"""MQTT topic filters: which topics they match (MQTT 5, 4.7)."""

from __future__ import annotations

LONGEST_BYTES = 65_535


def is_topic(topic: object) -> bool:
    """Return whether `topic` can be published to."""
    return isinstance(topic, str) and 0 < len(topic.encode()) <= LONGEST_BYTES and not set(topic) & set("+#\0")


def is_filter(text: object) -> bool:
    """Return whether `text` can be subscribed to: a wildcard is a level of its own, `#` the last one."""
    if not isinstance(text, str) or not 0 < len(text.encode()) <= LONGEST_BYTES or "\0" in text:
        return False
    levels = text.split("/")
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

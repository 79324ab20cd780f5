"""The form of the settings dialog, made from the settings table; the templates translate its texts."""

from __future__ import annotations

from dataclasses import Field
from fnmatch import fnmatchcase
from typing import Any

from ...settings import table

#: The groups of the form: title and patterns of keys. The group without patterns has the rest.
GROUPS = (
    ("Connection", "mqtt_*"),
    ("Home Assistant", "ha_*"),
    ("Estimation", ""),
    ("Cool-down", "enable_cooldown_eta cooldown_*"),
    ("Display", "show_* historical_graph_* temp_display color_* update_interval"),
    ("Sounds and notifications", "sound_* notification_*"),
    ("MQTT commands", "allow_* target_*"),
    ("Scripts", "script_*"),
)


def form() -> list[dict[str, Any]]:
    """Return the form: each group with its `title` and its `fields`; a field has key, kind, texts and bounds."""
    groups: dict[str, list[dict[str, Any]]] = {title: [] for title, _ in GROUPS}
    for row, rule in table.rows():
        groups[group_of(row.name)].append(_field(row, rule))
    return [{"title": title, "fields": fields} for title, fields in groups.items() if fields]


def group_of(key: str) -> str:
    """Return the title of the group that a setting is in."""
    matching = (title for title, patterns in GROUPS if any(fnmatchcase(key, each) for each in patterns.split()))
    return next(matching, next(title for title, patterns in GROUPS if not patterns))


def _field(row: Field[Any], rule: table.Rule) -> dict[str, Any]:
    return {
        "key": row.name,
        "kind": _kind(row, rule),
        "label": rule.label,
        "help": rule.help,
        "unit": rule.unit,
        "low": rule.low,
        "high": rule.high,
        "step": 1 if isinstance(row.default, int) else "any",
        "form": rule.form,
        "nullable": rule.nullable,
        "choices": list(rule.choices.items()),
    }


def _kind(row: Field[Any], rule: table.Rule) -> str:
    if rule.secret:
        return "secret"
    if rule.choices:
        return "choice"
    if rule.pattern == table.COLOR:
        return "color"
    if isinstance(row.default, bool):
        return "bool"
    return "text" if isinstance(row.default, str) else "number"

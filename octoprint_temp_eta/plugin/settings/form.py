"""The form of the settings dialog, made from the settings table; the templates translate its texts."""

from __future__ import annotations

from dataclasses import Field, fields
from fnmatch import fnmatchcase
from typing import Any

from ...settings import table

_WINDOW_METHODS = ("algorithm", ("linear", "exponential"))
#: What settings need to have an effect: patterns of keys, then the other setting and its values. A broker that is
#: written as a URL brings its own transport and TLS.
NEEDS: tuple[tuple[str, tuple[str, tuple[object, ...]]], ...] = (
    ("threshold_start min_rate max_eta cooldown_fit_window_seconds", _WINDOW_METHODS),
    ("cooldown_*", ("enable_cooldown_eta", (True,))),
    ("cooldown_target_*", ("cooldown_mode", ("threshold",))),
    ("cooldown_ambient_temp cooldown_hysteresis_c", ("cooldown_mode", ("ambient",))),
    ("mqtt_broker_* mqtt_transport mqtt_username mqtt_password mqtt_use_tls", ("mqtt_enabled", (True,))),
    ("mqtt_websocket_path", ("mqtt_transport", ("websockets",))),
    ("mqtt_tls_*", ("mqtt_use_tls", (True,))),
    (
        "ha_discovery_mode ha_discovery_prefix ha_suggested_area ha_climate ha_status_topic ha_birth_payload",
        ("ha_discovery_enabled", (True,)),
    ),
    ("ha_climate", ("allow_target", (True,))),
    ("allow_scripts", ("allow_script_start", (True,))),
    ("target_max_*", ("allow_target", (True,))),
    ("historical_graph_window_seconds", ("show_historical_graph", (True,))),
    ("color_heating color_cooling color_idle", ("color_mode", ("status",))),
    ("sound_[!e]*", ("sound_enabled", (True,))),
    ("notification_[!e]*", ("notification_enabled", (True,))),
)

#: Its default stands for a new ID, which is another device for others: *Restore defaults* keeps the present one.
PRINTER_ID = "mqtt_custom_identifier"


def form() -> list[dict[str, Any]]:
    """Return the form: each group with its `title`, its `fields` and their `defaults`.

    A field has key, kind, texts and bounds, and what it `needs` to have an effect.
    """
    return [_group(group) for group in table.GROUPS]


def _group(group: type[table.Group]) -> dict[str, Any]:
    shown = [_field(row, row.metadata["rule"]) for row in fields(group)]
    return {
        "title": group.TITLE,
        "fields": shown,
        "defaults": {
            each["key"]: each["default"] for each in shown if each["kind"] != "secret" and each["key"] != PRINTER_ID
        },
    }


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
        "needs": _needs(row.name),
        "default": row.default,
    }


def _needs(key: str) -> list[dict[str, Any]]:
    """Return what a setting needs to have an effect: each with `key`, the `label` of that setting, and `values`."""
    labels = {row.name: rule.label for row, rule in table.rows()}
    return [
        {"key": other, "label": labels[other], "values": list(values)}
        for patterns, (other, values) in NEEDS
        if any(fnmatchcase(key, each) for each in patterns.split())
    ]


def _kind(row: Field[Any], rule: table.Rule) -> str:
    if rule.secret:
        return "secret"
    if rule.choices:
        return "choice"
    if rule.pattern == table.COLOR:
        return "color"
    if isinstance(row.default, bool):
        return "bool"
    if (rule.low, rule.high) == (0, 1):
        return "share"
    return "text" if isinstance(row.default, str) else "number"

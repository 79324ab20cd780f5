"""The migration of TempETA 0.x's settings: each of its keys is kept, mapped or dropped.

TempETA 0.8.9 saves no version; development versions of it saved 1 or 2, with the same keys. Version 3 is ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..messages.topics import LEVEL, slug
from . import table
from .hand_written import as_written

#: The version of the saved settings.
SETTINGS_VERSION = 3

_KEPT = """
enabled enable_heating_eta suppress_while_printing threshold_start
enable_cooldown_eta cooldown_mode cooldown_target_tool0 cooldown_target_bed cooldown_target_chamber
cooldown_ambient_temp cooldown_hysteresis_c cooldown_fit_window_seconds
update_interval show_in_sidebar show_in_navbar show_in_tab show_progress_bars show_historical_graph
historical_graph_window_seconds temp_display color_mode color_heating color_cooling color_idle
sound_enabled sound_target_reached sound_cooldown_finished sound_volume sound_min_interval_s
notification_enabled notification_target_reached notification_cooldown_finished
notification_timeout_s notification_min_interval_s
mqtt_broker_host mqtt_broker_port mqtt_username mqtt_password mqtt_use_tls mqtt_tls_insecure mqtt_publish_interval
"""
#: Same name, same meaning. TempETA clamped invalid numbers to their bounds; so does the migration.
KEPT = frozenset(_KEPT.split())

#: The switches that are on by default, and were off in TempETA, by the setting that enables them. OctoPrint saves only
#: what differs from the default, so the migration saves those that were off beside an enabled kind of alert.
OFF_IN_TEMPETA = {
    "sound_enabled": ("sound_target_reached", "sound_cooldown_finished"),
    "notification_enabled": ("notification_target_reached", "notification_cooldown_finished"),
}

#: What happens to the other keys.
MAPPED = {
    "algorithm": "Kept if it was saved; the default is now `model`.",
    "mqtt_enabled": "The default is now true, without effect as long as there is no host. If a host was saved and this "
    "was not, it stays off.",
    "mqtt_base_topic": "Levels of letters, digits, `_` and `-` are kept; others are made valid: `Home/my öl` "
    "becomes `Home/my-ol`.",
    "mqtt_use_appearance_name": "The topic level that it produced, the appearance name, is now the printer ID "
    "(`mqtt_custom_identifier`).",
    "mqtt_custom_identifier": "Now the printer ID, which always exists. If the appearance name was in the topics, that "
    "name is the printer ID; if neither was, an ID is generated and added to the topics.",
}
DROPPED = {
    "threshold_unit": "Thresholds are in °C; the pages show temperatures in the unit of `temp_display`.",
    "debug_logging": "Use OctoPrint's *Settings → Logging*, logger `octoprint.plugins.temp_eta`.",
    "history_size": "The methods use the readings of a time span, not a number of readings.",
    "persist_backoff_reset_s": "The temperature history is no longer written to disk.",
    "persist_backoff_initial_s": "As `persist_backoff_reset_s`.",
    "persist_backoff_max_s": "As `persist_backoff_reset_s`.",
    "persist_max_json_bytes": "As `persist_backoff_reset_s`.",
    "mqtt_qos": "Fixed by the contract: QoS 1 for states, events and replies, QoS 0 for a script's log.",
    "mqtt_retain": "Fixed by the contract: states are retained, events and replies are not.",
}
#: The files that TempETA leaves in the data folder.
HISTORY = "history_*.json"

#: Keys that only TempETA saves.
_ITS_OWN = frozenset({*DROPPED, "mqtt_use_appearance_name"})


def is_of_tempeta(saved: Mapping[str, Any], version: int | None, *, has_run: bool = False) -> bool:
    """Return whether TempETA has saved these settings, rather than a user by hand before our first start.

    `has_run`: whether the data folder has files of TempETA. TempETA 0.8.9 saves neither a version nor defaults, so
    that its settings may consist of keys that both have. A key that only we have is written by hand.
    """
    if version is not None or not _ITS_OWN.isdisjoint(saved):
        return True
    return has_run and set(saved) <= KEPT | set(MAPPED)


def migrated(
    saved: Mapping[str, Any], appearance_name: str, texts: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return TempETA's `saved` settings as ours, and a line for the log for each that has changed.

    `texts` is how they are written in config.yaml.
    """
    # What TempETA has made of them holds: a topic level from a number, and no connection where the switch was blank.
    blank = {key: None for key, value in saved.items() if value is None}
    identifier = str(saved.get("mqtt_custom_identifier") or "")
    saved = {**as_written(saved, texts), **blank, "mqtt_custom_identifier": identifier}
    ours: dict[str, Any] = {}
    notes: list[str] = []
    for key, value in sorted(saved.items()):
        if key in KEPT:
            ours[key] = _fitting(key, value, notes)
        elif key in DROPPED:
            notes.append(f"{key}: {value!r} is dropped. {DROPPED[key]}")
        elif key not in MAPPED and not key.startswith("_"):
            notes.append(f"{key} is dropped: TempETA 0.8.9 has no such setting.")
    for enabled, switches in OFF_IN_TEMPETA.items():
        if ours.get(enabled):
            ours = dict.fromkeys(switches, False) | ours
    if "algorithm" in saved:
        ours["algorithm"] = _fitting("algorithm", saved["algorithm"], notes)
    if "mqtt_enabled" in saved or ours.get("mqtt_broker_host"):
        ours["mqtt_enabled"] = saved.get("mqtt_enabled", False) in (True, "true")
    if "mqtt_base_topic" in saved:
        ours["mqtt_base_topic"] = _base_topic(str(saved["mqtt_base_topic"]), notes)
    instance = _instance(saved, appearance_name)
    if instance:
        ours["mqtt_custom_identifier"] = instance
    return ours, notes


def _fitting(key: str, value: Any, notes: list[str]) -> Any:
    """Return `value` if the setting accepts it, otherwise the nearest bound or the default."""
    try:
        return table.check(key, value)
    except table.InvalidSetting as error:
        row, rule = next(found for found in table.rows() if found[0].name == key)
        default: Any = row.default
        nearest = _nearest(value, rule)
        fitting = default if nearest is None else type(default)(nearest)
        hidden = rule.secret or error.value is None
        shown = "" if hidden else f": {value!r} is now {fitting!r}"
        notes.append(f"{key} {error.rule}{shown}.")
        return fitting


def _nearest(value: Any, rule: table.Rule) -> float | None:
    """Return the value nearest to `value` within the bounds, None if it is not a number or the setting is nullable."""
    if isinstance(value, bool) or rule.low is None or rule.high is None or rule.nullable:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(number, rule.low), rule.high) if math.isfinite(number) else None


def _base_topic(base: str, notes: list[str]) -> str:
    plain = "/".join(level for level in map(_level, base.split("/")) if level)
    if plain != base.strip("/"):
        notes.append(f"mqtt_base_topic: {base!r} is now {plain!r}: only letters, digits, '_' and '-'.")
    return plain or table.defaults()["mqtt_base_topic"]


def _instance(saved: Mapping[str, Any], appearance_name: str) -> str:
    """Return the topic level between base topic and heater that TempETA used, "" if there was none."""
    use_name = saved.get("mqtt_use_appearance_name", True) not in (False, "false")
    name = appearance_name.strip() if use_name else ""
    return _level(name or str(saved.get("mqtt_custom_identifier") or "").strip())


def _level(text: str) -> str:
    """Return `text` itself if it is a valid topic level, so that the topics do not move."""
    return text if LEVEL.fullmatch(text) else slug(text)

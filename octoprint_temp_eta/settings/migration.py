"""What a user of TempETA 0.x has saved, in the form of today: each of its keys is kept, mapped or dropped.

Version 1 and 2 of the settings hold the same keys; version 3 is ours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from ..messages.topics import slug
from . import table

#: The form of the saved settings.
SETTINGS_VERSION = 3

_KEPT = """
enabled enable_heating_eta suppress_while_printing threshold_start
enable_cooldown_eta cooldown_mode cooldown_target_tool0 cooldown_target_bed cooldown_target_chamber
cooldown_ambient_temp cooldown_hysteresis_c cooldown_fit_window_seconds
show_in_sidebar show_in_navbar show_in_tab show_progress_bars show_historical_graph
historical_graph_window_seconds temp_display color_mode color_heating color_cooling color_idle
sound_enabled sound_target_reached sound_cooldown_finished sound_volume sound_min_interval_s
notification_enabled notification_target_reached notification_cooldown_finished
notification_timeout_s notification_min_interval_s
mqtt_broker_host mqtt_broker_port mqtt_username mqtt_password mqtt_use_tls mqtt_tls_insecure mqtt_publish_interval
"""
#: Same name, same meaning. TempETA clamped what it read; so is it clamped here.
KEPT = frozenset(_KEPT.split())

#: What becomes of the others, in words.
MAPPED = {
    "algorithm": "Kept where one was chosen; the default is now `model`.",
    "mqtt_enabled": "Its default is now true, with no connection while there is no host. Where a host was saved and "
    "this was not, it stays off as it was.",
    "mqtt_base_topic": "Kept; characters other than letters, digits, `_`, `-` and `/` become `-`.",
    "mqtt_use_appearance_name": "The topic level that came from it, the appearance name, is now the instance "
    "(`mqtt_custom_identifier`).",
    "mqtt_custom_identifier": "Now the instance, which there always is. Where the appearance name made the topic, "
    "that name is the instance; where neither did, one is made, and the topics get this level.",
}
DROPPED = {
    "threshold_unit": "Thresholds are in °C; the pages show temperatures in the unit of `temp_display`.",
    "debug_logging": "OctoPrint does this: Settings → Logging, logger `octoprint.plugins.temp_eta`.",
    "update_interval": "The pages get what the broker gets, when it changes; see `mqtt_publish_interval`.",
    "history_size": "The methods take the readings of a span of time, not a number of them.",
    "persist_backoff_reset_s": "The temperature history is no longer written to disk again and again.",
    "persist_backoff_initial_s": "As `persist_backoff_reset_s`.",
    "persist_backoff_max_s": "As `persist_backoff_reset_s`.",
    "persist_max_json_bytes": "As `persist_backoff_reset_s`.",
    "mqtt_qos": "The contract says it: states, events and replies with QoS 1, a script's log with QoS 0.",
    "mqtt_retain": "The contract says it: states are retained, events and replies are not.",
}


#: By these one knows settings of TempETA, where no version does.
_ITS_OWN = frozenset({*DROPPED, "mqtt_use_appearance_name"})


def is_of_tempeta(saved: Mapping[str, Any], version: int | None) -> bool:
    """Whether TempETA has saved this. It wrote a version; what a user writes before our first start has none."""
    return version is not None or not _ITS_OWN.isdisjoint(saved)


def migrated(saved: Mapping[str, Any], appearance_name: str) -> tuple[dict[str, Any], list[str]]:
    """Return TempETA's `saved` settings as ours, and a line for the log on each that is not what it was."""
    ours: dict[str, Any] = {}
    notes: list[str] = []
    for key, value in sorted(saved.items()):
        if key in KEPT:
            ours[key] = _fitting(key, value, notes)
        elif key in DROPPED:
            notes.append(f"{key}: {value!r} is dropped. {DROPPED[key]}")
        elif key not in MAPPED and not key.startswith("_"):
            notes.append(f"{key} is dropped: TempETA 0.8.9 has no such setting.")
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
    """Return `value` as the setting `key` takes it: itself, the nearest bound, or the default."""
    try:
        return table.check(key, value)
    except table.InvalidSetting as error:
        row, rule = next(found for found in table.rows() if found[0].name == key)
        default: Any = row.default
        nearest = _nearest(value, rule)
        fitting = default if nearest is None else type(default)(nearest)
        shown = "" if rule.secret else f": {value!r} is now {fitting!r}"
        notes.append(f"{key} {error.rule}{shown}.")
        return fitting


def _nearest(value: Any, rule: table.Rule) -> float | None:
    """Return what is nearest to `value` between the bounds, None where it is no number or may be absent."""
    if isinstance(value, bool) or rule.low is None or rule.high is None or rule.nullable:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return min(max(number, rule.low), rule.high) if math.isfinite(number) else None


def _base_topic(base: str, notes: list[str]) -> str:
    plain = "/".join(level for level in map(_level, base.split("/")) if level)
    if plain != base.strip("/"):
        notes.append(f"mqtt_base_topic: {base!r} is now {plain!r}: letters, digits, '_' and '-' alone.")
    return plain or table.defaults()["mqtt_base_topic"]


def _instance(saved: Mapping[str, Any], appearance_name: str) -> str:
    """Return the topic level that TempETA had put between base topic and heater, "" where there was none."""
    use_name = saved.get("mqtt_use_appearance_name", True) not in (False, "false")
    name = appearance_name.strip() if use_name else ""
    return _level(name or str(saved.get("mqtt_custom_identifier") or "").strip())


def _level(text: str) -> str:
    """Return `text` itself where it can stand in a topic, so that the topic does not move."""
    return text if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) else slug(text)

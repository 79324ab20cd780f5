"""The expected entities of a cold printer with a tool, a bed, two presets and two scripts."""

from __future__ import annotations

from tests.support.full_stack import FullStack

#: By key: domain, state ("": any), unit, device class.
PRINTER = {
    "ready_at": ("sensor", "unknown", None, "timestamp"),
    "printing": ("binary_sensor", "off", None, "running"),
    "printer": ("binary_sensor", "on", None, "connectivity"),
    "bridge": ("binary_sensor", "on", None, "connectivity"),
    "script": ("sensor", "idle", None, "enum"),
    "last_script": ("sensor", "", None, "enum"),
    "script_event": ("event", "", None, None),
    "cancel_script": ("button", "", None, None),
    "start_warm_up": ("button", "", None, None),
    "start_unlucky": ("button", "", None, None),
    "reset": ("button", "", None, None),
    "forecast_pla": ("sensor", "", "s", "duration"),
    "forecast_abs": ("sensor", "", "s", "duration"),
}
HEATER = {
    "ready_at": ("sensor", "unknown", None, "timestamp"),
    "cool_at": ("sensor", "unknown", None, "timestamp"),
    "state": ("sensor", "off", None, "enum"),
    "stalled": ("binary_sensor", "off", None, "problem"),
    "target": ("number", "0.0", "°C", "temperature"),
}
EXPECTED = PRINTER | {f"{heater}_{key}": row for heater in ("tool0", "bed") for key, row in HEATER.items()}
#: The entities that are disabled by default.
DISABLED = {
    f"{heater}_{key}" for heater in ("tool0", "bed") for key in ("temperature", "time_remaining", "estimate_error")
}
DISABLED |= {
    "script_status",
    "last_error",
    "clash",
    "connections",
    "messages_sent",
    "messages_dropped",
    "commands_rejected",
}
TRIGGERS = {(kind, heater) for kind in ("reached_target", "cooled_down", "stalled") for heater in ("tool0", "bed")} | {
    (kind, "script") for kind in ("started", "finished", "failed", "error", "cancelled")
}


def unknown(full_stack: FullStack, state: str) -> tuple[str, ...]:
    """Return the states for `state` in this Home Assistant: older ones have no "unknown", see `older_servers`."""
    return ("unavailable",) if full_stack.mode == "per_entity" and state == "unknown" else (state,)


def entity_id(key: str) -> str:
    """Return the id of the entity `key` of a printer called Ender."""
    return f"{EXPECTED[key][0]}.ender_{key}"


def is_time(state: str | None) -> bool:
    """Whether the state is a time."""
    return (state or "").startswith("20")

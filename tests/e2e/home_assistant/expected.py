"""The expected entities of a cold printer with a tool, a bed, two presets and two scripts."""

from __future__ import annotations

from tests.support.full_stack import FullStack

#: By key: entity id without the printer's name, state ("": any), unit, device class.
PRINTER = {
    "status": ("sensor.status", "Idle", None, "enum"),
    "ready": ("binary_sensor.ready", "", None, None),
    "ready_at": ("sensor.ready_at", "unknown", None, "timestamp"),
    "printing": ("binary_sensor.printing", "off", None, "running"),
    "printer": ("binary_sensor.printer", "on", None, "connectivity"),
    "bridge": ("binary_sensor.bridge", "on", None, "connectivity"),
    "progress": ("sensor.print_progress", "unknown", "%", None),
    "finish_at": ("sensor.print_finish", "unknown", None, "timestamp"),
    "file": ("sensor.print_file", "unknown", None, None),
    "printer_event": ("event.printer_event", "", None, None),
    "job_pause": ("button.pause_print", "unavailable", None, None),
    "job_resume": ("button.resume_print", "unavailable", None, None),
    "job_cancel": ("button.cancel_print", "unavailable", None, None),
    "printer_connect": ("button.connect", "unavailable", None, None),
    "printer_disconnect": ("button.disconnect", "", None, None),
    "printer_emergency_stop": ("button.emergency_stop", "", None, None),
    "script": ("sensor.script", "Idle", None, "enum"),
    "script_status": ("sensor.script_status", "unknown", None, None),
    "last_script": ("sensor.last_script_outcome", "", None, "enum"),
    "script_event": ("event.script_event", "", None, None),
    "command_refused": ("event.command_refused", "", None, None),
    "cancel_script": ("button.cancel_script", "unavailable", None, None),
    "start_warm_up": ("button.start_warm_up", "", None, None),
    "start_unlucky": ("button.start_unlucky", "", None, None),
    "reset": ("button.reset_history", "", None, None),
    "forecast_pla": ("sensor.warm_up_time_pla", "", "s", "duration"),
    "forecast_abs": ("sensor.warm_up_time_abs", "", "s", "duration"),
}
HEATER = {
    "ready_at": ("sensor", "ready_at", "unknown", None, "timestamp"),
    "cool_at": ("sensor", "cool_at", "unknown", None, "timestamp"),
    "state": ("sensor", "state", "Off", None, "enum"),
    "stalled": ("binary_sensor", "not_heating_up", "off", None, "problem"),
    "temperature": ("sensor", "temperature", "", "°C", "temperature"),
    "target": ("number", "target", "0.0", "°C", "temperature"),
}
HEATERS = {"tool0": "nozzle", "bed": "bed"}
EXPECTED = PRINTER | {
    f"{heater}_{key}": (f"{domain}.{name}_{suffix}", *row)
    for heater, name in HEATERS.items()
    for key, (domain, suffix, *row) in HEATER.items()
}
#: The entities that are disabled by default.
DISABLED = {f"{heater}_{key}" for heater in HEATERS for key in ("time_remaining", "estimate_error")}
DISABLED |= {
    "print_time_remaining",
    "last_error",
    "clash",
    "connections",
    "messages_sent",
    "messages_dropped",
    "commands_rejected",
}
TRIGGERS = {
    (kind, heater)
    for kind in ("reached its target", "has cooled down", "does not heat up")
    for heater in ("Nozzle", "Bed")
} | {(kind, "Script") for kind in ("has started", "has finished", "has failed", "has crashed", "was cancelled")}
TRIGGERS |= {
    *((kind, "Print") for kind in ("has started", "has finished", "has failed", "was cancelled")),
    *((kind, "Print") for kind in ("was paused", "was resumed")),
    *((kind, "Printer") for kind in ("has reported an error", "has run out of filament")),
}


def unknown(full_stack: FullStack, key: str, state: str) -> tuple[str, ...]:
    """Return the states for `state` in this Home Assistant: in older ones only numbers are "unknown"."""
    is_number = EXPECTED[key][2] is not None
    older = full_stack.mode == "per_entity" and not is_number
    return ("unavailable",) if older and state == "unknown" else (state,)


def entity_id(key: str) -> str:
    """Return the id of the entity `key` of a printer called Ender."""
    domain, name = EXPECTED[key][0].split(".")
    return f"{domain}.ender_{name}"


def is_time(state: str | None) -> bool:
    """Whether the state is a time."""
    return (state or "").startswith("20")

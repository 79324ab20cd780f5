"""The rows for thermostats: one for each heater, with OctoPrint's temperature presets."""

from __future__ import annotations

import json

from ha_discovery import Climate, Component

from .parts import EXPIRES, PAYLOAD, Scope, Thermostat, climate_temperature, field, quoted

#: Home Assistant's own name for "no preset", which a preset cannot have, and the text that resets a state.
NO_PRESET, UNKNOWN = "none", "None"


def climate(scope: Scope, thermostat: Thermostat) -> Component:
    """Return the thermostat of a heater. *Heat* heats to its first preset; choosing no preset changes nothing."""
    heater, presets = thermostat.heater, _usable(thermostat)
    eta, command = scope.topics.of("eta", heater=heater), scope.topics.of("command_target")
    with_presets = {
        "preset_modes": tuple(name for name, _ in presets),
        "preset_mode_command_topic": command,
        "preset_mode_command_template": _set_preset(heater, presets),
        "preset_mode_state_topic": eta,
        "preset_mode_value_template": _preset(presets),
    }
    row: Component = scope.add(
        Climate,
        f"{heater}_climate",
        "{heater}",
        {"heater": scope.heater(heater)},
        temperature_unit="C",
        min_temp=0.0,
        max_temp=thermostat.highest,
        current_temperature_topic=eta,
        current_temperature_template=climate_temperature(thermostat.highest),
        temperature_command_topic=command,
        temperature_command_template=f'{{"heater": "{heater}", "target": {{{{ value }}}}}}',
        temperature_state_topic=eta,
        temperature_state_template=f"{{{{ {field('target')} or '{UNKNOWN}' }}}}",
        modes=("off", "heat"),
        mode_command_topic=command,
        mode_command_template=_set_mode(heater, presets),
        mode_state_topic=eta,
        mode_state_template=f"{{{{ 'heat' if {field('target')} else 'off' }}}}",
        action_topic=eta,
        action_template=(
            f"{{{{ 'off' if not {field('target')} else "
            f"'heating' if {field('state')} in ['heating', 'stalled'] else 'idle' }}}}"
        ),
        **(with_presets if presets else {}),
        **EXPIRES,
    )
    return row


def _usable(thermostat: Thermostat) -> tuple[tuple[str, float], ...]:
    """Return the presets that Home Assistant accepts; the first one of each name."""
    targets: dict[str, float] = {}
    for name, target in thermostat.presets:
        if name.strip() and name not in (NO_PRESET, UNKNOWN):
            targets.setdefault(name, target)
    return tuple(targets.items())


def _set_mode(heater: str, presets: tuple[tuple[str, float], ...]) -> str:
    """Return the template of a command for a mode. An empty message, which the bridge ignores, changes nothing.

    The bridge decides whether the heater is on already: `this` is unknown after the entity was renamed.
    """
    off = json.dumps({"heater": heater, "target": 0})
    on = json.dumps({"heater": heater, "target": presets[0][1], "only_if_off": True}) if presets else ""
    return f"{{% if value == 'off' %}}{off}{{% else %}}{on}{{% endif %}}"


def _set_preset(heater: str, presets: tuple[tuple[str, float], ...]) -> str:
    targets = ", ".join(f"{quoted(name)}: {target}" for name, target in presets)
    return (
        f"{{% set target = {{{targets}}}.get(value) %}}"
        f'{{% if target %}}{{"heater": "{heater}", "target": {{{{ target }}}}}}{{% endif %}}'
    )


def _preset(presets: tuple[tuple[str, float], ...]) -> str:
    """Return the template of the first preset with the heater's target."""
    names = ", ".join(f"{target}: {quoted(name)}" for name, target in reversed(presets))
    return f"{{{{ {{{names}}}.get({PAYLOAD}['target'] | default(none), '{UNKNOWN}') }}}}"

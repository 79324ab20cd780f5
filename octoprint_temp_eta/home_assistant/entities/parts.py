"""What the rows of entities share: names, templates and times."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from ha_discovery import Availability, AvailabilityTopic, DeviceTrigger, Entity, json_text, json_value

from ...core.frozen import frozen
from ...messages.topics import Topics, slug
from .texts import Texts

#: Seconds after which an unchanged retained state is published again, and the messages that have this heartbeat.
HEARTBEAT_S = 60.0
HEARTBEATS = ("status", "printer", "job", "eta", "forecast", "script")
#: Seconds without a message after which an entity becomes unavailable.
EXPIRE_AFTER_S = 150
#: Seconds after which the broker drops a press that it could not deliver.
PRESS_EXPIRY_S = 30
EXPIRES = {"message_expiry_interval": PRESS_EXPIRY_S}
#: Seconds between two changes of the progress of a print.
SLOW_PROGRESS_S = 60
#: Seconds between two changes of a text that a script sets.
SLOW_TEXT_S = 10
#: The message in a template; the empty message, which clears a topic, counts as an empty object.
PAYLOAD = "(value_json | default({}))"
#: The longest state that Home Assistant accepts.
LONGEST_STATE = 255
#: The deadband of temperatures: °C, or this part of the target, and while a heater heats or cools this part of target
#: or temperature.
TEMPERATURE_BAND_C, HOLDING_BAND, MOVING_BAND = 2, 0.03, 0.34
#: The deadband of a time of arrival: seconds, or the remaining time divided by this. Seconds that it may be overdue,
#: and before it in which no time may be known.
ARRIVAL_BAND_S, ARRIVAL_SHARE, OVERDUE_S, DUE_S = 8, 4, 9, 20

E = TypeVar("E", bound=Entity)


@frozen
class Thermostat:
    """A heater that is announced as a thermostat, with its highest target and its target in each preset, in °C."""

    heater: str
    highest: float
    presets: tuple[tuple[str, float], ...] = ()


@frozen
class Offer:
    """Everything that can be announced."""

    heaters: tuple[str, ...] = ()
    #: OctoPrint's temperature presets, by name.
    presets: tuple[str, ...] = ()
    #: The scripts that can be started: id and title.
    scripts: tuple[tuple[str, str], ...] = ()
    #: The commands that the settings allow.
    commands: frozenset[str] = frozenset()
    #: By heater the highest target in °C that the command `target` accepts.
    highest_targets: tuple[tuple[str, float], ...] = ()
    #: The names of reported temperatures that are not heaters.
    sensors: tuple[str, ...] = ()
    thermostats: tuple[Thermostat, ...] = ()


@frozen
class Scope:
    """What a row needs of the printer."""

    instance: str
    topics: Topics
    texts: Texts
    offer: Offer

    def add(self, kind: type[E], key: str, name: str, names: Mapping[str, str] | None = None, /, **more: Any) -> E:
        """Return an entity. `name` is its English name, `names` what to fill in.

        It has no entity id of its own: Home Assistant makes it from the names of device and entity.
        """
        shown = " ".join(self.texts(name, **(names or {})).split())
        return kind(key=key, unique_id=f"temp_eta_{self.instance}_{key}", name=shown, **more)

    def trigger(self, key: str, text: str, subject: str, topic: str, template: str, payload: str) -> DeviceTrigger:
        """Return the trigger of `subject` that a message fires in which `template` finds `payload`; `text` is English.

        Its key depends on its texts, see `DeviceTrigger`.
        """
        words = self.texts(text)
        return DeviceTrigger(
            key=_hashed(f"{key}_trigger", f"{words} {subject}"),
            type=words,
            subtype=subject,
            topic=topic,
            value_template=template,
            payload=payload,
        )

    def heater(self, heater: str) -> str:
        """Return the display name of a heater; OctoPrint's own name if two have the same display name."""
        single_tool = sum(each.startswith("tool") and each[4:].isdigit() for each in self.offer.heaters) == 1
        names = [self.texts.heater(each, single_tool=single_tool) for each in self.offer.heaters]
        name = self.texts.heater(heater, single_tool=single_tool)
        return name if names.count(name) <= 1 else heater

    @property
    def bridge(self) -> AvailabilityTopic:
        """Whether the bridge is online."""
        return AvailabilityTopic(self.topics.of("status"))

    @property
    def without_printer(self) -> Availability:
        """The availability of entities that are available while the printer is disconnected."""
        return Availability((self.bridge,))

    @property
    def with_printer(self) -> Availability:
        """The availability of all others: the printer is connected, or a cool-down goes on without it."""
        present = online_if(f"{field('connected')} or {field('extrapolated')}")
        return Availability((self.bridge, AvailabilityTopic(self.topics.of("printer"), value_template=present)))


def keys_of(names: Iterable[str]) -> dict[str, str]:
    """Return a key for each of the names that users choose.

    It is the slug, with a hash if that drops characters ("PLA+", "PLA"), or if another name has the slug already, such
    as one in capitals.
    """
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=str.swapcase):
        plain = slug(name).replace("-", "_")
        complete = plain == name.lower().replace(" ", "_").replace("-", "_")
        keys[name] = plain if complete and plain not in taken else _hashed(plain, name)
        taken.add(keys[name])
    return keys


def _hashed(plain: str, name: str) -> str:
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:6]
    return f"{plain}_{digest}".lstrip("_")


def field(key: str, default: str | None = None) -> str:
    """Return the expression for a key of the message, for a condition: Home Assistant warns of one that is missing."""
    return f"{PAYLOAD}.get('{key}', {default!r})" if default is not None else f"{PAYLOAD}.get('{key}')"


def online_if(condition: str) -> str:
    """Return the template of an availability that `condition` decides."""
    return f"{{{{ 'online' if {condition} else 'offline' }}}}"


def while_no_script_runs(scope: Scope) -> AvailabilityTopic:
    """Return the availability of what needs the printer for itself."""
    return AvailabilityTopic(scope.topics.of("script"), value_template=online_if(f"{field('state')} == 'idle'"))


def quoted(text: str) -> str:
    """Return `text` as a string literal for a template, with every special character escaped."""
    plain = (c if c.isascii() and (c.isalnum() or c == " ") else f"\\U{ord(c):08x}" for c in text)
    return f"'{''.join(plain)}'"


def state_at(topic: str, *path: str) -> dict[str, str]:
    """Return the arguments for a state at `path` in the messages on `topic`."""
    return {"state_topic": topic, "value_template": json_value(*path)}


def enum_at(topic: str, *path: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments for one of some states, shown as its text. The attribute `code` has the state itself.

    Automations compare `code`, which is the same in every language. It adds no rows: it changes with the state.
    """
    code = json_value(*path).removeprefix("{{ ").removesuffix(" }}")
    return {
        "state_topic": topic,
        "value_template": json_text(*path, texts=texts),
        "device_class": "enum",
        "options": tuple(texts.values()),
        "json_attributes_topic": topic,
        "json_attributes_template": f"{{{{ {{'code': {code}}} | tojson }}}}",
    }


def text_at(topic: str, key: str) -> dict[str, str]:
    """Return the arguments for a text of any length."""
    template = f"{{{{ ({PAYLOAD}['{key}'] | default('None', true))[:{LONGEST_STATE}] }}}}"
    return {"state_topic": topic, "value_template": template}


def slow_text_at(topic: str, key: str) -> dict[str, str]:
    """Return the same for a text that may change every second: the state changes every 10 s at most.

    A text that is skipped is shown with the next heartbeat, unless a newer one replaces it.
    """
    text = text_at(topic, key)["value_template"].removeprefix("{{ ").removesuffix(" }}")
    recent = f"(now() - this.last_changed).total_seconds() < {SLOW_TEXT_S}"
    shown = "this.state not in ['unknown', 'unavailable']"
    template = f"{{% set text = {text} %}}{{{{ this.state if text != 'None' and {shown} and {recent} else text }}}}"
    return {"state_topic": topic, "value_template": template}


def progress_at(topic: str) -> dict[str, str]:
    """Return the arguments for the progress of a print: whole %, changed once a minute, and at once to 0, 100, unknown.

    A step that is skipped is shown with one of the next messages.
    """
    recent = f"(now() - this.last_changed).total_seconds() < {SLOW_PROGRESS_S}"
    template = (
        f"{{% set p = {field('progress')} %}}{{% set s = this.state | float(none) %}}"
        f"{{% set p = none if p is none else (p * 100) | int %}}"
        f"{{{{ 'None' if p is none else this.state if s is not none and s < p < 100 and {recent} else p }}}}"
    )
    return {"state_topic": topic, "value_template": template}


def arrival_at(topic: str, key: str, *, state: str = "state") -> dict[str, str]:
    """Return the arguments for a time of arrival, which changes when it leaves the deadband.

    The estimate of a heat-up moves a dozen times, mostly by little, and each change of the entity is a row in the
    recorder. `state` is the key of the state in the message. When the arrival is due, there may be no time for some
    seconds: the last one stays. One that is further away does not: the heater was switched off.
    """
    # t: the time of the message; n and o: seconds from then to the new time and to the one that is shown
    due = f"o < {DUE_S} and v.{state} in ['heating', 'cooling']"
    near = f"(o - n) | abs <= [{ARRIVAL_BAND_S}, n / {ARRIVAL_SHARE}] | max"
    template = (
        f"{{% set v = value_json | default({{}}) %}}{{% set t = v.timestamp | default(99) %}}"
        f"{{% set n = as_timestamp(v.{key} | default(0), 0) - t %}}{{% set o = as_timestamp(this.state, 0) - t %}}"
        f"{{{{ this.state if o > -{OVERDUE_S} and ({due} if n < -{OVERDUE_S} else {near}) "
        f"else v.{key} | default('None', 1) }}}}"
    )
    return {"state_topic": topic, "value_template": template}


def temperature_at(topic: str) -> dict[str, str]:
    """Return the arguments for a heater's temperature: whole °C, changed when it leaves the deadband.

    The deadband is 2 °C or 3 % of the target, and a third of the distance while the heater heats or cools, so a heat-up
    changes the state a few times only. Home Assistant may show °F; the last state is converted back.
    """
    shown = "this.state | float(none)"
    template = _with_deadband(shown, "this.attributes.unit_of_measurement == '°F'")
    return {"state_topic": topic, "value_template": template}


def climate_temperature(highest: float) -> str:
    """Return the template of a thermostat's temperature, with the same deadband.

    A thermostat has no unit among its attributes: where Home Assistant shows °F, its highest target differs.
    """
    shown = "this.attributes.current_temperature | default(none) | float(none)"
    most = f"this.attributes.max_temp | default({highest})"
    return _with_deadband(shown, f"({most}) > {highest} + 1")


def _with_deadband(shown: str, in_fahrenheit: str) -> str:
    part = f"[t, g] | max * {MOVING_BAND} * (v.state in ['heating', 'cooling'])"
    band = f"[{TEMPERATURE_BAND_C}, g * {HOLDING_BAND}, {part}] | max"
    return (
        f"{{% set v = value_json | default({{}}) %}}{{% set t = v.actual | default(none) %}}"
        f"{{% set g = v.target | default(0, true) %}}{{% set s = {shown} %}}"
        f"{{% if s is not none and {in_fahrenheit} %}}{{% set s = (s - 32) / 1.8 %}}{{% endif %}}"
        f"{{{{ 'None' if t is none else (t if s is none or (t - s) | abs >= {band} else s) | round | int }}}}"
    )

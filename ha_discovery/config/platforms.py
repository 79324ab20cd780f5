"""The platforms: one dataclass each. Entity classes register themselves, see Entity."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ha_discovery.config import classes
from ha_discovery.config.components import PLACEHOLDER, Component, Entity
from ha_discovery.config.errors import DiscoveryError
from ha_discovery.config.frozen import frozen
from ha_discovery.config.rules import COUNT, FLAG, POSITIVE, TEMPLATE, TEXT, TEXTS, TOPIC, Rule, is_number, one_of


@frozen(kw_only=True)
class Sensor(Entity):
    """A value to read: a number if it has a unit or a state class, else a text, one of `options`, or a time.

    `expire_after`: seconds without a message after which the entity becomes unavailable.
    """

    platform = "sensor"
    least: ClassVar[Mapping[str, Any]] = {"state_topic": PLACEHOLDER}
    _RULES: ClassVar[Mapping[str, Rule]] = {
        "state_topic": TOPIC,
        "value_template": TEMPLATE,
        "device_class": one_of(classes.SENSOR_UNITS),
        "state_class": one_of(classes.STATE_CLASSES),
        "unit_of_measurement": TEXT,
        "options": TEXTS,
        "suggested_display_precision": COUNT,
        "expire_after": POSITIVE,
        "force_update": FLAG,
    }

    state_topic: str
    value_template: str | None = None
    device_class: str | None = None
    state_class: Literal["measurement", "total", "total_increasing"] | None = None
    unit_of_measurement: str | None = None
    options: tuple[str, ...] | None = None
    suggested_display_precision: int | None = None
    expire_after: int | None = None
    force_update: bool = False

    def _check(self) -> None:
        super()._check()
        _refuse_config(self)
        self._require(
            "options",
            self.options is None or self.device_class == "enum",
            "needs device_class enum",
        )
        classes.check_unit(self.key, self.device_class, self.unit_of_measurement, classes.SENSOR_UNITS)
        numeric = self.unit_of_measurement is not None or self.state_class is not None
        if self.device_class is not None:
            states = classes.SENSOR_STATE_CLASSES[self.device_class]
            self._require(
                "state_class",
                self.state_class is None or self.state_class in states,
                f"must be {' or '.join(sorted(states)) or 'left out'} with device_class {self.device_class}",
            )
            numeric |= self.device_class not in classes.NON_NUMERIC_SENSORS
        self._require(
            "suggested_display_precision",
            self.suggested_display_precision is None or numeric,
            "needs a numeric sensor (a unit, a state class or a numeric device class)",
        )
        self._require(
            "value_template",
            self.device_class not in {"timestamp", "date"} or "now()" not in (self.value_template or ""),
            "must not read the clock: publish the point in time, else every message changes the state",
        )


@frozen(kw_only=True)
class BinarySensor(Entity):
    """On or off. A template must render one of the two payloads, or `None` for unknown (see json_flag)."""

    platform = "binary_sensor"
    least: ClassVar[Mapping[str, Any]] = {"state_topic": PLACEHOLDER}
    _RULES: ClassVar[Mapping[str, Rule]] = {
        "state_topic": TOPIC,
        "value_template": TEMPLATE,
        "device_class": one_of(classes.BINARY_SENSOR_CLASSES),
        "payload_on": TEXT,
        "payload_off": TEXT,
        "expire_after": POSITIVE,
        "off_delay": POSITIVE,
        "force_update": FLAG,
    }

    state_topic: str
    value_template: str | None = None
    device_class: str | None = None
    payload_on: str = "ON"
    payload_off: str = "OFF"
    expire_after: int | None = None
    off_delay: int | None = None
    force_update: bool = False

    def _check(self) -> None:
        super()._check()
        _refuse_config(self)
        self._require("payload_off", self.payload_on != self.payload_off, "must differ from payload_on")


@frozen(kw_only=True)
class Event(Entity):
    """An event: JSON with `event_type`, one of `event_types`. All other keys become attributes.

    Home Assistant ignores retained events.
    """

    platform = "event"
    least: ClassVar[Mapping[str, Any]] = {"state_topic": PLACEHOLDER, "event_types": (PLACEHOLDER,)}
    _RULES: ClassVar[Mapping[str, Rule]] = {
        "state_topic": TOPIC,
        "event_types": TEXTS,
        "value_template": TEMPLATE,
        "device_class": one_of(classes.EVENT_CLASSES),
    }

    state_topic: str
    event_types: tuple[str, ...]
    value_template: str | None = None
    device_class: Literal["button", "doorbell", "motion"] | None = None


@frozen(kw_only=True)
class Button(Entity):
    """Publishes `payload_press` unchanged, with QoS `qos`, not retained.

    `message_expiry_interval`: seconds after which the broker drops a press that it could not deliver. Home Assistant
    before 2026.6 ignores it.
    """

    platform = "button"
    least: ClassVar[Mapping[str, Any]] = {"command_topic": PLACEHOLDER}
    _RULES: ClassVar[Mapping[str, Rule]] = {
        "command_topic": TOPIC,
        "command_template": TEMPLATE,
        "payload_press": TEXT,
        "device_class": one_of(classes.BUTTON_CLASSES),
        "message_expiry_interval": POSITIVE,
    }

    command_topic: str
    command_template: str | None = None
    payload_press: str = "PRESS"
    device_class: Literal["identify", "restart", "update"] | None = None
    message_expiry_interval: int | None = None


@frozen(kw_only=True)
class Number(Entity):
    """A number to set. Without `state_topic`, Home Assistant assumes that the device has the value that it sent."""

    platform = "number"
    least: ClassVar[Mapping[str, Any]] = {"command_topic": PLACEHOLDER}
    _RULES: ClassVar[Mapping[str, Rule]] = {
        "command_topic": TOPIC,
        "command_template": TEMPLATE,
        "state_topic": TOPIC,
        "value_template": TEMPLATE,
        "device_class": one_of(classes.NUMBER_UNITS),
        "unit_of_measurement": TEXT,
        "mode": one_of({"auto", "box", "slider"}),
        "message_expiry_interval": POSITIVE,
    }

    command_topic: str
    command_template: str | None = None
    state_topic: str | None = None
    value_template: str | None = None
    device_class: str | None = None
    unit_of_measurement: str | None = None
    min: float = 1.0
    max: float = 100.0
    step: float = 1.0
    mode: Literal["auto", "box", "slider"] = "auto"
    message_expiry_interval: int | None = None

    def _check(self) -> None:
        super()._check()
        classes.check_unit(self.key, self.device_class, self.unit_of_measurement, classes.NUMBER_UNITS)
        for field in ("min", "max", "step"):
            self._require(field, is_number(getattr(self, field)), "must be a finite number")
        self._require("max", self.min < self.max, "must be above min")
        self._require("step", self.step >= 0.001, "must be 0.001 or more")
        self._require("step", self.step <= self.max - self.min, "must fit between min and max")
        self._require(
            "value_template",
            self.value_template is None or self.state_topic is not None,
            "needs a state_topic",
        )


@frozen(kw_only=True)
class Climate(Entity):
    """A thermostat: current temperature, target, mode, what it does now, and presets.

    Home Assistant shows its temperatures in the unit that the user has chosen; `temperature_unit` is that of the
    messages. Without a template, a preset's name is published as it is; "none" among them resets the preset.
    """

    platform = "climate"
    least: ClassVar[Mapping[str, Any]] = {"temperature_command_topic": PLACEHOLDER}
    _RULES: ClassVar[Mapping[str, Rule]] = {
        **{
            f"{value}_{direction}": rule
            for value in ("temperature_command", "temperature_state", "mode_command", "mode_state", "action")
            for direction, rule in (("topic", TOPIC), ("template", TEMPLATE))
        },
        "current_temperature_topic": TOPIC,
        "current_temperature_template": TEMPLATE,
        "preset_mode_command_topic": TOPIC,
        "preset_mode_command_template": TEMPLATE,
        "preset_mode_state_topic": TOPIC,
        "preset_mode_value_template": TEMPLATE,
        "temperature_unit": one_of({"C", "F"}),
        "modes": TEXTS,
        "preset_modes": TEXTS,
        "message_expiry_interval": POSITIVE,
    }

    temperature_command_topic: str
    temperature_command_template: str | None = None
    temperature_state_topic: str | None = None
    temperature_state_template: str | None = None
    current_temperature_topic: str | None = None
    current_temperature_template: str | None = None
    temperature_unit: Literal["C", "F"] | None = None
    min_temp: float | None = None
    max_temp: float | None = None
    temp_step: float = 1.0
    modes: tuple[str, ...] | None = None
    mode_command_topic: str | None = None
    mode_command_template: str | None = None
    mode_state_topic: str | None = None
    mode_state_template: str | None = None
    action_topic: str | None = None
    action_template: str | None = None
    preset_modes: tuple[str, ...] | None = None
    preset_mode_command_topic: str | None = None
    preset_mode_command_template: str | None = None
    preset_mode_state_topic: str | None = None
    preset_mode_value_template: str | None = None
    message_expiry_interval: int | None = None

    def _check(self) -> None:
        super()._check()
        unknown = sorted({*(self.modes or ())} - classes.CLIMATE_MODES)
        self._require("modes", not unknown, f"must be among {' '.join(sorted(classes.CLIMATE_MODES))}, not {unknown}")
        self._require(
            "preset_modes",
            (self.preset_modes is None) == (self.preset_mode_command_topic is None),
            "needs a preset_mode_command_topic, and the other way round",
        )
        self._require(
            "preset_modes", "none" not in (self.preset_modes or ()), "must not contain none: it resets the preset"
        )
        for field in ("min_temp", "max_temp", "temp_step"):
            value = getattr(self, field)
            self._require(field, value is None or is_number(value), "must be a finite number")
        if self.min_temp is not None and self.max_temp is not None:
            self._require("max_temp", self.min_temp < self.max_temp, "must be above min_temp")
        self._require("temp_step", self.temp_step > 0, "must be above 0")


@frozen(kw_only=True)
class DeviceTrigger(Component):
    """A trigger on the device page. A message on `topic` fires it, or only one that equals `payload`.

    Home Assistant also fires it for retained messages, so messages on that topic must not be retained. Automations name
    it by type and subtype; if one of them changes, give it another key. If Home Assistant knows the key, it still finds
    the trigger under the former ones only, and automations with the new ones do nothing until its next restart.
    """

    platform = "device_automation"
    _RULES: ClassVar[Mapping[str, Rule]] = {
        "type": TEXT,
        "subtype": TEXT,
        "topic": TOPIC,
        "payload": TEXT,
        "value_template": TEMPLATE,
    }

    type: str
    subtype: str
    topic: str
    payload: str | None = None
    value_template: str | None = None

    def _check(self) -> None:
        self._require(
            "value_template",
            self.value_template is None or self.payload is not None,
            "needs a payload to compare with",
        )

    @property
    def identity(self) -> str:
        """Type and subtype."""
        return f"{self.type} {self.subtype}"


def _refuse_config(entity: Sensor | BinarySensor) -> None:
    """Refuse `config`: Home Assistant 2026.11 accepts it only for entities that can be set."""
    if entity.entity_category == "config":
        raise DiscoveryError(
            f"{entity.key}.entity_category",
            f"must be diagnostic or left out: a {entity.platform} cannot be set",
        )

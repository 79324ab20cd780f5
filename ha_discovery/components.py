"""What can be announced, one frozen dataclass per platform. Field names are Home Assistant's key names.

Constructors refuse with DiscoveryError what Home Assistant would refuse, and what it would accept and then misread.
Defaults are Home Assistant's own, so that a field left alone stays out of the payload. There is no `retain`: a
retained command would run again on every reconnect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ha_discovery import classes
from ha_discovery.availability import Availability
from ha_discovery.errors import DiscoveryError
from ha_discovery.rules import (
    COUNT,
    ENTITY_ID,
    FLAG,
    ICON,
    POSITIVE,
    QOS,
    SLUG,
    TEMPLATE,
    TEXT,
    TEXTS,
    TOPIC,
    WEB_URL,
    Rule,
    check,
    one_of,
)


@dataclass(frozen=True, kw_only=True)
class Component:
    """What every component has. `key` names it within its device and in topics; it stays the same for ever."""

    platform: ClassVar[str]
    _RULES: ClassVar[Mapping[str, Rule]] = {"key": SLUG, "qos": QOS}

    key: str
    qos: int | None = None

    def __post_init__(self) -> None:
        """Hold the values against the rules."""
        if not SLUG.holds(self.key):
            raise DiscoveryError("key", f"{SLUG.text}, not {self.key!r}")
        for owner in reversed(type(self).__mro__):
            check(self.key, self, vars(owner).get("_RULES", {}))
        self._check()

    def _check(self) -> None:
        """The rules that bind several fields."""

    def _require(self, field: str, holds: bool, rule: str) -> None:
        if not holds:
            raise DiscoveryError(f"{self.key}.{field}", rule)

    @property
    def identity(self) -> str:
        """What Home Assistant knows this component by, whatever its key and topic."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Entity(Component):
    """What every entity has. `name` without the device's name; None: the entity *is* the device and carries its name.

    `default_entity_id` ("sensor.ender_3_bed_ready_at") counts at the first appearance only. `availability`: None
    inherits the device's, ALWAYS overrides it with none.
    """

    _RULES: ClassVar[Mapping[str, Rule]] = {
        "unique_id": TEXT,
        "default_entity_id": ENTITY_ID,
        "icon": ICON,
        "entity_picture": WEB_URL,
        "entity_category": one_of({"config", "diagnostic"}),
        "enabled_by_default": FLAG,
        "json_attributes_topic": TOPIC,
        "json_attributes_template": TEMPLATE,
    }

    unique_id: str
    name: str | None
    default_entity_id: str | None = None
    icon: str | None = None
    entity_picture: str | None = None
    entity_category: Literal["config", "diagnostic"] | None = None
    enabled_by_default: bool = True
    availability: Availability | None = None
    json_attributes_topic: str | None = None
    json_attributes_template: str | None = None

    def _check(self) -> None:
        self._require("name", self.name is None or TEXT.holds(self.name), TEXT.text)
        self._require(
            "default_entity_id",
            self.default_entity_id is None or self.default_entity_id.startswith(f"{self.platform}."),
            f"must begin with its domain, {self.platform}.",
        )
        self._require(
            "availability",
            self.availability is None or isinstance(self.availability, Availability),
            "must be an Availability",
        )
        self._require(
            "json_attributes_template",
            self.json_attributes_template is None or self.json_attributes_topic is not None,
            "needs a json_attributes_topic",
        )

    @property
    def identity(self) -> str:
        """The unique id."""
        return self.unique_id


@dataclass(frozen=True, kw_only=True)
class Sensor(Entity):
    """A value that is read: numeric with a unit or state class, else text, one of `options`, or a time.

    `expire_after` (s): unavailable after that long without a message, so it needs a heartbeat.
    """

    platform = "sensor"
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
        _check_unit(self, classes.SENSOR_UNITS)
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
            "must not read the clock: publish the point in time, else every message is a new state",
        )


@dataclass(frozen=True, kw_only=True)
class BinarySensor(Entity):
    """On or off. A template must give one of the two payloads, or `None` for unknown (see json_flag)."""

    platform = "binary_sensor"
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


@dataclass(frozen=True, kw_only=True)
class Button(Entity):
    """Sends `payload_press` verbatim (QoS `qos`, never retained).

    `message_expiry_interval` (s) lets the broker drop a press nobody fetched; Home Assistant before 2026.6 ignores it.
    """

    platform = "button"
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


@dataclass(frozen=True, kw_only=True)
class Event(Entity):
    """Something that happened: JSON with `event_type`, one of `event_types`; further keys become attributes.

    Home Assistant ignores retained events.
    """

    platform = "event"
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


@dataclass(frozen=True, kw_only=True)
class Number(Entity):
    """A value that is set. Without a `state_topic` Home Assistant assumes that what it sent holds."""

    platform = "number"
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
        _check_unit(self, classes.NUMBER_UNITS)
        for field in ("min", "max", "step"):
            value = getattr(self, field)
            number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
            self._require(field, number, "must be a finite number")
        self._require("max", self.min < self.max, "must be above min")
        self._require("step", self.step >= 0.001, "must be 0.001 or more")
        self._require("step", self.step <= self.max - self.min, "must fit between min and max")
        self._require(
            "value_template",
            self.value_template is None or self.state_topic is not None,
            "needs a state_topic",
        )


@dataclass(frozen=True, kw_only=True)
class DeviceTrigger(Component):
    """A trigger offered on the device's page, fired by a message on `topic` (that equals `payload`, if given).

    Home Assistant fires it for retained messages too: never retain that topic.
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
    """Home Assistant refuses `config` for what can only be read (2026.11; older ones fail later)."""
    if entity.entity_category == "config":
        raise DiscoveryError(
            f"{entity.key}.entity_category",
            f"must be diagnostic or left out: a {entity.platform} sets nothing",
        )


def _check_unit(entity: Sensor | Number, units: Mapping[str, frozenset[str | None]]) -> None:
    """The unit must be one of the device class's."""
    if entity.device_class is None:
        return
    allowed = units[entity.device_class]
    if entity.unit_of_measurement not in allowed:
        words = " ".join(sorted(unit for unit in allowed if unit)) or "left out"
        raise DiscoveryError(
            f"{entity.key}.unit_of_measurement",
            f"must be {words} with device_class {entity.device_class}, not {entity.unit_of_measurement!r}",
        )

"""What a device is told: presses and values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ha_discovery import classes
from ha_discovery.components import Entity
from ha_discovery.rules import POSITIVE, TEMPLATE, TEXT, TOPIC, Rule, one_of


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
        classes.check_unit(self.key, self.device_class, self.unit_of_measurement, classes.NUMBER_UNITS)
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

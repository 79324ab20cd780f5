"""The announcement that is wanted, and the record of earlier ones."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final

from ha_discovery.config.components import Component, Entity
from ha_discovery.config.device import Device, DeviceConfig
from ha_discovery.config.frozen import frozen
from ha_discovery.config.platforms import DeviceTrigger
from ha_discovery.config.rules import SLUG, TOPIC, check, one_of
from ha_discovery.planning.messages import (
    Form,
    Message,
    device_message,
    device_topic,
    single_messages,
    single_topic,
)

FORM: Final = one_of(set(Form))

Mark = tuple[str, str]
"""An identifier or a connection of a device: the connection's type (empty for an identifier) and the value."""


@dataclass(frozen=True, order=True)
class Place:
    """Where one component was announced, on which device, with which identity, and whether enabled."""

    prefix: str
    form: str
    device_id: str
    key: str
    platform: str
    identity: str
    device: tuple[Mark, ...]
    enabled: bool

    def __post_init__(self) -> None:
        """Check what becomes part of a topic: places are also read from disk."""
        check("place", self, {"form": FORM, "prefix": TOPIC, "platform": SLUG, "device_id": SLUG, "key": SLUG})

    @property
    def topic(self) -> str:
        """The topic it was announced on."""
        if self.form == Form.DEVICE:
            return device_topic(self.prefix, self.device_id)
        return single_topic(self.prefix, self.platform, self.device_id, self.key)

    def is_same_as(self, other: "Place") -> bool:
        """Whether both are the same component: the same platform and identity, and devices with a common mark."""
        same = (self.platform, self.identity) == (other.platform, other.identity)
        return same and bool(set(self.device) & set(other.device))

    def stays_in(self, other: "Place") -> bool:
        """Whether `other` is this component on the same topic, under the same key."""
        return self.is_same_as(other) and (self.topic, self.key) == (other.topic, other.key)

    def moves_to(self, other: "Place") -> bool:
        """Whether `other` is this component at another place, and Home Assistant can move it there.

        It cannot move to another prefix, which Home Assistant does not subscribe to, nor from one single topic to
        another: the servers that need the single form do not support migrate_discovery.
        """
        movable = self.prefix == other.prefix and Form.DEVICE in (self.form, other.form)
        return movable and self.is_same_as(other) and not self.stays_in(other)


_SETS: Final = ("places", "departed", "former")


@frozen()
class Announced:
    """Everything that Home Assistant may still have. The caller stores it on disk: as_json, from_json.

    `departed`: components that were removed while Home Assistant may have been offline, so it may still have them.
    `former`: places of components that have moved or were removed meanwhile, which it may still have loaded.
    """

    places: frozenset[Place] = frozenset()
    departed: frozenset[Place] = frozenset()
    former: frozenset[Place] = frozenset()

    def __or__(self, other: "Announced") -> "Announced":
        """Return what is in one of both."""
        return Announced(*(getattr(self, name) | getattr(other, name) for name in _SETS))

    def __sub__(self, other: "Announced") -> "Announced":
        """Return what is not in `other`."""
        return Announced(*(getattr(self, name) - getattr(other, name) for name in _SETS))

    @property
    def everything(self) -> frozenset[Place]:
        """All places."""
        return self.places | self.departed | self.former

    def as_json(self) -> dict[str, Any]:
        """Return lists and strings for json.dump."""
        return {"version": 1} | {name: [_as_json(place) for place in sorted(getattr(self, name))] for name in _SETS}

    @classmethod
    def from_json(cls, stored: Any) -> "Announced":
        """Read what as_json returned. Raises ValueError for anything else."""
        try:
            if stored["version"] != 1:
                raise ValueError(f"version {stored['version']!r}")
            stored = {"former": [], **stored}  # earlier versions did not have it
            return cls(*(frozenset(_from_json(place) for place in stored[name]) for name in _SETS))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a record of what was announced: {error!r}") from error


@frozen()
class Announcement:
    """A device to announce, the form, and Home Assistant's discovery prefix."""

    config: DeviceConfig
    form: Form = Form.DEVICE
    prefix: str = "homeassistant"

    def __post_init__(self) -> None:
        """Check the values."""
        check("announcement", self, {"form": FORM, "prefix": TOPIC})

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """The retained messages that announce it; none without components."""
        if not self.config.components:
            return ()
        if self.form == Form.DEVICE:
            return (device_message(self.config, self.prefix),)
        return single_messages(self.config, self.prefix)

    @cached_property
    def places(self) -> frozenset[Place]:
        """The place of each component."""
        return frozenset(self._place(component) for component in self.config.components)

    def device_update(self, previous: "Announcement") -> tuple[Message, ...] | None:
        """Return messages for a change of name, model or versions only; None if more has changed, or they cannot do it.

        They announce one trigger with the new device. Home Assistant makes each announced sensor that expires
        unavailable until its next state, so a full announcement would interrupt all of them. In the device form they
        are not retained: the retained announcement keeps the old name until the next full announcement.
        """
        same = replace(self.config, device=previous.config.device, origin=previous.config.origin)
        known_by = ("identifiers", "connections")
        triggers = [c for c in self.config.components if isinstance(c, DeviceTrigger)]
        if (
            not triggers
            or replace(self, config=same) != previous
            or any(getattr(self.config.device, name) != getattr(previous.config.device, name) for name in known_by)
        ):
            return None
        update = replace(self, config=replace(self.config, components=(triggers[0],)))
        return tuple(replace(message, retain=self.form == Form.SINGLE) for message in update.messages)

    def _place(self, component: Component) -> Place:
        return Place(
            self.prefix,
            str(self.form),
            self.config.id,
            component.key,
            component.platform,
            component.identity,
            _marks(self.config.device),
            not isinstance(component, Entity) or component.enabled_by_default,
        )


def _marks(device: Device) -> tuple[Mark, ...]:
    return (*(("", identifier) for identifier in device.identifiers), *device.connections)


def _as_json(place: Place) -> dict[str, Any]:
    return {field.name: getattr(place, field.name) for field in fields(place)}


def _from_json(stored: dict[str, Any]) -> Place:
    texts = {field.name: str(stored[field.name]) for field in fields(Place) if field.name not in {"device", "enabled"}}
    device = tuple((str(kind), str(value)) for kind, value in stored["device"])
    return Place(**texts, device=device, enabled=bool(stored["enabled"]))

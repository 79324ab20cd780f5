"""What is to be announced, and what has been."""

from dataclasses import dataclass, fields
from typing import Any, Final

from ha_discovery.components import Component, Entity
from ha_discovery.device import Device, DeviceConfig
from ha_discovery.messages import Form, Message, device_message, device_topic, single_messages, single_topic
from ha_discovery.rules import SLUG, TOPIC, check, one_of

FORM: Final = one_of(set(Form))

Mark = tuple[str, str]
"""What Home Assistant recognises a device by: the type of a connection (of an identifier: none) and its value."""


@dataclass(frozen=True, order=True)
class Place:
    """Where one component was announced, and as what: on the device with these marks, enabled or not."""

    prefix: str
    form: str
    device_id: str
    key: str
    platform: str
    identity: str
    device: tuple[Mark, ...]
    enabled: bool

    def __post_init__(self) -> None:
        """Hold what becomes a topic against the rules: places come from the disk, too."""
        check("place", self, {"form": FORM, "prefix": TOPIC, "device_id": SLUG, "key": SLUG})

    @property
    def topic(self) -> str:
        """Where it was announced."""
        if self.form == Form.DEVICE:
            return device_topic(self.prefix, self.device_id)
        return single_topic(self.prefix, self.platform, self.device_id, self.key)

    def is_same_as(self, other: "Place") -> bool:
        """Whether both are the same component, wherever: of the same identity, on a device with a common mark."""
        same = (self.platform, self.identity) == (other.platform, other.identity)
        return same and bool(set(self.device) & set(other.device))

    def stays_in(self, other: "Place") -> bool:
        """Whether the other is this component at this very place."""
        return self.is_same_as(other) and (self.topic, self.key) == (other.topic, other.key)

    def moves_to(self, other: "Place") -> bool:
        """Whether the other is this component at another place that Home Assistant can take it to.

        Not to another prefix, which it does not listen to; and not where both are single, since the servers that
        need the single form do not know migrate_discovery.
        """
        movable = self.prefix == other.prefix and Form.DEVICE in (self.form, other.form)
        return movable and self.is_same_as(other) and not self.stays_in(other)


@dataclass(frozen=True)
class Announced:
    """What Home Assistant may know of. The caller keeps it on disk: as_json, from_json.

    `departed` has been taken back, but Home Assistant may have been away: it would keep the entities for ever.
    """

    places: frozenset[Place] = frozenset()
    departed: frozenset[Place] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """Plain lists and strings for json.dump."""
        return {
            "version": 1,
            "places": [_as_json(place) for place in sorted(self.places)],
            "departed": [_as_json(place) for place in sorted(self.departed)],
        }

    @classmethod
    def from_json(cls, stored: Any) -> "Announced":
        """Back from as_json. ValueError if it is anything else."""
        try:
            if stored["version"] != 1:
                raise ValueError(f"version {stored['version']!r}")
            return cls(*(frozenset(_from_json(place) for place in stored[name]) for name in ("places", "departed")))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a record of what was announced: {error!r}") from error


@dataclass(frozen=True)
class Announcement:
    """What is to be announced, in which form, below which prefix (Home Assistant's discovery prefix)."""

    config: DeviceConfig
    form: Form = Form.DEVICE
    prefix: str = "homeassistant"

    def __post_init__(self) -> None:
        """Hold the values against the rules."""
        check("announcement", self, {"form": FORM, "prefix": TOPIC})

    @property
    def messages(self) -> tuple[Message, ...]:
        """The retained messages that announce it. Without components there is nothing to announce."""
        if not self.config.components:
            return ()
        if self.form == Form.DEVICE:
            return (device_message(self.config, self.prefix),)
        return single_messages(self.config, self.prefix)

    @property
    def places(self) -> frozenset[Place]:
        """Where each component of it is announced."""
        return frozenset(self._place(component) for component in self.config.components)

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

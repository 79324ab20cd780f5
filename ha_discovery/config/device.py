"""The device, the origin, and both together with the components."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from ha_discovery.config.availability import ALWAYS, Availability
from ha_discovery.config.components import Component, Entity
from ha_discovery.config.errors import DiscoveryError
from ha_discovery.config.frozen import frozen
from ha_discovery.config.platforms import DeviceTrigger
from ha_discovery.config.rules import QOS, SLUG, TEXT, VISIT_URL, Rule, check


@frozen(kw_only=True)
class Device:
    """The device in Home Assistant's registry, identified by `identifiers` and `connections` (("mac", "02:…"),)."""

    _RULES: ClassVar[Mapping[str, Rule]] = {
        "name": TEXT,
        "manufacturer": TEXT,
        "model": TEXT,
        "sw_version": TEXT,
        "hw_version": TEXT,
        "serial_number": TEXT,
        "suggested_area": TEXT,
        "via_device": TEXT,
        "configuration_url": VISIT_URL,
    }

    name: str
    identifiers: tuple[str, ...] = ()
    connections: tuple[tuple[str, str], ...] = ()
    manufacturer: str | None = None
    model: str | None = None
    sw_version: str | None = None
    hw_version: str | None = None
    serial_number: str | None = None
    suggested_area: str | None = None
    via_device: str | None = None
    configuration_url: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        check("device", self, self._RULES)
        if not _are(self.identifiers, TEXT.holds):
            raise DiscoveryError("device.identifiers", "must be a tuple of non-empty strings")
        if not _are(self.connections, _is_connection):
            raise DiscoveryError("device.connections", "must be a tuple of (type, value) pairs of strings")
        if not self.identifiers and not self.connections:
            raise DiscoveryError("device.identifiers", "must not be empty where there are no connections")


@frozen(kw_only=True)
class Origin:
    """The program that announces the device, for Home Assistant's log and diagnostics."""

    _RULES: ClassVar[Mapping[str, Rule]] = {"name": TEXT, "sw_version": TEXT, "support_url": VISIT_URL}

    name: str
    sw_version: str | None = None
    support_url: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        check("origin", self, self._RULES)


@frozen(kw_only=True)
class DeviceConfig:
    """One device with all its components.

    `id` is its name in topics. `availability` and `qos` are the defaults of its components. `abbreviate`: use short
    names of keys in the device form, so that a device with many components has a smaller message.
    """

    _RULES: ClassVar[Mapping[str, Rule]] = {"id": SLUG, "qos": QOS}

    id: str
    device: Device
    origin: Origin
    components: tuple[Component, ...]
    availability: Availability = ALWAYS
    qos: int = 0
    abbreviate: bool = False

    def __post_init__(self) -> None:
        """Check the parts, and the rules that involve several of them."""
        check("config", self, self._RULES)
        for name, kind in _PARTS.items():
            if not isinstance(getattr(self, name), kind):
                raise DiscoveryError(f"config.{name}", f"must be {kind.__name__}")
        if not _are(self.components, lambda c: isinstance(c, Component)):
            raise DiscoveryError("config.components", "must be a tuple of components")
        entities = [c for c in self.components if isinstance(c, Entity)]
        triggers = [c for c in self.components if isinstance(c, DeviceTrigger)]
        _require_unique("key", (c.key for c in self.components))
        _require_unique("unique_id", (e.unique_id for e in entities))
        _require_unique("default_entity_id", (e.default_entity_id for e in entities if e.default_entity_id))
        _require_unique("type and subtype", (t.identity for t in triggers))


_PARTS: Final = {"device": Device, "origin": Origin, "availability": Availability, "components": tuple}


def _are(values: object, holds: Callable[[Any], bool]) -> bool:
    return isinstance(values, tuple) and all(holds(value) for value in values)


def _is_connection(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(TEXT.holds(part) for part in value)


def _require_unique(what: str, values: Iterable[str]) -> None:
    """Raise DiscoveryError if two components share a value."""
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise DiscoveryError("config.components", f"must not share a {what}: {', '.join(twice)}")

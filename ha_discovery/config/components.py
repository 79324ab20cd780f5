"""The base classes of everything that can be announced. `platforms` has one dataclass for each platform.

Fields have Home Assistant's key names and defaults, so a field with its default stays out of the payload. Constructors
raise DiscoveryError for values that Home Assistant refuses, and for values that it accepts but misreads. There is no
`retain`: a retained command would run again on every reconnect.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from ha_discovery.config.availability import Availability
from ha_discovery.config.errors import DiscoveryError
from ha_discovery.config.frozen import frozen
from ha_discovery.config.rules import (
    ENTITY_ID,
    FLAG,
    ICON,
    QOS,
    SLUG,
    TEMPLATE,
    TEXT,
    TOPIC,
    WEB_URL,
    Rule,
    check,
    one_of,
)

PLACEHOLDER: Final = "ha_discovery_departed"
"""Topic, event type and key of entities that are announced only to be removed, see `recall`."""


@frozen(kw_only=True)
class Component:
    """The fields of every component. `key` is its name within the device and in topics, and must not change."""

    platform: ClassVar[str]
    _RULES: ClassVar[Mapping[str, Rule]] = {"key": SLUG, "qos": QOS}

    key: str
    qos: int | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if not SLUG.holds(self.key):
            raise DiscoveryError("key", f"{SLUG.text}, not {self.key!r}")
        for owner in reversed(type(self).__mro__):
            check(self.key, self, vars(owner).get("_RULES", {}))
        self._check()

    def _check(self) -> None:
        """Check the rules that involve several fields."""

    def _require(self, field: str, holds: bool, rule: str) -> None:
        if not holds:
            raise DiscoveryError(f"{self.key}.{field}", rule)

    @property
    def identity(self) -> str:
        """Home Assistant's id of this component, which does not depend on key and topic."""
        raise NotImplementedError


@frozen(kw_only=True)
class Entity(Component):
    """The fields of every entity. A subclass is one platform of Home Assistant.

    `name` is without the device's name; None gives the entity the name of the device. Home Assistant reads
    `default_entity_id` ("sensor.ender_3_bed_ready_at") only when the entity first appears. `availability` None means
    the device's; ALWAYS means none.

    A subclass must define `platform`, and `least`: a value for each required field beyond those of Entity. `recall`
    needs them to remove entities, so Python refuses to create a subclass without them (TypeError).
    """

    least: ClassVar[Mapping[str, Any]]
    platforms: ClassVar[dict[str, type["Entity"]]] = {}
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

    def __init_subclass__(cls) -> None:
        """Register the platform."""
        missing = [name for name in ("platform", "least") if name not in vars(cls)]
        if missing:
            raise TypeError(f"{cls.__name__} must define {' and '.join(missing)}")
        Entity.platforms[cls.platform] = cls

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

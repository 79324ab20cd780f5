"""What can be announced: the common part of all platforms. `reported` and `commanded` have one dataclass for each.

Field names are Home Assistant's key names. Constructors refuse with DiscoveryError what Home Assistant would refuse,
and what it would accept and then misread. Defaults are Home Assistant's own, so that a field left alone stays out of
the payload. There is no `retain`: a retained command would run again on every reconnect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from ha_discovery.availability import Availability
from ha_discovery.errors import DiscoveryError
from ha_discovery.rules import ENTITY_ID, FLAG, ICON, QOS, SLUG, TEMPLATE, TEXT, TOPIC, WEB_URL, Rule, check, one_of


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

"""When an entity is available."""

from typing import ClassVar, Final, Literal

from ha_discovery.config.errors import DiscoveryError
from ha_discovery.config.frozen import frozen
from ha_discovery.config.rules import TEMPLATE, TEXT, TOPIC, Rule, check, one_of


@frozen()
class AvailabilityTopic:
    """One availability topic.

    Home Assistant compares payloads as text and case-sensitively. JSON `true` never matches, so both must be strings.
    """

    topic: str
    payload_available: str = "online"
    payload_not_available: str = "offline"
    value_template: str | None = None

    _RULES: ClassVar[dict[str, Rule]] = {
        "topic": TOPIC,
        "payload_available": TEXT,
        "payload_not_available": TEXT,
        "value_template": TEMPLATE,
    }

    def __post_init__(self) -> None:
        """Check the values."""
        check("availability", self, self._RULES)
        if self.payload_available == self.payload_not_available:
            raise DiscoveryError("availability.payload_not_available", "must differ from payload_available")


@frozen()
class Availability:
    """Availability topics, and the mode that combines them.

    The default is `all`; Home Assistant's own default is `latest`. Without topics the entity is available whenever
    Home Assistant is connected to its broker.
    """

    topics: tuple[AvailabilityTopic, ...] = ()
    mode: Literal["all", "any", "latest"] = "all"

    def __post_init__(self) -> None:
        """Check the values."""
        check("availability", self, {"mode": one_of({"all", "any", "latest"})})
        if not isinstance(self.topics, tuple) or not all(isinstance(t, AvailabilityTopic) for t in self.topics):
            raise DiscoveryError("availability.topics", "must be a tuple of AvailabilityTopic")
        names = [topic.topic for topic in self.topics]
        if len(set(names)) < len(names):
            raise DiscoveryError("availability.topics", "must name each topic once")


ALWAYS: Final = Availability()

"""The topic names under the base topic and this printer's instance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ..core.frozen import frozen
from ..core.topic_filter import is_topic
from .contract.catalogue import MESSAGES, MessageType

#: Valid characters in a topic level. Brokers change or reject others, each differently.
LEVEL = re.compile(r"[A-Za-z0-9_-]{1,64}")

#: The longest response topic (characters) and its most levels; brokers end the connection at a topic with too many.
LONGEST_RESPONSE_TOPIC = 512
MOST_LEVELS = 20


def slug(text: str) -> str:
    """Return `text` as a topic level, "" if it has no valid character."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-").lower()[:48]


@frozen
class Topics:
    """The topics of one instance."""

    #: Base topic and instance.
    base: str

    def of(self, message: str, **levels: str) -> str:
        """Return the topic of a message in the catalogue: `of("eta", heater="bed")`."""
        return MESSAGES[message].topic.format(base=self.base, **levels)

    def hold(self, topic: str) -> bool:
        """Whether `topic` is one of them."""
        return topic.startswith(f"{self.base}/")

    @property
    def commands(self) -> str:
        """The filter that all commands match."""
        return f"{self.base}/command/#"

    def retained(self, heaters: Iterable[str]) -> list[str]:
        """Return all retained topics of a bridge with these heaters."""
        names = [name for name, kind in MESSAGES.items() if kind.retain and name != "eta"]
        return [*map(self.of, names), *(self.of("eta", heater=heater) for heater in heaters)]

    def command(self, topic: str) -> str | None:
        """Return the command's name in `topic`, None if it is not one of our command topics."""
        prefix = f"{self.base}/command/"
        return topic.removeprefix(prefix) if topic.startswith(prefix) else None


def stored_topics(stored: object) -> list[str]:
    """Return the topics in a stored list; a damaged file has none."""
    texts = [text for text in stored if isinstance(text, str)] if isinstance(stored, list) else []
    return [text for text in texts if all(map(LEVEL.fullmatch, text.split("/")))]


#: By the last level of a retained topic: how many levels are below the base.
_LEVELS = {kind.topic.rpartition("/")[2]: kind.topic.count("/") for kind in MESSAGES.values() if kind.retain}


def base_of(topic: str) -> str:
    """Return base topic and instance of a retained topic of any instance."""
    levels = topic.split("/")
    return "/".join(levels[: -_LEVELS.get(levels[-1], 1)])


def message_at(topic: str, base: str, level: str = LEVEL.pattern) -> MessageType | None:
    """Return the message that the bridge publishes on `topic`, None if there is none; `level` matches a heater."""
    for kind in MESSAGES.values():
        if kind.direction == "out" and re.fullmatch(kind.topic.format(base=re.escape(base), heater=level), topic):
            return kind
    return None


def refuses_response_topic(topic: str, base: str, discovery_prefix: str, prefixes: Iterable[str] = ()) -> str | None:
    """Return why no reply is published to the response topic `topic`, None if it may be used.

    It may be a free topic below `base`, or a topic below one of the `prefixes` that the settings allow. Nobody makes
    the bridge publish where it means something to others: a command, to Home Assistant, or as the bridge's own state.
    """
    levels = topic.split("/")
    ours = _is_below(topic, base)
    rules = (
        (not topic or len(topic) > LONGEST_RESPONSE_TOPIC, "is empty or too long"),
        (len(levels) > MOST_LEVELS, f"has more than {MOST_LEVELS} levels"),
        (not is_topic(topic), "has a wildcard or a control character"),
        (topic.startswith("$"), "starts with $"),
        (_is_below(topic, discovery_prefix), "is below the discovery prefix"),
        ("command" in levels, "is below a command topic"),
        (ours and _is_used(topic, base), "is a topic below the base topic that the bridge uses"),
        (
            not ours and not any(_is_below(topic, prefix) for prefix in prefixes),
            f"is not below {base}: the setting mqtt_response_topics can allow other prefixes",
        ),
    )
    return next((reason for applies, reason in rules if applies), None)


def _is_below(topic: str, place: str) -> bool:
    return topic == place or topic.startswith(f"{place}/")


def _is_used(topic: str, base: str) -> bool:
    """Return whether `topic` is the base topic or one on which the bridge publishes."""
    return topic == base or message_at(topic, base, level="[^/]+") is not None

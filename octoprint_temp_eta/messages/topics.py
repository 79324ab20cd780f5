"""The names of our topics below the user's base topic and this printer's instance."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .catalogue import MESSAGES

#: What may stand in a level of a topic: brokers alter or refuse anything else, each in its own way.
LEVEL = re.compile(r"[A-Za-z0-9_-]{1,64}")

#: MQTT's own limit for a topic is 65535 bytes; nobody's reply topic needs more than this.
LONGEST_RESPONSE_TOPIC = 512


def slug(text: str) -> str:
    """Return `text` as one level of a topic, "" where nothing of it can stand there."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-").lower()[:48]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one instance."""

    #: Base topic and instance.
    base: str

    def of(self, message: str, **levels: str) -> str:
        """Return the topic of a message of the catalogue, `levels` filled in: `of("eta", heater="bed")`."""
        return MESSAGES[message].topic.format(base=self.base, **levels)

    def hold(self, topic: str) -> bool:
        """Whether `topic` is one of them."""
        return topic.startswith(f"{self.base}/")

    @property
    def commands(self) -> str:
        """The filter that all commands match."""
        return f"{self.base}/command/#"

    def command(self, topic: str) -> str | None:
        """Return the command's name in `topic`, None where it is none of our command topics."""
        prefix = f"{self.base}/command/"
        return topic.removeprefix(prefix) if topic.startswith(prefix) else None


def refuses_response_topic(topic: str, base: str, discovery_prefix: str) -> str | None:
    """Return why nothing is published to the response topic `topic`, None where it may be used.

    Nobody makes us publish below our own `base`, where each topic has its meaning, or where Home Assistant listens.
    """
    if not topic or len(topic) > LONGEST_RESPONSE_TOPIC:
        return "is empty or too long"
    if "+" in topic or "#" in topic or "\0" in topic:
        return "has a wildcard"
    if topic.startswith("$"):
        return "starts with $"
    for place, name in ((discovery_prefix, "the discovery prefix"), (base, "our own base topic")):
        if topic == place or topic.startswith(f"{place}/"):
            return f"lies below {name}"
    if "command" in topic.split("/"):
        return "lies below a command topic"
    return None

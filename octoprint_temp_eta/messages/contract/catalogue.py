"""The catalogue of messages and commands, read from the JSON Schemas, which are the single source of truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

from ...core.frozen import frozen
from .schemas import NAMES, InvalidPayload, read

__all__ = ["COMMANDS", "MESSAGES", "REST_COMMANDS", "InvalidPayload", "MessageType", "PayloadType", "RestCommand"]

#: Keys of many messages: Unix seconds, a number that counts up, and an id of this start.
STAMPS = ("timestamp", "seq", "boot_id")


@frozen
class PayloadType:
    """A payload, as its schema describes it."""

    name: str

    @property
    def schema(self) -> Mapping[str, Any]:
        """Its schema, read from the file each time."""
        return read(self.name)

    def validate(self, payload: Any) -> None:
        """Raise `InvalidPayload` if `payload`, the result of `json.loads` or a plain text, is invalid."""
        from .validation import validate  # with the JSON Schema library, which the first payload needs

        validate(self.name, payload)


@frozen
class RestCommand(PayloadType):
    """A command that only REST accepts."""

    command: str


@frozen
class MessageType(PayloadType):
    """An MQTT message, as its schema describes it.

    `topic` is a template with `{base}` and, for topics of a heater, `{heater}`. `retain` is None for what we
    receive. `stamps` are the keys that are added when it is sent. `expiry_seconds` is MQTT 5's message expiry. For a
    command, `press` is whether the plain text `PRESS` means `{}`, and `text` the field that a plain text fills.
    """

    topic: str
    direction: Literal["in", "out"]
    retain: bool | None
    qos: Literal[0, 1]
    content_type: Literal["application/json", "text/plain"]
    stamps: tuple[str, ...]
    expiry_seconds: int | None = None
    press: bool = False
    text: str | None = None

    @property
    def command(self) -> str | None:
        """The command's name in replies, such as "script/start"; None if the message is not a command."""
        prefix = "{base}/command/"
        return self.topic.removeprefix(prefix) if self.topic.startswith(prefix) else None


def _load() -> Iterator[PayloadType]:
    for name in NAMES:
        schema = read(name)
        if "x-mqtt" in schema:
            stamps = tuple(key for key in STAMPS if key in schema.get("properties", ()))
            yield MessageType(name, stamps=stamps, **schema["x-mqtt"])
        elif "x-rest" in schema:
            yield RestCommand(name, **schema["x-rest"])


_ALL = tuple(_load())

#: All MQTT messages by the name of their schema, such as "eta" or "command_script_start".
MESSAGES: Mapping[str, MessageType] = MappingProxyType(
    {each.name: each for each in _ALL if isinstance(each, MessageType)}
)

#: The commands that only REST accepts, by their name.
REST_COMMANDS: Mapping[str, RestCommand] = MappingProxyType(
    {each.command: each for each in _ALL if isinstance(each, RestCommand)}
)

#: The commands that MQTT and REST accept, by their name in replies, such as "script/start".
COMMANDS: Mapping[str, MessageType] = MappingProxyType(
    {message.command: message for message in MESSAGES.values() if message.command is not None}
)

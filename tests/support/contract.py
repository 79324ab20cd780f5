"""The message schemas for tests: find the message of a topic, validate a payload, list the examples."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from octoprint_temp_eta.messages.contract.catalogue import MESSAGES, REST_COMMANDS, MessageType, PayloadType

PROJECT = Path(__file__).resolve().parents[2]
SCHEMAS = PROJECT / "schemas"


@lru_cache(maxsize=4096)  # most drivers of a bridge start with the same messages, and a validation takes milliseconds
def check(topic: str, payload: bytes, base: str) -> str:
    """Validate a payload that we sent, and return the name of its message.

    Raises AssertionError for an unknown topic, and `InvalidPayload` (or the JSON parser's ValueError) for an invalid
    payload. The payload of a command is not validated, because tests send malformed ones. Only retained topics may have
    an empty payload, which clears them.
    """
    if topic.startswith(f"{base}/command/"):
        return next((m.name for m in MESSAGES.values() if m.topic.format(base=base, heater="") == topic), "command")
    for message in MESSAGES.values():
        if re.fullmatch(message.topic.format(base=re.escape(base), heater="[A-Za-z0-9_-]{1,64}"), topic):
            if payload or not message.retain:
                message.validate(parse(message, payload.decode()))
            return message.name
    raise AssertionError(f"there is no message with the topic {topic}")


def parse(message: MessageType, text: str) -> Any:
    """Return the payload as the value that the schema describes. NaN and Infinity raise ValueError."""
    if message.content_type == "text/plain":
        return text
    if message.press and text == "PRESS":
        return {}
    if message.text is not None and not text.startswith("{"):
        return {message.text: text}
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


@dataclass(frozen=True)
class Example:
    """A payload of `schemas/examples/<message>/`: valid-<what>, or invalid-<field>-<broken rule>, as JSON or text.

    In JSON, an object with the key `$base` is the payload in that file of `schemas/examples`, with the object's other
    keys replaced and the keys in the list `$without` removed. So only one example of a message has all its keys.
    """

    path: Path

    @property
    def message(self) -> MessageType:
        return MESSAGES[self.path.parent.name]

    @property
    def kind(self) -> PayloadType:
        """The message, or the command of REST."""
        name = self.path.parent.name
        return MESSAGES[name] if name in MESSAGES else REST_COMMANDS[name.removeprefix("command_")]

    @property
    def text(self) -> str:
        """The payload as it is sent."""
        text = self.path.read_text(encoding="utf-8")
        return json.dumps(self.payload, ensure_ascii=False) if "$base" in text else text

    @property
    def payload(self) -> Any:
        """The payload as the value that the schema describes."""
        if self.path.suffix == ".txt":
            return parse(self.message, self.text)
        return _resolved(json.loads(self.path.read_text(encoding="utf-8")))

    @property
    def valid(self) -> bool:
        return self.path.stem.startswith("valid-")

    @property
    def fault(self) -> tuple[str, str]:
        """The invalid field as a JSON Pointer, and the violated rule, from the file name."""
        _, field, rule = self.path.stem.split("-", 2)
        return "" if field == "payload" else "/" + field.replace(".", "/"), rule

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"


def _resolved(node: Any) -> Any:
    if isinstance(node, list):
        return [_resolved(child) for child in node]
    if not isinstance(node, dict):
        return node
    own = {key: _resolved(value) for key, value in node.items() if key not in ("$base", "$without")}
    if "$base" not in node:
        return own
    base = Example(SCHEMAS / "examples" / node["$base"]).payload
    return {key: value for key, value in (base | own).items() if key not in node.get("$without", [])}


def examples(message: str = "*") -> list[Example]:
    """Return the examples of an MQTT message, or of all."""
    return [each for each in all_examples(message) if each.path.parent.name in MESSAGES]


def all_examples(name: str = "*") -> list[Example]:
    """Return the examples of a message or of a command of REST, or of all."""
    return [Example(path) for path in sorted((SCHEMAS / "examples").glob(f"{name}/*"))]

"""The contract as tests use it: which message a topic carries, whether its payload is valid, and the examples."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octoprint_temp_eta.messages.catalogue import MESSAGES, MessageType

PROJECT = Path(__file__).resolve().parents[2]
SCHEMAS = PROJECT / "schemas"


def check(topic: str, payload: bytes, base: str) -> str:
    """Return the name of the message that `topic` carries below `base`, having validated what we sent.

    Raises AssertionError for a topic that is not in the contract, and `InvalidPayload` (or the JSON parser's
    ValueError) for a payload that is not valid. A command may be malformed on purpose, so only its topic counts. An
    empty payload clears a retained topic, and no other.
    """
    if topic.startswith(f"{base}/command/"):
        return next((m.name for m in MESSAGES.values() if m.topic.format(base=base, heater="") == topic), "command")
    for message in MESSAGES.values():
        if re.fullmatch(message.topic.format(base=re.escape(base), heater="[A-Za-z0-9_-]{1,64}"), topic):
            if payload or not message.retain:
                message.validate(parse(message, payload.decode()))
            return message.name
    raise AssertionError(f"{topic} is no topic of the contract")


def parse(message: MessageType, text: str) -> Any:
    """Return the value that a payload stands for, as its schema describes it; NaN and its like are no JSON."""
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
    """A payload of `schemas/examples/<message>/`: valid-<what>, or invalid-<field>-<broken rule>, as JSON or text."""

    path: Path

    @property
    def message(self) -> MessageType:
        return MESSAGES[self.path.parent.name]

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def payload(self) -> Any:
        """The value that it stands for."""
        return parse(self.message, self.text) if self.path.suffix == ".txt" else json.loads(self.text)

    @property
    def valid(self) -> bool:
        return self.path.stem.startswith("valid-")

    @property
    def fault(self) -> tuple[str, str]:
        """The field at fault as a JSON Pointer and the rule that it breaks, as the file's name tells them."""
        _, field, rule = self.path.stem.split("-", 2)
        return "" if field == "payload" else "/" + field.replace(".", "/"), rule

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"


def examples(message: str = "*") -> list[Example]:
    """Return the examples of a message, or of all."""
    return [Example(path) for path in sorted((SCHEMAS / "examples").glob(f"{message}/*"))]

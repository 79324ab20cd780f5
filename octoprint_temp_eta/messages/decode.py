"""Decodes and validates commands from MQTT messages and REST calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ..core.frozen import frozen
from .contract.catalogue import COMMANDS, REST_COMMANDS, InvalidPayload, MessageType

#: The maximum size of a command in bytes.
LARGEST_COMMAND = 16 * 1024

#: The payload of Home Assistant's buttons.
PRESS = "PRESS"

Transaction = str | int | None


@frozen
class ReplyTo:
    """Where the reply to a command goes, in addition to our response topic."""

    #: MQTT 5's response topic and correlation data.
    topic: str | None = None
    correlation: bytes | None = None
    #: Identifies the REST call that waits for the reply.
    ticket: int | None = None
    #: MQTT's packet ID, 0 with QoS 0: what the broker may deliver again.
    packet_id: int = 0


@frozen
class Command:
    """A valid command: `arguments` are the schema's properties except the common ones."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    transaction: Transaction = None
    reply_to: ReplyTo = ReplyTo()


class CommandError(Exception):
    """A rejected command: the error code, a sentence for the user, and the position in the payload (JSON Pointer)."""

    def __init__(self, code: str, message: str, path: str | None = None, transaction: Transaction = None) -> None:
        super().__init__(message)
        self.code, self.message, self.path, self.transaction = code, message, path, transaction


def decode(name: str, payload: bytes, reply_to: ReplyTo, *, retained: bool, wall: float) -> Command:
    """Return the command `name` (its topic after `command/`) in `payload`, received at `wall` (Unix seconds).

    Raises `CommandError` with the code `invalid_command`, `too_large`, `invalid_json`, `retained_command` or `expired`.
    """
    if len(payload) > LARGEST_COMMAND:
        raise CommandError("too_large", f"A command has at most {LARGEST_COMMAND} bytes.")
    kind = COMMANDS.get(name)
    if kind is None:
        raise _no_command(name, _transaction(_any_body(payload)))
    body = _body(kind, payload)
    transaction = _transaction(body)
    if retained:
        message = "A retained command is rejected: it would run again at each reconnect. Send it without retain."
        raise CommandError("retained_command", message, transaction=transaction)
    return validated(name, body, reply_to, wall=wall)


def validated(name: str, body: Any, reply_to: ReplyTo, *, wall: float) -> Command:
    """Return the command `name` of MQTT or REST with the JSON value `body` as its payload. Raises `CommandError`."""
    transaction = _transaction(body)
    kind = COMMANDS.get(name) or REST_COMMANDS.get(name)
    if kind is None:
        raise _no_command(name, transaction)
    try:
        kind.validate(body)
    except InvalidPayload as error:
        raise CommandError("invalid_command", error.message, error.path, transaction) from None
    arguments = dict(body)
    arguments.pop("transaction", None)
    expires_at = arguments.pop("expires_at", None)
    if expires_at is not None and _unix(expires_at) < wall:
        raise CommandError("expired", "The command arrived after its expires_at.", "/expires_at", transaction)
    return Command(name, arguments, transaction, reply_to)


def _no_command(name: str, transaction: Transaction) -> CommandError:
    return CommandError("invalid_command", f"There is no command {name[:64]!r}.", None, transaction)


def _any_body(payload: bytes) -> Any:
    """Return the JSON value of a command that does not exist, None if it is none."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _body(kind: MessageType, payload: bytes) -> Any:
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise CommandError("invalid_json", "The payload is not UTF-8.") from None
    if kind.press and text.strip() == PRESS:
        return {}
    if kind.text and not text.lstrip().startswith(("{", "[", '"')):
        return {kind.text: text.strip()}
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise CommandError("invalid_json", "The payload is not JSON.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _transaction(body: Any) -> Transaction:
    """Return the caller's transaction if it is valid, even if the rest of the body is not."""
    transaction = body.get("transaction") if isinstance(body, dict) else None
    usable = isinstance(transaction, str | int) and not isinstance(transaction, bool) and len(str(transaction)) <= 256
    return transaction if usable else None


def _unix(time: str | float) -> float:
    return datetime.fromisoformat(time).timestamp() if isinstance(time, str) else float(time)

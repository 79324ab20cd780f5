"""`temp_eta:send`: sends a command to a printer and waits for the reply."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ..adapters.connection_test.short_connection import ShortConnection
from ..adapters.threads.inbox import now
from ..bridge.protocol.effects import Publish
from ..messages.contract.catalogue import COMMANDS, InvalidPayload
from .broker import Context, connected, plain

#: Exit status by the status of the last reply.
EXIT = {"completed": 0, "accepted": 0, "rejected": 1, "failed": 3, "cancelled": 3}
NO_REPLY = 4
_COLOURS = {"completed": "green", "accepted": "green", "rejected": "red", "failed": "red", "cancelled": "yellow"}


def fields_of(arguments: Sequence[str]) -> dict[str, Any]:
    """Return a command's fields: from one JSON object, or from `name=value`; values are JSON, or else text.

    Raises `click.BadParameter`.
    """
    if len(arguments) == 1 and arguments[0].lstrip().startswith("{"):
        try:
            return dict(json.loads(arguments[0]))
        except (ValueError, RecursionError) as error:
            raise click.BadParameter(f"This is not JSON: {error}.") from None
    pairs = [argument.partition("=") for argument in arguments]
    wrong = next((name for name, equals, _ in pairs if not equals or not name), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} must be written as name=value, or all fields as one JSON object.")
    return {name: _value(text) for name, _, text in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def run(
    context: Context, name: str, fields: Mapping[str, Any], printer: str | None, timeout: float, *, wait: bool
) -> int:
    """Send the command and print the replies; return the exit status. Raises `click.ClickException`."""
    body = {**fields, "transaction": fields.get("transaction") or secrets.token_hex(8)}
    try:
        COMMANDS[name].validate(body)
    except InvalidPayload as error:
        raise click.BadParameter(error.message) from None
    base = context.base(printer)
    with connected(context) as connection:
        connection.subscribe_all([f"{base}/response"])
        payload = json.dumps(body).encode()
        connection.publish(Publish(f"{base}/command/{name}", payload, content_type="application/json"))
        reply = _reply(connection, f"{base}/response", body["transaction"], now().at + timeout)
        if reply is not None:
            _show(reply)
        if reply is not None and reply.get("status") == "accepted" and wait:
            click.echo("Waiting for the end. Ctrl-C stops waiting, not the script.", err=True)
            reply = _reply(connection, f"{base}/response", body["transaction"], None) or reply
            _show(reply)
    if reply is None:
        click.secho(
            f"No reply from {base} within {timeout:g} s. Check the printer ID with temp_eta:watch, and whether "
            "OctoPrint is running.",
            fg="red",
            err=True,
        )
        return NO_REPLY
    return EXIT.get(str(reply.get("status")), NO_REPLY)


def _reply(
    connection: ShortConnection, topic: str, transaction: object, until: float | None
) -> Mapping[str, Any] | None:
    """Return the next reply to `transaction`, None if none comes until then."""
    while until is None or now().at < until:
        message = connection.receive(now().at + 1.0 if until is None else until)
        if message is None or message.topic != topic:
            continue
        try:
            reply = json.loads(message.payload)
        except (ValueError, RecursionError):
            continue
        if isinstance(reply, dict) and reply.get("transaction") == transaction:
            return reply
    return None


def _show(reply: Mapping[str, Any]) -> None:
    status = plain(reply.get("status"))
    click.echo(click.style(status, fg=_COLOURS.get(status), bold=True))
    error = reply.get("error")
    if isinstance(error, Mapping):
        click.echo(f"{plain(error.get('code'))}: {plain(error.get('message'), 1000)}")
    if reply.get("result") is not None:
        click.echo(json.dumps(reply["result"], indent=2, ensure_ascii=True))

"""`temp_eta:clean`: removes the retained messages that a removed or renamed printer has left on the broker."""

from __future__ import annotations

import click

from ..adapters.connection_test.short_connection import ShortConnection
from ..bridge.protocol.effects import Publish
from .broker import Context, connected, plain


def run(context: Context, printer: str, *, delete: bool, force: bool) -> int:
    """List the retained topics of `printer`, and clear them with `delete`; return the exit status.

    A bridge that is online would publish most of them again: `force` clears them all the same.
    """
    base = context.base(printer)
    with connected(context) as connection:
        found = _retained(connection, context, printer)
    if not found:
        click.echo(f"There are no retained messages of {printer} on this broker.")
        return 0
    for topic in sorted(found):
        click.echo(f"  {plain(topic)}")
    online = found.get(f"{base}/status") == b"online"
    if online and not force:
        click.secho(f"{printer} is online: it uses these topics. Nothing was removed.", fg="red")
        return 1
    if not delete:
        click.secho(f"Nothing was removed. To remove these {len(found)} topics, add --delete.", fg="yellow")
        return 0
    with connected(context) as connection, click.progressbar(sorted(found), label="Removing") as topics:
        for topic in topics:
            connection.publish(Publish(topic, b"", retain=True))
    with connected(context) as connection:
        left = _retained(connection, context, printer)
    if left:
        click.secho(f"{len(left)} topics are still there: may the user write them (ACL)?", fg="red")
        return 1
    click.secho(f"Removed {len(found)} topics.", fg="green")
    return 0


def _retained(connection: ShortConnection, context: Context, printer: str) -> dict[str, bytes]:
    """Return the retained messages of `printer` and its announcement to Home Assistant, by topic."""
    prefix, device = context.settings.ha_discovery_prefix, f"temp_eta_{printer}"
    base = context.base(printer)
    connection.subscribe_all([f"{base}/#", f"{prefix}/+/{device}/config", f"{prefix}/+/{device}/+/config"])
    messages = connection.settled()
    return {message.topic: message.payload for message in messages if message.retained and message.payload}

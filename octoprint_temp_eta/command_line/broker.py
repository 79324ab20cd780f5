"""The connection of the commands to the broker, and what they read from it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import click

from ..adapters.broker.reach import StepFailed
from ..adapters.connection_test.short_connection import ShortConnection, opened
from ..bridge.broker.connect_settings import brief_connection
from ..bridge.protocol.effects import Connect
from ..settings import table

#: Exit status without a connection to the broker.
NO_CONNECTION = 5


class NoConnection(click.ClickException):
    """There is no connection, or it ended."""

    exit_code = NO_CONNECTION


@dataclass(frozen=True)
class Context:
    """OctoPrint's saved settings of the plugin, and what else the commands need of OctoPrint."""

    settings: table.Settings
    device_name: str = ""
    plugins: tuple[str, ...] = ()

    def with_broker(self, address: str | None, username: str | None, password: str | None) -> Context:
        """Return the context for another broker, which does not get the saved user name and password.

        Raises `click.UsageError` for an invalid address.
        """
        changed: dict[str, object] = {}
        if address is not None:
            # its user name may be part of the address
            changed = {"mqtt_broker_host": address, "mqtt_username": "", "mqtt_password": password or ""}
        if username is not None:
            changed |= {"mqtt_username": username, "mqtt_password": password or ""}
        try:
            return replace(self, settings=table.parse(asdict(self.settings) | changed))
        except table.InvalidSetting as error:
            raise click.UsageError(f"{error.key} {error.rule}.") from None

    def base(self, printer: str | None) -> str:
        """Return the base topic with the printer ID; this printer's by default.

        Raises `click.UsageError` if this printer has none yet.
        """
        printer = printer or self.settings.mqtt_custom_identifier
        if not printer:
            raise click.UsageError("OctoPrint has not started with the plugin yet, so it has no printer ID. Use -p ID.")
        return f"{self.settings.mqtt_base_topic}/{printer}"

    def connect_settings(self) -> Connect:
        """Return the connection, with a client ID of its own. Raises `NoConnection` without a broker."""
        spec = brief_connection(self.settings)
        if not spec.host:
            raise NoConnection("There is no broker. Enter it in OctoPrint's settings, or use --broker.")
        return replace(spec, client_id=f"temp_eta_command_{secrets.token_hex(4)}")


@contextmanager
def connected(context: Context) -> Iterator[ShortConnection]:
    """Connect to the first broker of the list that accepts the connection.

    Raises `NoConnection`, also where the block raises `StepFailed`.
    """
    spec = context.connect_settings()
    try:
        connection = opened(spec)
    except StepFailed as error:
        hint = "The command temp_eta:doctor tests the connection step by step."
        raise NoConnection(f"{error} {hint}") from None
    try:
        yield connection
    except StepFailed as error:
        raise NoConnection(str(error)) from None
    finally:
        connection.close()


def plain(text: object, width: int = 200) -> str:
    """Return `text` for the terminal: at most `width` characters, none of them a control character."""
    return "".join(each if each.isprintable() else "�" for each in str(text)[:width])

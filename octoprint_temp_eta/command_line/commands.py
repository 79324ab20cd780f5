"""The commands as OctoPrint's command line gets them: names, options and help."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import click

from ..adapters.installation import machine
from ..adapters.installation.config_file import texts_in, texts_of
from ..messages.contract.catalogue import COMMANDS
from ..settings import table
from ..settings.hand_written import as_written
from . import clean, doctor, send, validate, watch
from .broker import Context

#: Seconds that a command may be told to wait at most.
MOST_SECONDS = 86_400
#: Makes a command of a function that gets the `Context` and returns the exit status.
WithBroker = Callable[[Callable[..., int]], Callable[..., None]]


def _printer_id(_: object, __: object, value: str | None) -> str | None:
    """Return a printer ID, also an older one that could not be saved today."""
    if value is not None and (not value.isprintable() or not value or set(value) & set("/+#")):
        raise click.BadParameter("must be one topic level: no '/', '+', '#' or control characters.")
    return value


def _seconds(_: object, __: object, value: float) -> float:
    """Return a time to wait, which may not be NaN or too long for the system's calls."""
    if not 0 < value <= MOST_SECONDS:
        raise click.BadParameter(f"must be more than 0 and at most {MOST_SECONDS}.")
    return value


_PRINTER = click.option(
    "--printer",
    "-p",
    metavar="ID",
    callback=_printer_id,
    help="Printer ID, the topic level after the base topic.",
)


def commands(group: Any, *_: Any, **__: Any) -> list[click.Command]:
    """Return the commands; OctoPrint's hook `octoprint.cli.commands`.

    `group` is OctoPrint's command group, with its settings and plugin manager.
    """
    return _commands(lambda: _context(group))


def _context(group: Any) -> Context:
    settings = group.settings
    saved = settings.get(["plugins", "temp_eta"], merged=True)
    values = saved if isinstance(saved, Mapping) else {}
    texts = texts_of(values, texts_in(settings.getBaseFolder("base"), "temp_eta"))
    parsed, _ = table.salvage(as_written(values, texts))
    name = str(settings.get(["appearance", "name"]) or "")
    return Context(parsed, machine.device_name(name), tuple(group.plugin_manager.enabled_plugins))


def _commands(context: Callable[[], Context]) -> list[click.Command]:
    with_broker = _with_broker(context)
    return [make(with_broker) for make in (_doctor, _watch, _send, _validate, _clean)]


def _with_broker(context: Callable[[], Context]) -> WithBroker:
    """Return the decorator that adds the options for another broker, and ends with the returned exit status."""

    def decorate(function: Callable[..., int]) -> Callable[..., None]:
        @click.option("--broker", metavar="URL", help="Another broker, such as mqtts://broker.local:8883.")
        @click.option("--username", metavar="NAME", help="User name; the password is asked for.")
        @click.option("--password", envvar="TEMP_ETA_PASSWORD", hidden=True)
        @functools.wraps(function)
        def run(broker: str | None, username: str | None, password: str | None, **options: Any) -> None:
            if password is None and (username is not None or "@" in (broker or "")):
                password = click.prompt("Password", hide_input=True, default="", show_default=False)
            try:
                status = function(context().with_broker(broker, username, password), **options)
            except KeyboardInterrupt:
                status = 130
            click.get_current_context().exit(status)

        return run

    return decorate


def _doctor(with_broker: WithBroker) -> click.Command:
    @click.command("doctor")
    @with_broker
    def command(context: Context) -> int:
        """Test the connection to the broker step by step.

        Each step is ok, failed or skipped, with the reason and what to do. The exit status is 1 if a step failed.
        """
        return doctor.run(context)

    return command


def _watch(with_broker: WithBroker) -> click.Command:
    @click.command("watch")
    @_PRINTER
    @click.option("--once", is_flag=True, help="Show the current state and exit.")
    @with_broker
    def command(context: Context, printer: str | None, once: bool) -> int:
        """Show a live table of the printers on the broker, one row for each heater. Ctrl-C ends it."""
        return watch.run(context, printer, once=once)

    return command


def _send(with_broker: WithBroker) -> click.Command:
    @click.command("send")
    @click.argument("command", type=click.Choice(sorted(COMMANDS)), metavar="COMMAND")
    @click.argument("fields", nargs=-1)
    @_PRINTER
    @click.option(
        "--timeout", default=10.0, callback=_seconds, show_default=True, help="Seconds to wait for the reply."
    )
    @click.option("--wait/--no-wait", default=True, help="Wait for the end of a script.  [default: wait]")
    @with_broker
    def command(
        context: Context, command: str, fields: tuple[str, ...], printer: str | None, timeout: float, wait: bool
    ) -> int:
        """Send COMMAND to a printer, and wait for its reply.

        FIELDS are written as name=value, or as one JSON object:

        \b
          octoprint plugins temp_eta:send forecast heater=bed target=60
          octoprint plugins temp_eta:send script/start '{"id": "hello"}'

        \b
        Exit status: 0 completed or accepted, 1 rejected, 3 failed or cancelled,
        4 no reply, 5 no connection.
        """
        return send.run(context, command, send.fields_of(fields), printer, timeout, wait=wait)

    return command


def _validate(with_broker: WithBroker) -> click.Command:
    @click.command("validate")
    @_PRINTER
    @click.option("--seconds", default=5.0, callback=_seconds, show_default=True, help="How long to read messages.")
    @with_broker
    def command(context: Context, printer: str | None, seconds: float) -> int:
        """Check the messages of all printers on the broker against the plugin's schemas.

        The exit status is 1 if a message is not valid, or none arrives.
        """
        return validate.run(context, printer, seconds)

    return command


def _clean(with_broker: WithBroker) -> click.Command:
    @click.command("clean")
    @click.argument("printer", callback=_printer_id)
    @click.option("--delete", is_flag=True, help="Remove the topics. Without it they are only listed.")
    @click.option("--force", is_flag=True, help="Remove them although the printer is online.")
    @with_broker
    def command(context: Context, printer: str, delete: bool, force: bool) -> int:
        """List the retained messages that PRINTER (a printer ID) has left on the broker, and remove them.

        This includes its device in Home Assistant. Brokers that deliver no retained messages for wildcards
        (RabbitMQ) show none.
        """
        return clean.run(context, printer, delete=delete, force=force)

    return command

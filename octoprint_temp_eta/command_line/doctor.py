"""`temp_eta:doctor`: tests the connection step by step."""

from __future__ import annotations

from dataclasses import replace

import click

from ..adapters.connection_test.doctor import Step, examine
from ..adapters.installation import machine
from ..bridge.broker.connect_settings import connection_test
from .broker import Context, plain

_MARKS = {"ok": ("✔", "green"), "failed": ("✘", "red"), "skipped": ("–", "yellow")}


def run(context: Context) -> int:
    """Print each step as soon as it is done; return the exit status: 1 if a step failed."""
    settings = context.settings
    if not settings.mqtt_custom_identifier:  # OctoPrint has not started with the plugin yet
        settings = replace(settings, mqtt_custom_identifier=machine.new_instance(context.device_name))
    test = connection_test(
        settings,
        context.connect_settings(),
        machine=machine.machine_hash(),
        device_name=context.device_name,
        other_plugins=context.plugins,
    )
    several = len(test.connect.addresses) > 1
    steps = examine(test, lambda step: _show(step, several=several))
    failed = sum(step.status == "failed" for step in steps)
    if failed:
        click.secho(f"{failed} of {len(steps)} steps failed.", fg="red", bold=True)
    else:
        click.secho("The connection works.", fg="green", bold=True)
    return 1 if failed else 0


def _show(step: Step, *, several: bool) -> None:
    mark, colour = _MARKS[step.status]
    where = f"{step.broker} " if several else ""
    click.echo(
        f"{click.style(mark, fg=colour)} {where}{click.style(step.name, bold=True)}: {plain(step.message, 2000)}"
    )

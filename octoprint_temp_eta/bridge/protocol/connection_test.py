"""The connection test: the inputs about it, and the result of a step."""

from __future__ import annotations

from typing import Literal

from ...core.frozen import frozen
from ...messages.decode import Command
from ...settings.table import Settings


@frozen
class Step:
    """The result of one step at one broker. `message` is what was found, or why the step failed and what to do."""

    broker: str
    name: str
    status: Literal["ok", "failed", "skipped"]
    message: str


@frozen
class ConnectionTestRequested:
    """Test the connection of these settings, which need not be saved.

    `other_plugins` are OctoPrint's enabled plugins that may publish for this printer too.
    """

    command: Command
    settings: Settings
    other_plugins: tuple[str, ...] = ()


@frozen
class StepDone:
    """A step of the connection test `number` is done."""

    number: int
    step: Step


@frozen
class ConnectionTestDone:
    """The connection test `number` is complete; `problem` is why it ended early."""

    number: int
    problem: str | None = None


ConnectionTestInput = ConnectionTestRequested | StepDone | ConnectionTestDone

"""Tests a connection on request, shows the steps on the pages, and keeps the result of the last test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..core.clock import Now
from ..messages import encode
from ..messages.decode import CommandError
from ..settings.table import Settings
from .broker.connect_settings import connection, connection_test, no_broker
from .broker.connection import Connection
from .home_assistant.announcing import HomeAssistant
from .info import Info
from .outbox.outbox import Outbox, offline_message
from .part import InputHandler, Part
from .protocol.connection_test import ConnectionTestDone, ConnectionTestRequested, Step, StepDone
from .protocol.effects import ConnectionTest, Effect, Page, Reply

#: The command, which only REST accepts.
TEST_CONNECTION = "test_connection"
#: Steps that are kept, at most.
MAX_STEPS = 176
#: Failed steps in `diagnostics`, at most.
MAX_PROBLEMS = 16


class ConnectionTestRuns(Part):
    """One test at a time."""

    def __init__(
        self, outbox: Outbox, info: Info, home_assistant: HomeAssistant, connection: Connection, settings: Settings
    ) -> None:
        self._outbox = outbox
        self._info = info
        self._home_assistant = home_assistant
        self._connection = connection
        self._settings = settings
        self._number = 0
        self._running = False
        #: Whether the last test was one of the saved settings.
        self._saved = False
        self._steps: list[Step] = []
        self._started_at: float | None = None
        self._problem: str | None = None

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            ConnectionTestRequested: self._requested,
            StepDone: self._step_done,
            ConnectionTestDone: self._done,
        }

    def clock_set(self, shift: float) -> None:
        """Move the time of the last test."""
        self._started_at = None if self._started_at is None else self._started_at + shift

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return `connection_test`: the running or the last test, null before the first one."""
        del now
        return {"connection_test": self._shown() if self._number else None}

    @property
    def result(self) -> encode.Payload | None:
        """The last complete test of the saved settings, for `diagnostics`."""
        if self._running or not self._saved or self._started_at is None:
            return None
        failed = [step for step in self._steps if step.status == "failed"][:MAX_PROBLEMS]
        return {
            "tested_at": encode.instant(self._started_at),
            "problems": [{"broker": step.broker, "step": step.name, "message": step.message} for step in failed],
        }

    def _requested(self, event: ConnectionTestRequested, now: Now) -> list[Effect]:
        try:
            test = self._test(event, now)
        except CommandError as error:
            error.transaction = event.command.transaction
            return [Reply(event.command, encode.rejected(TEST_CONNECTION, error))]
        self._running, self._saved = True, event.settings == self._settings
        self._steps, self._started_at, self._problem = [], now.wall, None
        return [test, self._page(), Reply(event.command, encode.accepted(event.command))]

    def _test(self, event: ConnectionTestRequested, now: Now) -> ConnectionTest:
        """Return the test of `event`. Raises `CommandError`."""
        if self._running:
            raise CommandError("busy", "A connection test is running. Wait until it is done.")
        settings, identity = event.settings, self._info.identity
        connect = connection(settings, offline_message(self._outbox), ())
        if not connect.host:
            raise no_broker()
        # Greater than before OctoPrint's last restart, which an open page may have shown.
        self._number = max(self._number + 1, int(now.wall))
        return connection_test(
            settings,
            connect,
            machine=identity.machine,
            largest_message=self._outbox.largest_message,
            home_assistant_online=self._home_assistant.online,
            device_name=identity.device_name,
            other_plugins=event.other_plugins,
            conflict=self._connection.conflict.text or "",
            number=self._number,
        )

    def _step_done(self, event: StepDone, _: Now) -> list[Effect]:
        if event.number != self._number or len(self._steps) >= MAX_STEPS:
            return []
        self._steps.append(event.step)
        return [self._page()]

    def _done(self, event: ConnectionTestDone, _: Now) -> list[Effect]:
        if event.number != self._number:
            return []
        self._running, self._problem = False, event.problem
        return [self._page()]

    def _shown(self) -> dict[str, Any]:
        return {
            "number": self._number,
            "running": self._running,
            "saved_settings": self._saved,
            "steps": [asdict(step) for step in self._steps],
            "problem": self._problem,
        }

    def _page(self) -> Page:
        return Page({"type": "connection_test", "data": self._shown()})

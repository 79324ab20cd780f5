"""The run that was going on when OctoPrint was killed, such as for lack of memory: reported at the next start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.scripts.run import Code, CompletedRun, Run, RunResult
from ...messages.decode import Command
from ..part import InputHandler, Part
from ..protocol.effects import Effect, Save
from ..protocol.inputs import Started
from .reports import RunReports
from .runs import ScriptRun

#: The file with the present run.
RUN = "run"
REASON = "OctoPrint ended during the run; what the script has switched on may still be on"


class InterruptedRun(Part):
    """Stores which run there is, and reports the one that an earlier OctoPrint has left."""

    def __init__(self, run: ScriptRun, reports: RunReports, stored: object) -> None:
        self._run = run
        self._reports = reports
        self._left = stored if isinstance(stored, Mapping) else None

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Started: self._started}

    @property
    def stored(self) -> Mapping[str, Any]:
        """The present run, None without one, and once its end is reported."""
        run = self._run.runner.run
        if run is None or self._run.runner.is_reported:
            return {RUN: None}
        return {
            RUN: {
                "run_id": run.run_id,
                "id": run.script_id,
                "title": run.title,
                "started_at": run.started_at,
                "transaction": self._reports.transaction,
            }
        }

    def _started(self, _: Started, now: Now) -> list[Effect]:
        if self._left is None:
            return []
        left, self._left = self._left, None
        run = Run(left["run_id"], left["id"], left["title"], left["started_at"])
        self._run.runner.last = CompletedRun(run, RunResult.from_error(REASON, Code.SHUTDOWN), now.wall)
        self._reports.begin(Command("script/start", transaction=left["transaction"]))
        return [Save(RUN, None), *self._reports.ended(self._run.runner.last, now)]

"""The run that OctoPrint has left unfinished, reported at the next start.

OctoPrint was killed, such as for lack of memory, or the printer was too busy when it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        """The present run, None without one. Once its end is reported, it counts while something is not set back."""
        present, what = self._run.awaited or (self._run.runner.run, ())
        if present is None:
            return {RUN: None}
        if self._run.runner.is_reported:
            what = what or self._run.switched_off
            return {RUN: self._mark(present, what) if what else None}
        return {RUN: self._mark(present, what)}

    def _mark(self, run: Run, may_be_on: Sequence[str]) -> Mapping[str, Any]:
        return {
            "run_id": run.run_id,
            "id": run.script_id,
            "title": run.title,
            "started_at": run.started_at,
            "transaction": self._reports.transaction,
            **({"may_be_on": list(may_be_on)} if may_be_on else {}),
        }

    def _started(self, _: Started, now: Now) -> list[Effect]:
        if self._left is None:
            return []
        left, self._left = self._left, None
        run = Run(left["run_id"], left["id"], left["title"], left["started_at"])
        what = ", ".join(left.get("may_be_on", ()))
        reason = REASON
        if what:
            reason += f". OctoPrint has not seen these switched off or set back: {what}. Check them at the printer"
        self._run.runner.last = CompletedRun(run, RunResult.from_error(reason, Code.SHUTDOWN), now.wall)
        if not what:  # else OctoPrint has replied when it stopped
            self._reports.begin(Command("script/start", transaction=left["transaction"]))
        return [Save(RUN, None), *self._reports.ended(self._run.runner.last, now), *self._reports.printer_free()]

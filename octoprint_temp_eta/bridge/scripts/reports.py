"""The messages about the current run: its state, its events, its log, and the final reply to the start command."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.scripts.run import CompletedRun, Outcome, Run, RunEnded, RunStarted, StillOn, UserAwaited
from ...core.scripts.runner import Runner
from ...messages import encode, script
from ...messages.decode import Command, Transaction
from ..outbox.outbox import Outbox
from ..protocol.effects import Effect, Log, Page, Reply
from ..protocol.script_effects import FireEvent
from ..protocol.script_inputs import ScriptLogged, ScriptStatus
from .store import ScriptStore

#: Seconds that an event is kept while offline, as in its schema.
EVENT_KEEP_S = 3600.0
#: Seconds that a log line is kept while others are sent; the script's process limits their number.
LOG_KEEP_S = 10.0
#: Seconds between two published events about a changed status: each is a row in Home Assistant's recorder.
STATUS_EVERY_S = 10.0

#: What to do when the printer waits for its user while a run ends.
USER_AWAITED = (
    "The printer waits for its user: press its button. Until then the run does not end, and heaters that it has "
    "switched on stay on."
)

#: The levels of log lines, as in the schema.
LEVELS = frozenset({"debug", "info", "warning", "error", "critical"})
#: Control characters, and separators of lines and paragraphs.
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]")

#: The name of OctoPrint's event for each event type.
EVENTS: Mapping[str, str] = {
    "started": "AutomationScriptStarted",
    "status_changed": "AutomationScriptStatusChanged",
    Outcome.FINISHED: "AutomationScriptFinished",
    Outcome.FAILED: "AutomationScriptFailed",
    Outcome.ERROR: "AutomationScriptError",
    Outcome.CANCELLED: "AutomationScriptCancelled",
}


class RunReports:
    """Publishes what happens to runs, and stores the settings that they return."""

    def __init__(self, outbox: Outbox, store: ScriptStore) -> None:
        self._outbox = outbox
        self._store = store
        self._command: Command | None = None
        self._status: str | None = None
        self._status_at = -STATUS_EVERY_S
        #: The run with the newest status whose event is not published yet.
        self._unpublished: Run | None = None
        #: OctoPrint's event of an end, until the printer is free.
        self._end: FireEvent | None = None

    def begin(self, command: Command) -> None:
        """Expect the run that `command` starts."""
        self._command, self._status, self._unpublished = command, None, None
        self._status_at = -STATUS_EVERY_S

    @property
    def transaction(self) -> Transaction:
        """The transaction of the command that has started the run."""
        return self._command.transaction if self._command is not None else None

    def body(self, runner: Runner) -> encode.Payload:
        """Return the retained state of `script`."""
        return script.runner(runner.state, runner.run, self._status, runner.last)

    def publish(self, runner: Runner, now: Now) -> None:
        """Publish the retained state."""
        self._outbox.publish_state("script", self.body(runner), now)

    def report(self, decision: RunStarted | RunEnded | StillOn | UserAwaited, now: Now) -> list[Effect]:
        """Publish that run() has started, that the run has ended, or what the user should know of its end."""
        if isinstance(decision, StillOn):
            text = f"the heaters could not be set back and may be on: {', '.join(decision.heaters)}"
            return self.logged(ScriptLogged(decision.run_id, "warning", text), now)
        if isinstance(decision, UserAwaited):
            return self.logged(ScriptLogged(decision.run_id, "warning", USER_AWAITED), now)
        if isinstance(decision, RunStarted):
            return [self._event("started", decision.run, now)]
        return self.ended(decision.completed, now)

    def status_changed(self, message: ScriptStatus, run: Run, now: Now) -> list[Effect]:
        """The script has another status. OctoPrint gets each event, the broker one per `STATUS_EVERY_S`."""
        self._status = message.status
        self._unpublished = run
        self.tick(now)
        return [self._octoprint_event("status_changed", run, status=message.status)]

    def tick(self, now: Now) -> None:
        """Publish the event of the newest status when it is due."""
        if self._unpublished is None or now.at < self._status_at + STATUS_EVERY_S:
            return
        run, self._unpublished = self._unpublished, None
        self._status_at = now.at
        self._publish_event("status_changed", run, now, status=self._status)

    def logged(self, message: ScriptLogged, now: Now) -> list[Effect]:
        """The script has logged a line."""
        name = message.level.lower() if message.level.lower() in LEVELS else "info"
        body = {"run_id": message.run_id, "level": name, "message": message.message}
        if self._outbox.connected:
            self._outbox.publish_event("script_log", body, now, keep_s=LOG_KEEP_S)
        level = logging.getLevelNamesMapping()[name.upper()]
        return [Log(level, f"Script: {_one_line(message.message)}"), Page({"type": "script_log", "data": body})]

    def ended(self, completed: CompletedRun, now: Now) -> list[Effect]:
        """A run has ended. OctoPrint gets the event with `printer_free`."""
        run, result = completed.run, completed.result
        self._unpublished = None
        self._end = self._event(result.outcome.value, run, now, **script.event_result(result))
        effects: list[Effect] = []
        if self._command is not None:
            effects.append(Reply(self._command, script.final_reply(self._command, completed)))
            self._command = None
        if result.outcome is Outcome.FINISHED and result.storage:
            effects.append(self._store.keep(run.script_id, result.storage, run.declared))
        words = result.error or result.message
        level = logging.WARNING if result.error else logging.INFO
        reason = f": {_one_line(words)}" if words else ""
        effects.append(Log(level, f"Script {run.title!r} {result.outcome.value}{reason}"))
        return effects

    def printer_free(self) -> list[Effect]:
        """Others may move the printer: tell OctoPrint the end of the run, to which others react with movements."""
        end, self._end = self._end, None
        return [] if end is None else [end]

    def _event(self, kind: str, run: Run, now: Now, **more: Any) -> FireEvent:
        """Publish the event and return it for OctoPrint's event bus."""
        self._publish_event(kind, run, now, **more)
        return self._octoprint_event(kind, run, **more)

    def _publish_event(self, kind: str, run: Run, now: Now, **more: Any) -> None:
        body = {"event_type": kind, "event": EVENTS[kind], **_payload(run, **more)}
        self._outbox.publish_event("script_event", body, now, keep_s=EVENT_KEEP_S)

    def _octoprint_event(self, kind: str, run: Run, **more: Any) -> FireEvent:
        return FireEvent(EVENTS[kind], _payload(run, **more))


def _one_line(text: str) -> str:
    """Return `text` as one line of the log: an escape sequence or a line break could forge others."""
    return _CONTROL.sub(" ", text)


def _payload(run: Run, **more: Any) -> dict[str, Any]:
    return {"id": run.script_id, "title": run.title, **more, "run_id": run.run_id}

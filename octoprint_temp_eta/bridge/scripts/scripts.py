"""The scripts: which there are, the commands that start and cancel them, and what is told of their runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from ...core.scripts.catalogue import Script, find
from ...core.scripts.run import Begun, HeatersAfter, Outcome, Over, Past, Run, State
from ...core.scripts.settings import InvalidSettings, check
from ...core.scripts.settings import Settings as ScriptSettings
from ...messages import encode, script, wording
from ...messages.decode import Command, CommandError
from ...settings.table import Settings
from ..broker.commands import Handler
from ..broker.outbox import Outbox
from ..heaters.heaters import Heaters
from ..protocol.effects import Answer, Effect, Log
from ..protocol.inputs import Now, PrinterChanged
from ..protocol.script_effects import AskCommands, FireEvent, ScanScripts, SendLines, StartScript
from ..protocol.script_inputs import (
    CommandsTold,
    ScriptEnded,
    ScriptLogged,
    ScriptSettingsGiven,
    ScriptsFound,
    ScriptStatus,
)
from .runs import Plan, ScriptRun
from .store import ScriptMemory, invalid

#: The command that only REST takes: settings are the user's, who edits them in OctoPrint's dialog.
SAVE_SETTINGS = "save_script_settings"
#: s between two looks at the folder.
SCAN_S = 5.0
#: s for which an event is worth telling late, as its schema says.
EVENT_KEEP_S = 3600.0
#: The same for a line of its log, which waits where many come at once. How many, the script's process bounds.
LOG_KEEP_S = 10.0
#: OctoPrint's id of the state in which it takes a job.
READY = "OPERATIONAL"

#: OctoPrint's event for how a run ended.
EVENTS: Mapping[str, str] = {
    "started": "AutomationScriptStarted",
    "status_changed": "AutomationScriptStatusChanged",
    Outcome.FINISHED: "AutomationScriptFinished",
    Outcome.FAILED: "AutomationScriptFailed",
    Outcome.ERROR: "AutomationScriptError",
    Outcome.CANCELLED: "AutomationScriptCancelled",
}


#: Answers a command once more.
Replier = Callable[[Command, encode.Payload, Now], list[Effect]]


class Scripts:
    """Scripts and their runs, as the world sees them."""

    def __init__(
        self, outbox: Outbox, heaters: Heaters, settings: Settings, boot_id: str, stored: object, reply: Replier
    ) -> None:
        self.catalogue: tuple[Script, ...] = ()
        #: Whether the folder has been looked at.
        self.known = False
        self._outbox = outbox
        self._heaters = heaters
        self._settings = settings
        self._boot_id = boot_id
        self._reply = reply
        self._memory = ScriptMemory(stored)
        self._run = ScriptRun(self._tell_run, heaters.targets)
        self._runs = 0
        self._command: Command | None = None
        self._status: str | None = None
        self._scan_at: float | None = 0.0
        self._connected = False
        self._greets = False
        #: What scripts want sent to the printer that was just connected, until it can take it.
        self._greetings: list[Effect] = []

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The commands."""
        return {"script/start": self._start, "script/cancel": self._cancel}

    @property
    def inputs(self) -> Mapping[type, Callable[[Any, Now], list[Effect] | None]]:
        """What is handled here."""
        return {
            **{kind: self._telling(handler) for kind, handler in self._run.inputs.items()},
            ScriptEnded: self._telling(self._ended),
            ScriptStatus: self._status_changed,
            ScriptLogged: self._logged,
            ScriptsFound: self._found,
            CommandsTold: self._commands_told,
            ScriptSettingsGiven: self._settings_given,
        }

    def configure(self, settings: Settings) -> None:
        """Take changed settings; the folder may be another one."""
        self._settings = settings
        self._scan_at = 0.0

    def tick(self, now: Now) -> list[Effect]:
        """Do what is due."""
        effects = self._telling(lambda _, moment: self._run.tick(moment))(None, now)
        if self._scan_at is not None and now.at >= self._scan_at:
            # Looked at again once the folder's content has come back.
            self._scan_at = None
            effects.append(ScanScripts(self._settings.script_folder))
        return [*effects, *self._due_greetings()]

    def shut_down(self, now: Now) -> list[Effect]:
        """End the run because OctoPrint ends."""
        return self._telling(lambda _, moment: self._run.shut_down(moment))(None, now)

    @property
    def bodies(self) -> Mapping[str, Any]:
        """The present bodies of `scripts` and `script`."""
        runner = self._run.runner
        return {
            "scripts": [script.catalogue_entry(each) for each in self.catalogue],
            "script": script.runner(runner.state, runner.run, self._status, runner.last),
        }

    @property
    def settings(self) -> Mapping[str, ScriptSettings]:
        """The present settings of the scripts that declare some and can be started, by id."""
        startable = (each for each in self.catalogue if each.error is None and each.settings)
        return {each.id or "": self._memory.declared(each) for each in startable}

    def tell(self, now: Now) -> None:
        """Set the levels."""
        for message, body in self.bodies.items():
            self._outbox.level(message, body, now)

    # The folder

    def _found(self, event: ScriptsFound, now: Now) -> list[Effect]:
        self._scan_at = now.at + SCAN_S
        self.known = True
        if event.scripts == self.catalogue and not self._greets:
            return []
        news = [each for each in event.scripts if each not in self.catalogue]
        self.catalogue = event.scripts
        self.tell(now)
        logs: list[Effect] = [Log(logging.WARNING, f"Script {each.file}: {each.error}") for each in news if each.error]
        return [*logs, *self._greet()]

    def printer_changed(self, printer: PrinterChanged) -> list[Effect]:
        """Greet a printer that was just connected, once it is known with what."""
        if printer.connected and not self._connected:
            self._greets = True
        self._connected = printer.connected
        if not self._connected:
            self._greetings = []
        return self._greet() if self.catalogue else []

    def _greet(self) -> list[Effect]:
        if not (self._greets and self._connected):
            return []
        self._greets = False
        folder = self._settings.script_folder
        return [
            AskCommands(folder, each.file, each.id or "", self._memory.of(each.id or ""))
            for each in self.catalogue
            if each.has_commands and each.error is None
        ]

    def _commands_told(self, event: CommandsTold, now: Now) -> list[Effect]:
        del now
        if event.error is not None:
            return [Log(logging.WARNING, f"Script {event.script_id}: {event.error}")]
        if event.lines and self._connected:
            self._greetings.append(SendLines(event.lines))
        return self._due_greetings()

    def _due_greetings(self) -> list[Effect]:
        """Return the greetings once the printer is ready: they must not get between the lines of a script or a job."""
        if self._run.runner.state is not State.IDLE or self._heaters.printer.state != READY:
            return []
        due, self._greetings = self._greetings, []
        return due

    # The commands

    def _start(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        wanted = self._script(command.arguments["id"])
        given = dict(command.arguments.get("settings", {}))
        try:
            check(wanted.settings, given, only_declared=True)
        except InvalidSettings as error:
            raise invalid(error) from None
        self._refuse_unless_ready()
        plan = self._plan(wanted, given, now)
        self._command, self._status = command, None
        # Before the run: it may need what they set up.
        effects = [*self._due_greetings(), *self._run.start(plan, now)]
        self._tell_runner(now)
        return encode.accepted(command, run_id=plan.run.run_id), effects

    def _plan(self, wanted: Script, given: dict[str, Any], now: Now) -> Plan:
        self._runs += 1
        run_id, script_id, settings = f"{self._boot_id[:8]}-{self._runs}", wanted.id or "", self._settings
        run = Run(
            run_id,
            script_id,
            wanted.title,
            started_at=now.wall,
            targets=dict(self._heaters.targets),
            time_limit=settings.script_time_limit,
            heaters_after=HeatersAfter(settings.script_heaters_after),
        )
        stored = self._memory.of(script_id)
        return Plan(run, StartScript(run_id, settings.script_folder, wanted.file, stored, given))

    def _cancel(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        runner, wanted = self._run.runner, command.arguments.get("run_id")
        if runner.run is None or wanted not in (None, runner.run.run_id):
            raise CommandError("not_running", "There is no such run." if wanted else "No script is running.")
        if not runner.can_be_stopped and runner.state is not State.CANCELLING:
            raise CommandError("not_running", "The script has ended already.")
        run_id = runner.run.run_id
        effects = self._run.cancel(now)
        self._tell_runner(now)
        return encode.completed(command, run_id=run_id), effects

    def _settings_given(self, given: ScriptSettingsGiven, now: Now) -> list[Effect]:
        try:
            script_id, settings = _given(given.body)
            effects: list[Effect] = [self._memory.set(self._script(script_id), settings)]
            reply = encode.completed(Command(SAVE_SETTINGS))
        except CommandError as error:
            effects, reply = [], encode.rejected(SAVE_SETTINGS, error)
        return [*effects, Answer(given.ticket, reply | {"timestamp": round(now.wall, 3)})]

    def _script(self, script_id: str) -> Script:
        found = find(self.catalogue, script_id)
        if found is not None:
            return found
        broken = next((each for each in self.catalogue if script_id in (each.id, each.file)), None)
        if broken is not None:
            raise CommandError("broken_script", f"{broken.file} cannot be started: {broken.error}.", "/id")
        raise CommandError("unknown_script", f"There is no script {script_id!r}.", "/id")

    def _refuse_unless_ready(self) -> None:
        run, printer = self._run.runner.run, self._heaters.printer
        if run is not None:
            raise CommandError("busy", f"The script {run.title!r} is running.")
        if not printer.connected:
            raise CommandError("printer_not_ready", "The printer is not connected.")
        if printer.state != READY:
            raise CommandError("printer_not_ready", f"The printer is not ready: its state is {printer.state}.")

    # The run

    def _status_changed(self, said: ScriptStatus, now: Now) -> list[Effect]:
        run = self._run.runner.run
        if run is None or run.run_id != said.run_id or self._run.runner.state is not State.RUNNING:
            return []
        self._status = said.status
        self._tell_runner(now)
        return [self._event("status_changed", run, now, status=said.status)]

    def _logged(self, said: ScriptLogged, now: Now) -> list[Effect]:
        if self._outbox.connected:
            body = {"run_id": said.run_id, "level": said.level, "message": said.message}
            self._outbox.edge("script_log", body, now, keep_s=LOG_KEEP_S)
        return [Log(logging.getLevelNamesMapping().get(said.level.upper(), logging.INFO), f"Script: {said.message}")]

    def _ended(self, said: ScriptEnded, now: Now) -> list[Effect]:
        words: list[Effect] = [Log(logging.WARNING, f"Script: {said.output}")] if said.output else []
        return [*words, *self._run.ended(said, now)]

    def _tell_run(self, decision: Begun | Over, now: Now) -> list[Effect]:
        if isinstance(decision, Begun):
            return [self._event("started", decision.run, now)]
        return self._over(decision.past, now)

    def _over(self, past: Past, now: Now) -> list[Effect]:
        run, verdict = past.run, past.verdict
        more: dict[str, Any] = {}
        if verdict.result is not None:
            more["result"] = verdict.result
        if verdict.error is not None:
            more["error"] = verdict.error
        effects: list[Effect] = [self._event(verdict.outcome.value, run, now, **more)]
        if self._command is not None:
            effects += self._reply(self._command, script.second_reply(self._command, past), now)
            self._command = None
        if verdict.outcome is Outcome.FINISHED and verdict.result:
            effects.append(self._memory.keep(run.script_id, verdict.result))
        words = verdict.error or verdict.message
        level = logging.WARNING if verdict.error else logging.INFO
        effects.append(Log(level, f"Script {run.title!r} {verdict.outcome.value}{f': {words}' if words else ''}"))
        self._tell_runner(now)
        return effects

    def _event(self, kind: str, run: Run, now: Now, **more: Any) -> FireEvent:
        """Tell the broker, and return OctoPrint's event."""
        payload = {"id": run.script_id, "title": run.title, **more, "run_id": run.run_id}
        body = {"event_type": kind, "event": EVENTS[kind], **payload}
        self._outbox.edge("script_event", body, now, keep_s=EVENT_KEEP_S)
        return FireEvent(EVENTS[kind], payload)

    def _telling(self, handler: Callable[[Any, Now], list[Effect]]) -> Callable[[Any, Now], list[Effect]]:
        """Return `handler` such that a change of the runner's state is told."""

        def handle(event: Any, now: Now) -> list[Effect]:
            before = self._run.runner.state
            effects = handler(event, now)
            if self._run.runner.state is not before:
                self._tell_runner(now)
            return effects

        return handle

    def _tell_runner(self, now: Now) -> None:
        self._outbox.level("script", self.bodies["script"], now)


def _given(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return id and settings of a call to save settings. Raises `CommandError`."""
    script_id, settings = body.get("id"), body.get("settings")
    if not isinstance(script_id, str):
        raise CommandError("invalid_command", "id must be a text.", "/id")
    if not isinstance(settings, Mapping):
        raise CommandError("invalid_command", "settings must be an object.", "/settings")
    unknown = min(set(body) - {"id", "settings"}, default=None)
    if unknown is not None:
        raise CommandError("invalid_command", "Only id and settings are taken.", wording.pointer([unknown]))
    return script_id, settings

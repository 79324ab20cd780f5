"""Scripts: their catalogue, the commands that start and cancel them, and the messages about their runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from ...core.clock import Now
from ...core.scripts.catalogue import Script, find
from ...core.scripts.run import CompletedRun, HeatersAfter, Outcome, Run, RunEnded, RunStarted, State
from ...core.scripts.settings import InvalidSettings, check_given
from ...core.scripts.settings import Settings as ScriptSettings
from ...messages import encode, script, wording
from ...messages.decode import Command, CommandError
from ...settings.table import Settings
from ..broker.commands import Handler
from ..broker.outbox import Outbox
from ..heaters.heaters import Heaters
from ..protocol.effects import Answer, Effect, Log
from ..protocol.inputs import PrinterChanged
from ..protocol.script_effects import FireEvent, ReadConnectCommands, ScanScripts, SendLines, StartScript
from ..protocol.script_inputs import (
    ConnectCommandsRead,
    ScriptEnded,
    ScriptLogged,
    ScriptSettingsSubmitted,
    ScriptsFound,
    ScriptStatus,
)
from .runs import Plan, ScriptRun
from .store import ScriptMemory, invalid

#: A command that only REST accepts, for OctoPrint's settings dialog.
SAVE_SETTINGS = "save_script_settings"
#: Seconds between two scans of the folder.
SCAN_S = 5.0
#: Seconds that an event is kept while offline, as in its schema.
EVENT_KEEP_S = 3600.0
#: Seconds that a log line is kept while others are sent; the script's process limits their number.
LOG_KEEP_S = 10.0
#: The id of OctoPrint's state in which it accepts a job.
READY = "OPERATIONAL"

#: The name of OctoPrint's event for each event type.
EVENTS: Mapping[str, str] = {
    "started": "AutomationScriptStarted",
    "status_changed": "AutomationScriptStatusChanged",
    Outcome.FINISHED: "AutomationScriptFinished",
    Outcome.FAILED: "AutomationScriptFailed",
    Outcome.ERROR: "AutomationScriptError",
    Outcome.CANCELLED: "AutomationScriptCancelled",
}


#: Sends another reply to a command.
Replier = Callable[[Command, encode.Payload, Now], list[Effect]]


class Scripts:
    """Scripts and their runs."""

    def __init__(
        self, outbox: Outbox, heaters: Heaters, settings: Settings, boot_id: str, stored: object, reply: Replier
    ) -> None:
        self.catalogue: tuple[Script, ...] = ()
        #: Whether the folder was scanned.
        self.known = False
        self._outbox = outbox
        self._heaters = heaters
        self._settings = settings
        self._boot_id = boot_id
        self._reply = reply
        self._memory = ScriptMemory(stored)
        self._run = ScriptRun(self._publish_run, heaters.targets)
        self._runs = 0
        self._command: Command | None = None
        self._status: str | None = None
        self._scan_at: float | None = 0.0
        self._connected = False
        self._connect_commands_wanted = False
        #: On-connect commands that wait until the printer is ready.
        self._connect_commands: list[Effect] = []

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The handlers of commands."""
        return {"script/start": self._start, "script/cancel": self._cancel}

    @property
    def inputs(self) -> Mapping[type, Callable[[Any, Now], list[Effect] | None]]:
        """The inputs that are handled here."""
        return {
            **{kind: self._publishing(handler) for kind, handler in self._run.inputs.items()},
            ScriptEnded: self._publishing(self._ended),
            ScriptStatus: self._status_changed,
            ScriptLogged: self._logged,
            ScriptsFound: self._found,
            ConnectCommandsRead: self._connect_commands_read,
            ScriptSettingsSubmitted: self._settings_submitted,
        }

    def configure(self, settings: Settings) -> None:
        """Apply changed settings; scan the folder, which may have changed."""
        self._settings = settings
        self._scan_at = 0.0

    def tick(self, now: Now) -> list[Effect]:
        """Apply timeouts, and scan the folder when due."""
        effects = self._publishing(lambda _, moment: self._run.tick(moment))(None, now)
        if self._scan_at is not None and now.at >= self._scan_at:
            # The next scan is scheduled by the result.
            self._scan_at = None
            effects.append(ScanScripts(self._settings.script_folder))
        return [*effects, *self._due_connect_commands()]

    def shut_down(self, now: Now) -> list[Effect]:
        """End the run because OctoPrint shuts down."""
        return self._publishing(lambda _, moment: self._run.shut_down(moment))(None, now)

    @property
    def bodies(self) -> Mapping[str, Any]:
        """The current bodies of `scripts` and `script`."""
        runner = self._run.runner
        return {
            "scripts": [script.catalogue_entry(each) for each in self.catalogue],
            "script": script.runner(runner.state, runner.run, self._status, runner.last),
        }

    @property
    def settings(self) -> Mapping[str, ScriptSettings]:
        """The current settings, by id, of startable scripts that declare some."""
        startable = (each for each in self.catalogue if each.error is None and each.settings)
        return {each.id or "": self._memory.declared(each) for each in startable}

    def tell(self, now: Now) -> None:
        """Publish the retained states."""
        for message, body in self.bodies.items():
            self._outbox.publish_state(message, body, now)

    # The folder

    def _found(self, event: ScriptsFound, now: Now) -> list[Effect]:
        self._scan_at = now.at + SCAN_S
        self.known = True
        if event.scripts == self.catalogue and not self._connect_commands_wanted:
            return []
        news = [each for each in event.scripts if each not in self.catalogue]
        self.catalogue = event.scripts
        self.tell(now)
        logs: list[Effect] = [Log(logging.WARNING, f"Script {each.file}: {each.error}") for each in news if each.error]
        return [*logs, *self._read_connect_commands()]

    def printer_changed(self, printer: PrinterChanged) -> list[Effect]:
        """Read the on-connect commands when the printer was connected and the folder was scanned."""
        if printer.connected and not self._connected:
            self._connect_commands_wanted = True
        self._connected = printer.connected
        if not self._connected:
            self._connect_commands = []
        return self._read_connect_commands() if self.catalogue else []

    def _read_connect_commands(self) -> list[Effect]:
        if not (self._connect_commands_wanted and self._connected):
            return []
        self._connect_commands_wanted = False
        folder = self._settings.script_folder
        return [
            ReadConnectCommands(folder, each.file, each.id or "", self._memory.of(each.id or ""))
            for each in self.catalogue
            if each.has_commands and each.error is None
        ]

    def _connect_commands_read(self, event: ConnectCommandsRead, now: Now) -> list[Effect]:
        del now
        if event.error is not None:
            return [Log(logging.WARNING, f"Script {event.script_id}: {event.error}")]
        if event.lines and self._connected:
            self._connect_commands.append(SendLines(event.lines))
        return self._due_connect_commands()

    def _due_connect_commands(self) -> list[Effect]:
        """Return the on-connect commands once the printer is ready, so that they do not mix with a script or a job."""
        if self._run.runner.state is not State.IDLE or self._heaters.printer.state != READY:
            return []
        due, self._connect_commands = self._connect_commands, []
        return due

    # The commands

    def _start(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        wanted = self._script(command.arguments["id"])
        given = dict(command.arguments.get("settings", {}))
        try:
            check_given(wanted.settings, given)
        except InvalidSettings as error:
            raise invalid(error) from None
        self._refuse_unless_ready()
        plan = self._plan(wanted, given, now)
        self._command, self._status = command, None
        # Before the run, which may depend on them.
        effects = [*self._due_connect_commands(), *self._run.start(plan, now)]
        self._publish_runner(now)
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
            raise CommandError("not_running", "No run has this run_id." if wanted else "No script is running.")
        if not runner.can_be_stopped and runner.state is not State.CANCELLING:
            raise CommandError("not_running", "The script has already ended.")
        run_id = runner.run.run_id
        effects = self._run.cancel(now)
        self._publish_runner(now)
        return encode.completed(command, run_id=run_id), effects

    def _settings_submitted(self, given: ScriptSettingsSubmitted, now: Now) -> list[Effect]:
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
        self._publish_runner(now)
        return [self._event("status_changed", run, now, status=said.status)]

    def _logged(self, said: ScriptLogged, now: Now) -> list[Effect]:
        if self._outbox.connected:
            body = {"run_id": said.run_id, "level": said.level, "message": said.message}
            self._outbox.publish_event("script_log", body, now, keep_s=LOG_KEEP_S)
        return [Log(logging.getLevelNamesMapping().get(said.level.upper(), logging.INFO), f"Script: {said.message}")]

    def _ended(self, said: ScriptEnded, now: Now) -> list[Effect]:
        words: list[Effect] = [Log(logging.WARNING, f"Script: {said.output}")] if said.output else []
        return [*words, *self._run.ended(said, now)]

    def _publish_run(self, decision: RunStarted | RunEnded, now: Now) -> list[Effect]:
        if isinstance(decision, RunStarted):
            return [self._event("started", decision.run, now)]
        return self._run_ended(decision.completed, now)

    def _run_ended(self, completed: CompletedRun, now: Now) -> list[Effect]:
        run, result = completed.run, completed.result
        more: dict[str, Any] = {}
        if result.storage is not None:
            more["result"] = result.storage
        if result.error is not None:
            more["error"] = result.error
        effects: list[Effect] = [self._event(result.outcome.value, run, now, **more)]
        if self._command is not None:
            effects += self._reply(self._command, script.final_reply(self._command, completed), now)
            self._command = None
        if result.outcome is Outcome.FINISHED and result.storage:
            effects.append(self._memory.keep(run.script_id, result.storage))
        words = result.error or result.message
        level = logging.WARNING if result.error else logging.INFO
        effects.append(Log(level, f"Script {run.title!r} {result.outcome.value}{f': {words}' if words else ''}"))
        self._publish_runner(now)
        return effects

    def _event(self, kind: str, run: Run, now: Now, **more: Any) -> FireEvent:
        """Publish the event and return it for OctoPrint's event bus."""
        payload = {"id": run.script_id, "title": run.title, **more, "run_id": run.run_id}
        body = {"event_type": kind, "event": EVENTS[kind], **payload}
        self._outbox.publish_event("script_event", body, now, keep_s=EVENT_KEEP_S)
        return FireEvent(EVENTS[kind], payload)

    def _publishing(self, handler: Callable[[Any, Now], list[Effect]]) -> Callable[[Any, Now], list[Effect]]:
        """Wrap `handler` to publish a change of the runner's state."""

        def handle(event: Any, now: Now) -> list[Effect]:
            before = self._run.runner.state
            effects = handler(event, now)
            if self._run.runner.state is not before:
                self._publish_runner(now)
            return effects

        return handle

    def _publish_runner(self, now: Now) -> None:
        self._outbox.publish_state("script", self.bodies["script"], now)


def _given(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return id and settings of a request to save settings. Raises `CommandError`."""
    script_id, settings = body.get("id"), body.get("settings")
    if not isinstance(script_id, str):
        raise CommandError("invalid_command", "id must be a string.", "/id")
    if not isinstance(settings, Mapping):
        raise CommandError("invalid_command", "settings must be an object.", "/settings")
    unknown = min(set(body) - {"id", "settings"}, default=None)
    if unknown is not None:
        raise CommandError("invalid_command", "Only id and settings are accepted.", wording.pointer([unknown]))
    return script_id, settings

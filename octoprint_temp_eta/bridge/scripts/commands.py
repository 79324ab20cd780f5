"""The commands about scripts: start, cancel, and saving a script's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.scripts.catalogue import Script, convert_id
from ...core.scripts.run import Flow, HeatersAfter, Run, State
from ...core.scripts.settings import InvalidSettings, check_given, check_text
from ...messages import encode
from ...messages.decode import Command, CommandError
from ...settings.table import Settings, names
from ..heaters.heaters import Heaters
from ..part import CommandHandler, Part
from ..printer.printer import Printer
from ..printer.storage_print import StoragePrint
from ..protocol.effects import Effect
from ..protocol.script_effects import StartScript
from .library import Library
from .on_connect import OnConnect
from .runs import Plan, ScriptRun
from .store import ScriptStore, invalid

STORAGE_PRINTS = (
    "The printer prints a file from its storage (SD card), of which OctoPrint does not know. Wait for the end of that"
    " print, or stop it at the printer."
)


class ScriptCommands(Part):
    """Executes the commands about scripts."""

    def __init__(
        self,
        library: Library,
        run: ScriptRun,
        on_connect: OnConnect,
        printer: Printer,
        storage: StoragePrint,
        heaters: Heaters,
        store: ScriptStore,
        settings: Settings,
        boot_id: str,
    ) -> None:
        self._library = library
        self._run = run
        self._on_connect = on_connect
        self._printer = printer
        self._storage = storage
        self._heaters = heaters
        self._store = store
        self._settings = settings
        self._boot_id = boot_id
        self._runs = 0

    @property
    def commands(self) -> Mapping[str, CommandHandler]:
        """The handlers by name of command."""
        return {
            "script/start": self._start,
            "script/cancel": self._cancel,
            "save_script_settings": self._save_settings,
        }

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return the current settings, by id, of startable scripts that declare some."""
        del now
        startable = (each for each in self._library.catalogue if each.error is None and each.settings)
        return {"script_settings": {each.id or "": self._store.declared(each) for each in startable}}

    def _start(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        script = self._library.script(command.arguments["id"])
        self._refuse_unless_allowed(script)
        given = dict(command.arguments.get("settings", {}))
        try:
            check_given(script.settings, given)
        except InvalidSettings as error:
            raise invalid(error) from None
        arguments = _arguments(command)
        self._refuse_unless_ready()
        plan = self._plan(script, given, arguments, now)
        # The on-connect commands come first: the run may depend on them.
        effects = [*self._on_connect.due(), *self._run.start(plan, command, now)]
        return encode.accepted(command, run_id=plan.run.run_id), effects

    def _plan(self, script: Script, given: dict[str, Any], arguments: dict[str, Any], now: Now) -> Plan:
        self._runs += 1
        run_id, script_id, settings = f"{self._boot_id}-{self._runs}", script.id or "", self._settings
        profile = self._printer.profile
        run = Run(
            run_id,
            script_id,
            script.title,
            started_at=now.wall,
            targets=self._heaters.targets,
            time_limit=settings.script_time_limit,
            heaters_after=HeatersAfter(settings.script_heaters_after),
            declared=tuple(script.settings),
            shared_nozzle=profile is not None and profile.shared_nozzle,
        )
        stored = self._store.of(script_id)
        flow = Flow(settings.script_layer_height, settings.script_extrusion_width, settings.script_filament_diameter)
        launch = StartScript(run_id, settings.script_folder, script.file, stored, given, arguments, flow)
        return Plan(run, launch, settings.script_allow_motion, settings.script_line_timeout)

    def _refuse_unless_allowed(self, script: Script) -> None:
        if not may_start(script.id, self._settings):
            text = f"The settings do not allow the script {script.id!r}: allow_scripts lists those that may be started."
            raise CommandError("not_permitted", text, "/id")

    def _refuse_unless_ready(self) -> None:
        run, printer = self._run.runner.run, self._printer
        if run is not None:
            raise CommandError("busy", f"The script {run.title!r} is running.")
        if not printer.connected:
            raise CommandError("printer_not_ready", "The printer is not connected.")
        if not printer.operational:
            raise CommandError("printer_not_ready", f"The printer is not ready: its state is {printer.state}.")
        if self._storage.goes_on:
            raise CommandError("printer_not_ready", STORAGE_PRINTS)

    def _cancel(self, command: Command, now: Now) -> tuple[encode.Payload, list[Effect]]:
        runner, wanted = self._run.runner, command.arguments.get("run_id")
        if runner.run is None or wanted not in (None, runner.run.run_id):
            raise CommandError("not_running", "There is no such run." if wanted else "No script is running.")
        if not runner.can_be_stopped and runner.state is not State.CANCELLING:
            raise CommandError("not_running", "The script has already ended.")
        run_id = runner.run.run_id
        return encode.completed(command, run_id=run_id), self._run.cancel(now)

    def _save_settings(self, command: Command, _: Now) -> tuple[encode.Payload, list[Effect]]:
        script = self._library.script(command.arguments["id"])
        save = self._store.set(script, command.arguments["settings"])
        return encode.completed(command), [save, *self._on_connect.settings_saved(script)]


def may_start(script_id: str | None, settings: Settings) -> bool:
    """Whether the settings allow this script to be started."""
    allowed = [convert_id(name) for name in names(settings.allow_scripts)]
    return not allowed or script_id in allowed


def _arguments(command: Command) -> dict[str, Any]:
    """Return the keyword arguments for run(). Raises `CommandError`."""
    arguments = dict(command.arguments.get("arguments", {}))
    if arguments and command.reply_to.ticket is None:
        raise CommandError("invalid_command", "arguments are accepted over REST only.", "/arguments")
    try:
        for key, value in arguments.items():
            check_text(key, value)
    except InvalidSettings as error:
        from ...messages.contract import wording

        path = wording.pointer(["arguments", error.key or ""])
        raise CommandError("invalid_command", f"{error.key!r} {error.rule}.", path) from None
    return arguments

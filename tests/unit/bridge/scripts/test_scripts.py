"""The parts about scripts."""

from __future__ import annotations

from octoprint_temp_eta.bridge.heaters.heaters import Heaters
from octoprint_temp_eta.bridge.heaters.store import HeaterStore
from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.printer.printer import Printer
from octoprint_temp_eta.bridge.printer.storage_print import StoragePrint
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptsFound
from octoprint_temp_eta.bridge.scripts.scripts import Scripts
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.messages.topics import Topics
from octoprint_temp_eta.settings.table import Settings
from tests.support.script_bridge_driver import STEPS

NOW = Now(100.0, 1_795_188_600.0)


def scripts() -> Scripts:
    outbox, printer, settings = Outbox(Topics("octoprint/temp_eta/ender"), "b0b0"), Printer(), Settings()
    heaters = Heaters(outbox, printer, HeaterStore(None), settings, {})
    return Scripts(outbox, printer, StoragePrint(printer, None), heaters, settings, "b0b0", {})


def test_an_input_reaches_the_part_that_handles_it():
    made = scripts()
    assert not made.known
    for part in made.parts:
        if ScriptsFound in part.inputs:
            part.inputs[ScriptsFound](ScriptsFound(Settings().script_folder, (STEPS,)), NOW)
    assert made.known
    assert made.catalogue == (STEPS,)


def test_its_parts_have_the_commands_about_scripts():
    commands = {name for part in scripts().parts for name in part.commands}
    assert commands == {"script/start", "script/cancel", "save_script_settings", "create_script_folder"}


def test_its_parts_have_keys_of_the_snapshot():
    keys = {key for part in scripts().parts for key in part.snapshot(NOW)}
    assert keys == {"scripts", "script", "script_settings", "script_folder"}

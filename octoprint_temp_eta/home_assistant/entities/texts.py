"""The names and states that Home Assistant shows, in English and German.

English texts are the keys. Names in braces are filled in.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...core.frozen import frozen
from ...core.heating.state_machine.states import State as HeaterState
from ...core.scripts.run import Outcome
from ...core.scripts.run import State as ScriptState
from ...messages.contract.catalogue import MESSAGES

#: The states of sensors. A heater that is `unknown` is unknown in Home Assistant, too.
HEATER_STATES: Mapping[str, str] = {
    HeaterState.OFF: "Off",
    HeaterState.HEATING: "Heating",
    HeaterState.AT_TARGET: "At target",
    HeaterState.STALLED: "Not heating up",
    HeaterState.COOLING: "Cooling",
    HeaterState.COOLED_DOWN: "Cooled down",
}
PRINTER_STATES: Mapping[str, str] = {
    "offline": "Offline",
    "idle": "Idle",
    "heating": "Heating",
    "ready": "Ready",
    "printing": "Printing",
    "paused": "Paused",
    "cooling": "Cooling",
    "error": "Error",
}
SCRIPT_STATES: Mapping[str, str] = {
    ScriptState.IDLE: "Idle",
    ScriptState.STARTING: "Starting",
    ScriptState.RUNNING: "Running",
    ScriptState.CANCELLING: "Cancelling",
}
OUTCOMES: Mapping[str, str] = {
    Outcome.FINISHED: "Finished",
    Outcome.FAILED: "Failed",
    Outcome.ERROR: "Crashed",
    Outcome.CANCELLED: "Cancelled",
}
#: The types of device triggers. Home Assistant shows them after the subtype: "Bed" reached its target.
HEATER_TRIGGERS: Mapping[str, tuple[HeaterState, str]] = {
    "reached_target": (HeaterState.AT_TARGET, "reached its target"),
    "cooled_down": (HeaterState.COOLED_DOWN, "has cooled down"),
    "stalled": (HeaterState.STALLED, "does not heat up"),
}
SCRIPT_TRIGGERS: Mapping[str, str] = {
    "started": "has started",
    Outcome.FINISHED: "has finished",
    Outcome.FAILED: "has failed",
    Outcome.ERROR: "has crashed",
    Outcome.CANCELLED: "was cancelled",
}
#: The types of the event entity of print and printer.
PRINTER_EVENTS = tuple(MESSAGES["event"].schema["properties"]["event_type"]["enum"])
#: By event that is a device trigger, too: subtype and type.
EVENT_TRIGGERS: Mapping[str, tuple[str, str]] = {
    "print_started": ("Print", "has started"),
    "print_done": ("Print", "has finished"),
    "print_failed": ("Print", "has failed"),
    "print_cancelled": ("Print", "was cancelled"),
    "print_paused": ("Print", "was paused"),
    "print_resumed": ("Print", "was resumed"),
    "error": ("Printer", "has reported an error"),
    "filament_runout": ("Printer", "has run out of filament"),
}

GERMAN: Mapping[str, str] = {
    "Print": "Druck",
    "was paused": "wurde angehalten",
    "was resumed": "wurde fortgesetzt",
    "has reported an error": "hat einen Fehler gemeldet",
    "has run out of filament": "hat kein Filament mehr",
    "Print progress": "Druckfortschritt",
    "Print finish": "Druckende",
    "Print file": "Druckdatei",
    "Print time remaining": "Druck Restzeit",
    "Printer event": "Druckerereignis",
    "Pause print": "Druck anhalten",
    "Resume print": "Druck fortsetzen",
    "Cancel print": "Druck abbrechen",
    "Connect": "Verbinden",
    "Disconnect": "Trennen",
    "Emergency stop": "Not-Halt",
    "Nozzle": "Düse",
    "Tool {number}": "Werkzeug {number}",
    "Bed": "Bett",
    "Chamber": "Kammer",
    "Script": "Skript",
    "3D printer": "3D-Drucker",
    "Off": "Aus",
    "Heating": "Heizt",
    "At target": "Am Ziel",
    "Not heating up": "Heizt nicht auf",
    "Cooling": "Kühlt ab",
    "Cooled down": "Abgekühlt",
    "Idle": "Untätig",
    "Offline": "Offline",
    "Paused": "Angehalten",
    "Error": "Fehler",
    "Ready": "Bereit",
    "Status": "Status",
    "Starting": "Startet",
    "Running": "Läuft",
    "Cancelling": "Wird abgebrochen",
    "Finished": "Beendet",
    "Failed": "Fehlgeschlagen",
    "Crashed": "Abgestürzt",
    "Cancelled": "Abgebrochen",
    "reached its target": "hat das Ziel erreicht",
    "has cooled down": "ist abgekühlt",
    "does not heat up": "heizt nicht auf",
    "has started": "wurde gestartet",
    "has finished": "ist beendet",
    "has failed": "ist fehlgeschlagen",
    "has crashed": "ist abgestürzt",
    "was cancelled": "wurde abgebrochen",
    "Ready at": "Bereit um",
    "Printing": "Druckt",
    "Printer": "Drucker",
    "Bridge": "Verbindung",
    "{heater}": "{heater}",
    "{heater} ready at": "{heater} bereit um",
    "{heater} cool at": "{heater} abgekühlt um",
    "{heater} state": "{heater} Zustand",
    "{heater} not heating up": "{heater} heizt nicht auf",
    "{heater} temperature": "{heater} Temperatur",
    "{heater} time remaining": "{heater} Restzeit",
    "{heater} target": "{heater} Zieltemperatur",
    "{heater} estimate error": "{heater} Schätzfehler",
    "Warm-up time {preset}": "Aufheizzeit {preset}",
    "Script status": "Skriptstatus",
    "Last script outcome": "Ergebnis des letzten Skripts",
    "Script event": "Skriptereignis",
    "Start {script}": "{script} starten",
    "Cancel script": "Skript abbrechen",
    "Reset history": "Verlauf zurücksetzen",
    "Command refused": "Befehl abgelehnt",
    "Last error": "Letzter Fehler",
    "Identity conflict": "Identitätskonflikt",
    "Connections": "Verbindungen",
    "Messages sent": "Gesendete Nachrichten",
    "Messages dropped": "Verworfene Nachrichten",
    "Commands rejected": "Abgelehnte Befehle",
}
TRANSLATIONS: Mapping[str, Mapping[str, str]] = {"de": GERMAN}


@frozen
class Texts:
    """The texts in one language, such as "de" or "de_DE"; English for a language without translation."""

    language: str = "en"

    def __call__(self, english: str, **names: str) -> str:
        """Return a text, with `names` filled in."""
        return TRANSLATIONS.get(self.language[:2], {}).get(english, english).format(**names)

    def states(self, english: Mapping[str, str]) -> dict[str, str]:
        """Return the texts of states, by state."""
        return {str(state): self(text) for state, text in english.items()}

    def heater(self, heater: str, *, single_tool: bool) -> str:
        """Return the display name of a heater: "Nozzle", "Tool 1", "Bed"; other names as they are."""
        if heater.startswith("tool") and heater[4:].isdigit():
            return self("Nozzle") if single_tool else self("Tool {number}", number=heater[4:])
        if heater in ("bed", "chamber"):
            return self(heater.capitalize())
        return heater.replace("_", " ").strip().capitalize() or heater

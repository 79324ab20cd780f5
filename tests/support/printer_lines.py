"""Lines of printers, and what OctoPrint's communication layer makes of them, for the bridge's driver.

printer = PrinterLines(profile(chamber=True))
printer.send("T:25.0 /0.0 B:25.0 /60.0 C:-30.0 /0.0", seconds=10)
assert printer.driver.heaters == ["bed", "tool0"]
"""

from __future__ import annotations

from typing import Any

from octoprint.util.comm import TemperatureRecord, parse_temperature_line

from octoprint_temp_eta.bridge.protocol.inputs import Profile, Readings
from octoprint_temp_eta.plugin.hooks.reported_names import ReportedNames
from tests.support.bridge_driver import BridgeDriver


def profile(*, extruders: int = 1, shared_nozzle: bool = False, bed: bool = True, chamber: bool = False) -> Profile:
    """Return a printer profile."""
    return Profile(
        "_default",
        "Default",
        "",
        extruders=extruders,
        shared_nozzle=shared_nozzle,
        heated_bed=bed,
        heated_chamber=chamber,
    )


class PrinterLines:
    """A printer that reports temperatures through OctoPrint to a bridge; keyword arguments are settings."""

    def __init__(self, printer_profile: Profile, **settings: Any) -> None:
        self.driver = BridgeDriver(**settings)
        self.driver.connect()
        self.profile = printer_profile
        self.connect()

    def connect(self) -> None:
        """Let OctoPrint connect to the printer: what it has read before is forgotten."""
        self._record = TemperatureRecord()
        self._names = ReportedNames()
        #: The active tool, which a line's `T:` is about.
        self.tool = 0
        self.driver.printer(profile=self.profile)

    def disconnect(self) -> None:
        """Let OctoPrint lose the printer, as when it is switched off."""
        self.driver.printer(connected=False, state="OFFLINE", profile=self.profile)

    def change_profile(self, printer_profile: Profile) -> None:
        """Save another profile while the printer is connected."""
        self.profile = printer_profile
        self.driver.printer(profile=printer_profile)

    def send(self, line: str, *, seconds: int = 1) -> None:
        """Report `line` once a second; OctoPrint ignores it unless it looks like a report of temperatures."""
        for _ in range(seconds):
            self.driver.advance(1)
            if _has_temperatures(line):
                self.driver.handle(Readings(self._readings(line), self._names.repeated))

    def send_target(self, heater: str, target: float) -> None:
        """Let OctoPrint send a command with a target for a tool or the bed: it repeats all temperatures with that."""
        if heater == "bed":
            self._record.set_bed(target=target)
        else:
            self._record.set_tool(int(heater.removeprefix("tool")), target=target)
        self.driver.handle(Readings(self._listed, self._names.repeated))

    def states(self, heater: str) -> list[str]:
        """Return the states that `heater` went through."""
        return [body["state"] for body in self.driver.bodies("state_change") if body["heater"] == heater]

    @property
    def waiting_for(self) -> list[str]:
        """The heaters that the printer waits for."""
        return list(self.driver.state("printer")["waiting_for"])

    def _readings(self, line: str) -> dict[str, tuple[object, object]]:
        """Return what OctoPrint's callback gets for a line; see `MachineCom._processTemperatures`."""
        last_tool, parsed = parse_temperature_line(line, self.tool)
        record = self._record
        if parsed:
            self._names.hook(None, parsed)
        active = parsed.get(f"T{self.tool}", parsed.get("T0"))
        for number in range(max(last_tool, (self.profile.extruders or 1) - 1) + 1) if active else ():
            if f"T{number}" in parsed:
                record.set_tool(number, *parsed.pop(f"T{number}"))
            elif self.profile.shared_nozzle and active:
                record.set_tool(number, *active)
        if "B" in parsed:
            record.set_bed(*parsed.pop("B"))
        if "C" in parsed and self.profile.heated_chamber:
            record.set_chamber(*parsed.pop("C"))
        for name, reading in parsed.items():
            if not TemperatureRecord.RESERVED_IDENTIFIER_REGEX.fullmatch(name):
                record.set_custom(name, *reading)
        return self._listed

    @property
    def _listed(self) -> dict[str, tuple[object, object]]:
        record = self._record
        tools = {f"tool{number}": reading for number, reading in sorted(record.tools.items())}
        return {**tools, "bed": record.bed, "chamber": record.chamber, **record.custom}


def _has_temperatures(line: str) -> bool:
    """Return whether OctoPrint looks for temperatures in a line; see `MachineCom._monitor`."""
    tool = any(f" {name}" in line or line.startswith(name) for name in ("T:", "T0:"))
    return tool or ((" B:" in line or line.startswith("B:")) and "A:" not in line)

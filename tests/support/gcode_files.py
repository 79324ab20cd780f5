"""Files that a real OctoPrint prints: they wait, line by line."""

from __future__ import annotations

from tests.support.octoprint import OctoPrint

#: Seconds that a line takes.
LINE_S = 0.25


def add_file(octoprint: OctoPrint, name: str, seconds: float) -> None:
    """Add a file to OctoPrint's uploads whose print takes about `seconds`."""
    file = octoprint.base / "uploads" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"G4 P{LINE_S * 1000:.0f} ; line {number:04}" for number in range(int(seconds / LINE_S))]
    file.write_text("\n".join([*lines, ""]))


def print_file(octoprint: OctoPrint, name: str) -> None:
    """Select a file and start its print."""
    octoprint.post(f"/api/files/local/{name}", {"command": "select", "print": True})

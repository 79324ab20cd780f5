"""Who speaks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks: what stays the same while OctoPrint runs, but for the name."""

    boot_id: str
    machine: str
    host: str
    device_name: str
    plugin_version: str
    octoprint_version: str

"""The identity of this plugin instance."""

from __future__ import annotations

from ...core.frozen import frozen


@frozen
class Identity:
    """The identity of this plugin instance. Only the name can change while OctoPrint runs."""

    boot_id: str
    machine: str
    host: str
    device_name: str
    plugin_version: str
    octoprint_version: str
    #: OctoPrint's language, such as "de", and the address of its pages.
    language: str = "en"
    url: str | None = None

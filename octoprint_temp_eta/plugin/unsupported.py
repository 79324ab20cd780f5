"""What OctoPrint loads in place of the plugin if its version is not supported: a sentence on its page.

pip does not check the version, because it would replace the user's OctoPrint. A plugin that refuses to load is missing
from OctoPrint's list of plugins, so nobody would see why. This module works with any OctoPrint that has Python 3.11.
"""

from __future__ import annotations

from typing import Any

import octoprint.plugin
from octoprint.util.version import get_octoprint_version_string, is_octoprint_compatible

SUPPORTED = ">=1.11.2,<3"
#: Why the plugin cannot run; the page shows it in the user's language.
WHY = (
    "Temperature ETA needs OctoPrint 1.11.2 or newer, but older than 3; this is %(version)s. "
    "It does nothing until OctoPrint is updated, or another version of the plugin is installed."
)


def reason() -> str | None:
    """Return why the plugin cannot run with this OctoPrint, None if it can."""
    if is_octoprint_compatible(SUPPORTED):
        return None
    return WHY % {"version": get_octoprint_version_string()}


class UnsupportedPlugin(octoprint.plugin.StartupPlugin, octoprint.plugin.TemplatePlugin):
    """Shows `why` in the log, in the sidebar and in the settings dialog."""

    _logger: Any

    def __init__(self, why: str) -> None:
        super().__init__()
        self._why = why

    def on_startup(self, host: str, port: int) -> None:
        """Log the reason."""
        del host, port
        self._logger.error("%s", self._why)

    def is_template_autoescaped(self) -> bool:
        """Have OctoPrint escape every value in the templates."""
        return True

    def get_template_folder(self) -> str:
        """Return a folder without the templates of the plugin proper, which OctoPrint would find by their names."""
        return f"{super().get_template_folder()}/unsupported"

    def get_template_configs(self) -> list[dict[str, Any]]:
        """Return the places that show the reason."""
        template = {"template": "temp_eta_unsupported.jinja2", "custom_bindings": False}
        return [
            {"type": "sidebar", "icon": "exclamation-triangle", **template},
            {"type": "settings", **template},
        ]

    def get_template_vars(self) -> dict[str, Any]:
        """Return the reason for the template, which translates it."""
        return {"why": WHY, "version": get_octoprint_version_string()}

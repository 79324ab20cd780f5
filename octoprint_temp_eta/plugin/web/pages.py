"""OctoPrint's TemplatePlugin and AssetPlugin: what the plugin adds to OctoPrint's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import octoprint.plugin
from flask_babel import gettext
from octoprint.access.permissions import Permissions

from ...adapters.problems import Problems
from ..settings.form import form
from .permissions import READ, SETTINGS


class Pages(octoprint.plugin.TemplatePlugin, octoprint.plugin.AssetPlugin):
    """Templates, scripts and style sheets, and the messages to open pages."""

    _identifier: str
    _plugin_manager: Any
    _problems: Problems

    def is_template_autoescaped(self) -> bool:
        """Have OctoPrint escape every value in the templates."""
        return True

    def get_template_configs(self) -> list[dict[str, Any]]:
        """Return the places on OctoPrint's page that have a template of ours."""
        return [
            {"type": "settings", "custom_bindings": True, "template": "temp_eta_settings.jinja2"},
            {
                "type": "sidebar",
                "custom_bindings": False,
                "template": "temp_eta_sidebar.jinja2",
                "icon": "clock-o",
                "data_bind": "visible: inSidebar",
            },
            {
                "type": "sidebar",
                "name": gettext("Automation scripts"),
                "suffix": "_scripts",
                "custom_bindings": False,
                "template": "temp_eta_scripts.jinja2",
                "icon": "fas fa-robot",
                "data_bind": "visible: scripts.shown",
            },
            {
                "type": "tab",
                "custom_bindings": True,
                "template": "temp_eta_tab.jinja2",
                "data_bind": "visible: inTab",
            },
            {"type": "navbar", "custom_bindings": True, "template": "temp_eta_navbar.jinja2"},
        ]

    def get_template_vars(self) -> dict[str, Any]:
        """Return the form of the settings dialog; see `settings.form`."""
        return {"form": form()}

    def get_assets(self) -> dict[str, list[str]]:
        """Return the static files of the pages; the order of the scripts matters."""
        scripts = ("heater", "graph", "alerts", "scripts", "script_settings", "settings")
        return {
            "js": [*(f"js/temp_eta_{name}.js" for name in scripts), "js/temp_eta.js"],
            "css": ["css/temp_eta.css"],
            "less": ["less/temp_eta.less"],
        }

    def send_to_pages(self, message: Mapping[str, Any]) -> None:
        """Send a message to the open pages of users with the permission to read.

        Notifications and connection tests name the broker's host: users get them who may open the settings. Everyone
        may have pressed a button that moves the printer, so everyone learns that a script has prevented it.
        """
        private = message.get("type") in ("notification", "connection_test") and "refused_line" not in message
        self._send(message, SETTINGS if private else READ)

    def send_problems(self) -> None:
        """Send the current problems to the open pages of users who may open the settings."""
        self._send({"type": "problems_update", "data": self._problems.texts}, SETTINGS)

    def _send(self, message: Mapping[str, Any], permission: str) -> None:
        permissions = [Permissions.find(permission)]
        self._plugin_manager.send_plugin_message(self._identifier, dict(message), permissions=permissions)

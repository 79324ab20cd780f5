"""OctoPrint's TemplatePlugin and AssetPlugin: what the plugin adds to OctoPrint's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import octoprint.plugin
from flask_babel import gettext
from octoprint.access.permissions import Permissions

from ...adapters.problems import Problems
from ...bridge.scripts.reports import EVENTS
from .permissions import READ, SETTINGS

#: The types of messages that only users get who may open the settings: they name the broker's host.
PRIVATE = (
    "problems_update",
    "notification",
    "connection_test",
    "connection_update",
    "script_folder_update",
    "brokers_update",
    "leftovers_update",
)
#: OctoPrint's events about scripts' runs. It sends events to everyone who may see the printer's status.
RUN_EVENTS = frozenset(EVENTS.values())
#: The version of the wizard: OctoPrint shows a newer one again.
WIZARD_VERSION = 1
#: The scripts of the page, in their order.
SCRIPTS = (
    "sentences",
    "messages",
    "state",
    "countdown",
    "heater",
    "curve",
    "graph",
    "history",
    "alerts",
    "scripts",
    "script_settings",
    "connection",
    "connection_test",
    "needs",
    "leftovers",
    "settings",
    "wizard",
)


class Pages(octoprint.plugin.TemplatePlugin, octoprint.plugin.AssetPlugin, octoprint.plugin.WizardPlugin):
    """Templates, scripts and style sheets, and the messages to open pages."""

    _identifier: str
    _plugin_manager: Any
    _problems: Problems
    _settings: Any

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
            {
                "type": "wizard",
                "name": gettext("Temperature ETA"),
                "custom_bindings": True,
                "template": "temp_eta_wizard.jinja2",
            },
        ]

    def get_template_vars(self) -> dict[str, Any]:
        """Return the form of the settings dialog, see `settings.form`, and whether the user has placed ours."""
        from ..settings.form import form  # only a page needs it

        order = self._settings.global_get(["appearance", "components", "order", "sidebar"]) or ()
        return {"form": form(), "placed": "plugin_temp_eta" in order}

    def is_wizard_required(self) -> bool:
        """Return whether to offer the wizard: there is no broker yet. OctoPrint shows it once."""
        return not self._settings.get(["mqtt_broker_host"])

    def get_wizard_version(self) -> int:
        """Return the version of the wizard."""
        return WIZARD_VERSION

    def get_assets(self) -> dict[str, list[str]]:
        """Return the static files of the pages; the order of the scripts matters."""
        return {
            "js": [*(f"js/temp_eta_{name}.js" for name in SCRIPTS), "js/temp_eta.js"],
            "css": ["css/temp_eta.css"],
            "less": ["less/temp_eta.less"],
        }

    def send_to_pages(self, message: Mapping[str, Any]) -> None:
        """Send a message to the open pages of users with the permission to read.

        Notifications and connection tests name the broker's host: users get them who may open the settings. Everyone
        may have pressed a button that moves the printer, so everyone learns that a script has prevented it.
        """
        if not self._plugin_manager.registered_clients:
            return  # no page is open
        permissions = [Permissions.find(_needed_for(message))]
        self._plugin_manager.send_plugin_message(self._identifier, dict(message), permissions=permissions)

    def is_for_this_page(self, socket: Any, user: Any, message: str, payload: Any) -> bool:
        """OctoPrint's hook `octoprint.server.sockjs.emit`: drop our messages that its user may not see.

        OctoPrint keeps messages from before the login, and sends them after it, to whoever has logged in. A page
        requests the current state then.
        """
        del socket
        if not isinstance(payload, Mapping):
            return True
        if message == "plugin" and payload.get("plugin") == self._identifier:
            needed = _needed_for(payload["data"])
        elif message == "event" and payload.get("type") in RUN_EVENTS:
            needed = READ
        else:
            return True
        return user is not None and bool(user.has_permission(Permissions.find(needed)))

    def send_problems(self) -> None:
        """Send the current problems to the open pages of users who may open the settings."""
        self.send_to_pages({"type": "problems_update", "data": self._problems.texts})


def _needed_for(message: Mapping[str, Any]) -> str:
    """Return the permission of the users whose pages get a message."""
    private = message.get("type") in PRIVATE and "refused_line" not in message
    return SETTINGS if private else READ

"""The pages: OctoPrint's TemplatePlugin and AssetPlugin, and the form of the settings, made from their table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field
from fnmatch import fnmatchcase
from typing import Any

import octoprint.plugin
from flask_babel import gettext
from octoprint.access.permissions import Permissions

from ..settings import table
from .rest import READ

#: The groups of the form in their order: title, and patterns of the keys that belong there. The first takes the rest.
GROUPS = (
    ("Estimation", ""),
    ("Cooling down", "enable_cooldown_eta cooldown_*"),
    ("Broker", "mqtt_*"),
    ("Home Assistant", "ha_*"),
    ("Pages", "show_* historical_graph_* temp_display threshold_unit color_*"),
    ("Sounds and notifications", "sound_* notification_*"),
    ("Commands", "allow_* target_*"),
    ("Scripts", "script_*"),
)

#: What the choices of the settings are called.
CHOICES = {
    "model": "model: learns how each heater heats",
    "linear": "linear: goes on as fast as now",
    "exponential": "exponential: slows down towards the target",
    "threshold": "a fixed temperature",
    "ambient": "the ambient temperature",
    "device": "of the whole device",
    "per_entity": "of each entity",
    "octoprint": "as OctoPrint shows them",
    "c": "°C",
    "cf": "°C and °F",
    "bands": "how long it takes",
    "status": "what the heater does",
    "restored": "they are set as before",
    "off": "they are switched off",
    "left": "they stay as they are",
}


class Pages(octoprint.plugin.TemplatePlugin, octoprint.plugin.AssetPlugin):
    """OctoPrint's view of templates and static files."""

    _identifier: str
    _plugin_manager: Any

    def is_template_autoescaped(self) -> bool:
        """Let nothing into the pages as markup."""
        return True

    def get_template_configs(self) -> list[dict[str, Any]]:
        """Return where the pages show us."""
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
        """Return the form of the settings: groups with a title and their fields."""
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
        """Send a message to the open pages of those who may read it."""
        permissions = [Permissions.find(READ)]
        self._plugin_manager.send_plugin_message(self._identifier, dict(message), permissions=permissions)


def form() -> list[dict[str, Any]]:
    """Return the form of the settings: each group with its title and its fields; the templates translate the texts."""
    groups: dict[str, list[dict[str, Any]]] = {title: [] for title, _ in GROUPS}
    for row, rule in table.rows():
        groups[_group(row.name)].append(_field(row, rule))
    return [{"title": title, "fields": fields} for title, fields in groups.items() if fields]


def _group(key: str) -> str:
    named = (title for title, patterns in GROUPS if any(fnmatchcase(key, each) for each in patterns.split()))
    return next(named, GROUPS[0][0])


def _field(row: Field[Any], rule: table.Rule) -> dict[str, Any]:
    return {
        "key": row.name,
        "kind": _kind(row, rule),
        "meaning": rule.meaning,
        "unit": rule.unit,
        "low": rule.low,
        "high": rule.high,
        "step": 1 if isinstance(row.default, int) else "any",
        "form": rule.form,
        "nullable": rule.nullable,
        "choices": list(_choices(rule)),
    }


def _kind(row: Field[Any], rule: table.Rule) -> str:
    if rule.secret:
        return "secret"
    if rule.choices:
        return "choice"
    if rule.pattern == table.COLOR:
        return "color"
    if isinstance(row.default, bool):
        return "bool"
    return "text" if isinstance(row.default, str) else "number"


def _choices(rule: table.Rule) -> Iterator[tuple[str, str]]:
    for value in rule.choices:
        yield value, CHOICES.get(value, value)

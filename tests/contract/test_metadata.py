"""OctoPrint, pip and GitHub get the same metadata of the plugin."""

from __future__ import annotations

import tomllib

import octoprint_temp_eta as plugin
from octoprint_temp_eta.home_assistant.device import SUPPORT_URL
from octoprint_temp_eta.plugin.plugin import TempETAPlugin
from tests.support.contract import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


class Info:
    """As OctoPrint's PluginInfo."""

    url = plugin.__plugin_url__


def test_one_repository():
    assert PYPROJECT["urls"]["Homepage"] == plugin.__plugin_url__ == SUPPORT_URL


def test_pip_and_octoprint_have_the_same_metadata():
    assert PYPROJECT["name"] == "OctoPrint-TempETA"
    assert PYPROJECT["entry-points"]["octoprint.plugin"] == {"temp_eta": "octoprint_temp_eta"}
    assert PYPROJECT["authors"] == [{"name": plugin.__plugin_author__, "email": plugin.__plugin_author_email__}]
    assert plugin.__plugin_pythoncompat__.split(",")[0] == PYPROJECT["requires-python"]


def test_newer_versions_are_found_in_the_repository():
    temp_eta = TempETAPlugin()
    temp_eta._identifier, temp_eta._plugin_name, temp_eta._plugin_version = "temp_eta", "Temperature ETA", "1.2.3"
    temp_eta._plugin_info = Info
    assert temp_eta.get_update_information() == {
        "temp_eta": {
            "displayName": "Temperature ETA",
            "displayVersion": "1.2.3",
            "type": "github_release",
            "user": "Ajimaru",
            "repo": "OctoPrint-TempETA",
            "current": "1.2.3",
            "pip": "https://github.com/Ajimaru/OctoPrint-TempETA/archive/{target_version}.zip",
        }
    }


def test_the_newest_release_in_the_changelog_is_this_version():
    headings = [line for line in (PROJECT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    released = [heading for heading in headings if heading != "## Unreleased"]
    assert plugin.__plugin_version__ in released[0]

"""The page for OctoPrint's plugin repository and the issue form agree with the plugin."""

from __future__ import annotations

import datetime
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet

import octoprint_temp_eta as plugin
from octoprint_temp_eta.command_line.commands import commands
from octoprint_temp_eta.plugin.unsupported import SUPPORTED
from tests.support.contract import PROJECT

GITHUB = PROJECT / ".github"
RAW = "https://raw.githubusercontent.com/Ajimaru/OctoPrint-TempETA/main/"


def front_matter() -> dict[str, Any]:
    _, matter, text = (GITHUB / "plugin-repository" / "temp_eta.md").read_text(encoding="utf-8").split("---\n", 2)
    assert len(text.split()) > 50
    return dict(yaml.safe_load(matter))


def test_the_page_of_the_plugin_repository_has_the_plugins_metadata() -> None:
    page = front_matter()
    assert page["layout"] == "plugin"
    assert page["id"] == "temp_eta"
    assert (page["title"], page["description"]) == (plugin.__plugin_name__, plugin.__plugin_description__)
    assert (page["author"], page["license"]) == (plugin.__plugin_author__, plugin.__plugin_license__)
    assert page["homepage"] == page["source"] == plugin.__plugin_url__
    assert page["archive"] == f"{plugin.__plugin_url__}/archive/main.zip"
    assert type(page["date"]) is datetime.date


def test_the_page_of_the_plugin_repository_has_the_supported_versions() -> None:
    compatibility = front_matter()["compatibility"]
    assert [SpecifierSet(each) for each in compatibility["octoprint"]] == [SpecifierSet(SUPPORTED)]
    assert compatibility["python"] == plugin.__plugin_pythoncompat__
    assert set(compatibility["os"]) <= {"windows", "linux", "macos", "freebsd"}


def test_the_pictures_of_the_page_exist() -> None:
    page = front_matter()
    for url in (page["featuredimage"], *(each["url"] for each in page["screenshots"])):
        assert url.startswith(RAW)
        assert (PROJECT / url.removeprefix(RAW)).is_file()


def test_the_issue_form_asks_for_the_doctor_and_the_support_bundle() -> None:
    form = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "fault.yml").read_text(encoding="utf-8"))
    assert form["name"]
    assert form["description"]
    fields = {field["id"]: field for field in form["body"]}
    assert len(fields) == len(form["body"])
    assert {field["type"] for field in fields.values()} <= {"textarea", "input"}
    required = {name for name, field in fields.items() if field.get("validations", {}).get("required")}
    assert {"doctor", "versions", "bundle"} <= required
    assert "octoprint plugins temp_eta:doctor" in fields["doctor"]["attributes"]["description"]
    assert "doctor" in {command.name for command in commands(None, None)}

"""Which pages get which messages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from octoprint_temp_eta.bridge.scripts.reports import EVENTS
from octoprint_temp_eta.plugin.plugin import TempETAPlugin
from octoprint_temp_eta.plugin.web import pages
from octoprint_temp_eta.plugin.web.permissions import READ, SETTINGS


class Permission:
    """One of OctoPrint's permissions."""

    def __init__(self, key: str) -> None:
        self.key = key


class User:
    """A user with some permissions."""

    def __init__(self, *permissions: str) -> None:
        self._permissions = permissions

    def has_permission(self, permission: Permission) -> bool:
        return permission.key in self._permissions


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> TempETAPlugin:
    monkeypatch.setattr(pages, "Permissions", SimpleNamespace(find=Permission))
    plugin = TempETAPlugin()
    plugin._identifier = "temp_eta"
    return plugin


def message(kind: str, **more: Any) -> dict[str, Any]:
    return {"plugin": "temp_eta", "data": {"type": kind, **more}}


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("eta_update", READ),
        ("script_log", READ),
        ("history_update", READ),
        ("notification", SETTINGS),
        ("problems_update", SETTINGS),
        ("connection_update", SETTINGS),
        ("connection_test", SETTINGS),
        ("script_folder_update", SETTINGS),
        ("brokers_update", SETTINGS),
        ("leftovers_update", SETTINGS),
    ],
)
def test_a_page_gets_nothing_that_its_user_may_not_see(plugin: TempETAPlugin, kind: str, needed: str) -> None:
    """OctoPrint would keep it, and send it after the login of anyone."""
    other = {READ: SETTINGS, SETTINGS: READ}[needed]
    assert plugin.is_for_this_page(None, User(needed), "plugin", message(kind))
    assert not plugin.is_for_this_page(None, User(other), "plugin", message(kind))
    assert not plugin.is_for_this_page(None, User(), "plugin", message(kind))
    assert not plugin.is_for_this_page(None, None, "plugin", message(kind))


def test_everyone_who_may_read_sees_that_a_script_controls_the_printer(plugin: TempETAPlugin) -> None:
    assert plugin.is_for_this_page(None, User(READ), "plugin", message("notification", refused_line="G1 X1"))


@pytest.mark.parametrize("event", EVENTS.values())
def test_what_happens_to_runs_is_for_those_who_may_read(plugin: TempETAPlugin, event: str) -> None:
    """OctoPrint sends its events to everyone who may see the printer's status; these have scripts' results."""
    payload = {"type": event, "payload": {"title": "Hello"}}
    assert plugin.is_for_this_page(None, User(READ), "event", payload)
    assert not plugin.is_for_this_page(None, User(SETTINGS), "event", payload)
    assert not plugin.is_for_this_page(None, None, "event", payload)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("plugin", {"plugin": "other", "data": {"type": "x"}}),
        ("event", {"type": "PrintDone", "payload": {}}),
        ("current", {"state": 1}),
        ("x", None),
    ],
)
def test_other_messages_are_none_of_our_business(plugin: TempETAPlugin, kind: str, payload: Any) -> None:
    assert plugin.is_for_this_page(None, User(), kind, payload)


def test_messages_are_sent_only_while_a_page_is_open(plugin: TempETAPlugin) -> None:
    sent = []
    plugin._plugin_manager = SimpleNamespace(
        registered_clients=[], send_plugin_message=lambda _, data, permissions: sent.append(data)
    )
    plugin.send_to_pages({"type": "eta_update"})
    assert sent == []
    plugin._plugin_manager.registered_clients.append("page")
    plugin.send_to_pages({"type": "eta_update"})
    assert sent == [{"type": "eta_update"}]


@pytest.mark.parametrize(("host", "required"), [("", True), (None, True), ("broker.test", False)])
def test_the_wizard_is_shown_while_there_is_no_broker(
    plugin: TempETAPlugin, host: str | None, required: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Saved:
        def get(self, path: list[str]) -> str | None:
            assert path == ["mqtt_broker_host"]
            return host

    monkeypatch.setattr(plugin, "_settings", Saved(), raising=False)
    assert plugin.is_wizard_required() is required

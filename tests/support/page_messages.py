"""Messages for the pages, as the web socket brings them, and what is looked at.

The heater of these messages is one that the printer does not have, so that the server sends none about it.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from tests.support.octoprint_page import heater

MODEL = "ko.dataFor(document.querySelector('#sidebar_plugin_temp_eta_wrapper'))"
ETA = {
    "heater": "kiln",
    "state": "heating",
    "target": 60,
    "actual": 30,
    "cooldown_target": None,
    "eta_seconds": 90,
    "eta_kind": "heating",
    "eta_low": 80,
    "eta_high": 110,
    "ready_at": None,
    "cool_at": None,
    "rate": 0.5,
    "progress": 0.2,
    "method": "model",
    "state_since": None,
}
RUN = {
    "run_id": "r1",
    "id": "waits",
    "title": "It waits",
    "outcome": "error",
    "result": None,
    "error": "ValueError: " + "nothing fits into a sidebar " * 4 + "x" * 90,
    "started_at": "2026-05-01T12:00:00+02:00",
    "ended_at": "2026-05-01T12:01:05+02:00",
}
IDLE = {"state": "idle", "run_id": None, "id": None, "title": None, "status": None, "started_at": None, "last": None}
LOST: dict[str, Any] = {
    "enabled": True,
    "connected": False,
    "broker": None,
    "last_error": "TCP: the broker refuses the connection.",
    "retry_at": None,
    "problem": None,
    "warnings": [],
    "base_topic": "a/b",
}
BROKER = {"host": "broker.test", "port": 1883, "protocol": "5", "connected_since_at": "2026-05-01T12:00:00+02:00"}

#: The rules of dark themes, such as Themeify's, that concern our pages.
DARK = """
    body, .modal, .accordion, .tab-content, #navbar .navbar-inner { background: #36393f; color: #dadadc; }
    #navbar .nav > li > a, h3 { color: #ffffff; }
    .btn { background: #2f3136; color: #ffffff; text-shadow: none; }
    input, select, textarea { background: #5a5f69; color: #ffffff; }
    :root body .nav-pills > .active > a { background: #7289da; }
    :root body code { background: #6a707c; }
"""


def send(page: Page, **message: Any) -> None:
    page.evaluate(f"message => {MODEL}.onDataUpdaterPluginMessage('temp_eta', message)", message)


def choose(page: Page, **settings: Any) -> None:
    page.evaluate("settings => _.forOwn(settings, (value, key) => options[key](value))", settings)


def card(page: Page) -> Locator:
    return heater(page, "kiln", "#tab_plugin_temp_eta")


def overflow(place: Locator) -> int:
    return int(place.evaluate("place => place.scrollWidth - place.clientWidth"))

"""Calls to the plugin's REST interface."""

from __future__ import annotations

from typing import Any

from tests.support.octoprint import API_KEY, OctoPrint

PATH = "/api/plugin/temp_eta"


def command(octoprint: OctoPrint, name: object, key: str | None = API_KEY, **fields: Any) -> tuple[int, Any]:
    return octoprint.request("POST", PATH, {"command": name, **fields}, key=key)


def save(octoprint: OctoPrint, **settings: Any) -> tuple[int, Any]:
    return octoprint.request("POST", "/api/settings", {"plugins": {"temp_eta": settings}})

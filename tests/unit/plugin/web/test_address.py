"""The address of OctoPrint's pages."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.plugin.web import address as module
from octoprint_temp_eta.plugin.web.address import web_address


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "http://octopi.local:5000/"),
        ({"publicPort": 80}, "http://octopi.local/"),
        (
            {"publicHost": "printer.lan", "publicPort": 8080, "pathPrefix": "/octoprint/"},
            "http://printer.lan:8080/octoprint",
        ),
        ({"publicHost": "my printer"}, None),
        ({"publicPort": "http"}, None),
        ({"publicPort": "\N{SUPERSCRIPT TWO}"}, None),
    ],
)
def test_it_is_what_octoprint_announces(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, object], address: str | None
):
    monkeypatch.setattr(module, "host_name", lambda: "octopi.fritz.box")
    assert web_address(settings, 5000) == address

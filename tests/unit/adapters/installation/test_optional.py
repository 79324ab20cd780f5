"""What does not work when an optional package is missing or broken."""

from __future__ import annotations

import sys

import pytest

from octoprint_temp_eta.adapters.installation.optional import missing


def test_nothing_is_missing_here():
    assert missing() == []


def test_a_missing_package_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    [sentence] = missing()
    assert sentence.startswith("paho-mqtt cannot be used (")
    assert sentence.endswith("MQTT is not available. In OctoPrint's environment: pip install paho-mqtt")


def test_numpy_is_not_imported(monkeypatch: pytest.MonkeyPatch):
    """It takes 12 MiB, and a heater may not need it for days."""
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    assert missing() == []
    assert "numpy" not in sys.modules


def test_the_problem_of_numpy_is_reported():
    [sentence] = missing("its import ends the process")
    assert sentence.startswith("numpy cannot be used (its import ends the process)")

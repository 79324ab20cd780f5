"""What does not work when an optional package is missing or broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.installation.optional import missing


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the import of numpy fail; it can still be found."""
    (tmp_path / "numpy.py").write_text("raise ImportError('libopenblas is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [each for each in sys.modules if each.partition(".")[0] == "numpy"]:
        monkeypatch.delitem(sys.modules, name)


def test_nothing_is_missing_here():
    assert missing() == []


def test_a_missing_package_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    [sentence] = missing()
    assert sentence.startswith("paho-mqtt cannot be used (")
    assert sentence.endswith("MQTT is not available. In OctoPrint's environment: pip install paho-mqtt")


@pytest.mark.usefixtures("broken")
def test_a_broken_numpy_is_noticed_where_it_is_used():
    [sentence] = missing()
    assert "numpy cannot be used (libopenblas is missing)" in sentence
    assert missing(uses_numpy=False) == []


def test_a_numpy_that_crashes_is_not_imported():
    [sentence] = missing("its import ends the process")
    assert sentence.startswith("numpy cannot be used (its import ends the process)")

"""The text of config.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.installation.config_file import texts_in, texts_of


def texts(folder: Path, config: str | bytes, **loaded: object) -> dict[str, str]:
    path = folder / "config.yaml"
    path.write_bytes(config if isinstance(config, bytes) else config.encode())
    return texts_of(loaded, texts_in(str(folder), "temp_eta"))


def test_values_are_as_they_are_written(tmp_path: Path):
    config = "plugins:\n  temp_eta:\n    a: 0123\n    b: on\n    c: 12:30 # o'clock\n    d: [1]\n    e: 'x'\n"
    loaded = {"a": 83, "b": True, "c": 750, "d": [1], "e": "x"}
    assert texts(tmp_path, config, **loaded) == {"a": "0123", "b": "on", "c": "12:30"}


def test_values_that_come_from_another_file_are_left_out(tmp_path: Path):
    config = "plugins: {temp_eta: {a: 0123, b: 5, c: 7}}"
    assert texts(tmp_path, config, a=84, b=5) == {"b": "5"}


@pytest.mark.parametrize(
    "config", ["", "a: [", "plugins:", "plugins: []", "plugins: {temp_eta: 5}", "\t", "&a [*a]", b"\xff\xfe\x00"]
)
def test_a_file_without_the_plugin_has_none(tmp_path: Path, config: str | bytes):
    assert texts(tmp_path, config, a=1) == {}


def test_text_is_not_read_again(tmp_path: Path):
    """libyaml would end the process."""
    brackets = "[" * 30_000
    assert texts(tmp_path, f"plugins: {{temp_eta: {{a: '{brackets}', b: 0123}}}}", a=brackets, b=83) == {"b": "0123"}


def test_a_missing_file_has_none(tmp_path: Path):
    assert texts_in(str(tmp_path / "none"), "temp_eta") == {}

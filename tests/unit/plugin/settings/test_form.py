"""The form of the settings dialog."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from octoprint_temp_eta.plugin.settings.form import NEEDS, form
from octoprint_temp_eta.settings import table

FIELDS: dict[str, Any] = {field["key"]: field for group in form() for field in group["fields"]}


def test_every_setting_is_in_the_form_once():
    keys = [field["key"] for group in form() for field in group["fields"]]
    assert sorted(keys) == sorted(table.defaults())


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("mqtt_password", "secret"),
        ("algorithm", "choice"),
        ("color_heating", "color"),
        ("mqtt_enabled", "bool"),
        ("mqtt_broker_host", "text"),
        ("mqtt_broker_port", "number"),
        ("sound_volume", "share"),
    ],
)
def test_each_kind_of_field(key: str, kind: str):
    assert FIELDS[key]["kind"] == kind


def test_a_secret_has_no_default_in_the_page():
    assert not any("mqtt_password" in group["defaults"] for group in form())


def test_the_defaults_of_a_page_are_no_new_identity():
    assert not any("mqtt_custom_identifier" in group["defaults"] for group in form())


@pytest.mark.parametrize(("patterns", "need"), NEEDS)
def test_each_need_is_of_settings_that_exist(patterns: str, need: tuple[str, tuple[object, ...]]):
    for pattern in patterns.split():
        assert any(fnmatchcase(key, pattern) for key in FIELDS), pattern
    other, values = need
    for value in values:
        assert table.check(other, value) == value


def test_a_setting_with_several_needs_has_all_of_them():
    needed = {need["key"]: need["values"] for need in FIELDS["cooldown_target_bed"]["needs"]}
    assert needed == {"enable_cooldown_eta": [True], "cooldown_mode": ["threshold"]}
    assert FIELDS["enable_cooldown_eta"]["needs"] == []

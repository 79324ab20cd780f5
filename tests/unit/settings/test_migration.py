"""What becomes of TempETA's saved settings."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.settings import table
from octoprint_temp_eta.settings.migration import DROPPED, KEPT, MAPPED, OFF_IN_TEMPETA, is_of_tempeta, migrated
from tests.support.tempeta import DEFAULTS, SAVED


def test_each_key_of_tempeta_is_kept_mapped_or_dropped():
    assert sorted([*KEPT, *MAPPED, *DROPPED]) == sorted(DEFAULTS)


def test_what_is_kept_is_a_setting_and_what_is_dropped_is_none():
    assert set(table.defaults()) >= KEPT
    assert not set(DROPPED) & set(table.defaults())


def test_a_kept_default_is_still_the_default():
    """OctoPrint saves what differs from the default only, so another default would change what the user never set."""
    ours = table.defaults()
    kept = KEPT.difference(*OFF_IN_TEMPETA.values())
    assert {key: ours[key] for key in kept} == {key: DEFAULTS[key] for key in kept}


@pytest.mark.parametrize(
    ("saved", "wanted"),
    [
        ({"sound_enabled": True, "sound_target_reached": True}, {"sound_cooldown_finished": False}),
        ({"notification_enabled": True}, dict.fromkeys(OFF_IN_TEMPETA["notification_enabled"], False)),
        ({"sound_volume": 0.3}, {}),
    ],
)
def test_an_alert_that_was_off_beside_an_enabled_one_stays_off(saved: dict[str, Any], wanted: dict[str, Any]):
    ours, notes = migrated(saved, "")
    assert (ours, notes) == (saved | wanted, [])


@pytest.mark.parametrize(
    ("saved", "version", "its"),
    [
        (SAVED, 2, True),
        ({"mqtt_broker_host": "broker"}, 1, True),
        ({"mqtt_broker_host": "broker", "debug_logging": True}, None, True),
        ({"mqtt_broker_host": "broker"}, None, False),
        ({"mqtt_broker_host": "broker", "mqtt_custom_identifier": "mine", "script_folder": "/s"}, None, False),
        ({}, None, False),
    ],
)
def test_what_was_written_by_hand_is_not_tempetas(saved: dict[str, Any], version: int | None, its: bool):
    assert is_of_tempeta(saved, version) is its


#: What TempETA 0.8.9 leaves: no version, no defaults, and none of the keys that only it has.
UPGRADE = {
    "algorithm": "exponential",
    "cooldown_target_bed": 45.0,
    "mqtt_base_topic": "home/printers",
    "mqtt_broker_host": "192.0.2.10",
    "mqtt_username": "u",
}


def test_settings_without_a_version_are_tempetas_if_it_has_run():
    assert is_of_tempeta(UPGRADE, None, has_run=True)
    assert not is_of_tempeta(UPGRADE, None, has_run=False)
    assert not is_of_tempeta({**UPGRADE, "ha_discovery_enabled": False}, None, has_run=True)


@pytest.mark.parametrize("enabled", [True, None])
def test_an_upgrade_moves_no_topic_and_connects_to_nothing_new(enabled: bool | None):
    saved = UPGRADE if enabled is None else {**UPGRADE, "mqtt_enabled": enabled}
    ours, notes = migrated(saved, "My Printer")
    assert ours == {**UPGRADE, "mqtt_enabled": bool(enabled), "mqtt_custom_identifier": "my-printer"}
    assert notes == []


def test_all_keys_at_once():
    ours, notes = migrated(SAVED, "Prusa MK4")
    assert ours == {key: SAVED[key] for key in KEPT} | {
        "algorithm": "exponential",
        "mqtt_enabled": True,
        "mqtt_base_topic": "home/printers",
        "mqtt_custom_identifier": "workshop",
    }
    table.parse(ours)
    assert sorted(note.split(":")[0] for note in notes) == sorted(DROPPED)


@pytest.mark.parametrize(
    ("saved", "enabled"),
    [
        ({}, None),
        ({"mqtt_enabled": True}, True),
        ({"mqtt_enabled": True, "mqtt_broker_host": "broker"}, True),
        ({"mqtt_enabled": False, "mqtt_broker_host": "broker"}, False),
        ({"mqtt_broker_host": "broker"}, False),
        ({"mqtt_enabled": "nonsense", "mqtt_broker_host": "broker"}, False),
        ({"mqtt_enabled": None, "mqtt_broker_host": "broker"}, False),
    ],
)
def test_what_did_not_connect_does_not_connect(saved: dict[str, Any], enabled: bool | None):
    assert migrated(saved, "")[0].get("mqtt_enabled") is enabled


@pytest.mark.parametrize(
    ("saved", "name", "instance"),
    [
        ({}, "Prusa", "Prusa"),
        ({}, "Prusa MK4", "prusa-mk4"),
        ({}, "Küche/unten", "kuche-unten"),
        ({}, "打印机", None),
        ({}, "", None),
        ({"mqtt_custom_identifier": "my printer"}, "", "my-printer"),
        ({"mqtt_custom_identifier": "mine"}, "Prusa", "Prusa"),
        ({"mqtt_custom_identifier": "mine", "mqtt_use_appearance_name": False}, "Prusa", "mine"),
        ({"mqtt_use_appearance_name": False}, "Prusa", None),
        ({"mqtt_custom_identifier": 7}, "", "7"),
    ],
)
def test_the_instance_is_the_previous_topic_level(saved: dict[str, Any], name: str, instance: str | None):
    ours, _ = migrated(saved, name)
    assert ours.get("mqtt_custom_identifier") == instance


def test_numbers_without_quotes_are_text():
    ours, notes = migrated(
        {"mqtt_username": 83, "mqtt_password": 1001, "mqtt_custom_identifier": 83, "mqtt_use_appearance_name": False},
        "",
        {"mqtt_username": "0123", "mqtt_custom_identifier": "0123"},
    )
    assert notes == []
    assert ours == {"mqtt_username": "0123", "mqtt_password": "1001", "mqtt_custom_identifier": "83"}


def test_the_password_in_an_address_is_in_no_note():
    ours, notes = migrated({"mqtt_broker_host": "mqtt://u:hush@broker"}, "")
    assert (ours["mqtt_broker_host"], len(notes)) == ("", 1)
    assert "hush" not in notes[0]


@pytest.mark.parametrize(
    ("base", "ours"),
    [
        ("octoprint/temp_eta", "octoprint/temp_eta"),
        ("home/printers/", "home/printers"),
        ("/home//my printer", "home/my-printer"),
        ("", "octoprint/temp_eta"),
    ],
)
def test_the_base_topic_stays(base: str, ours: str):
    assert migrated({"mqtt_base_topic": base}, "")[0] == {"mqtt_base_topic": ours}


@pytest.mark.parametrize(
    ("key", "value", "ours"),
    [
        ("threshold_start", 99, 50.0),
        ("threshold_start", "0.5", 1.0),
        ("threshold_start", True, 5.0),
        ("threshold_start", float("nan"), 5.0),
        ("threshold_start", None, 5.0),
        ("historical_graph_window_seconds", 180.5, 180),
        ("historical_graph_window_seconds", 10, 30),
        ("cooldown_ambient_temp", 99, None),
        ("cooldown_ambient_temp", "", None),
        ("mqtt_broker_port", 0, 1),
        ("mqtt_broker_port", "1884", 1884),
        ("algorithm", "magic", "model"),
        ("color_heating", "red", "#5cb85c"),
        ("sound_enabled", "maybe", False),
        ("mqtt_broker_host", ["a"], ""),
    ],
)
def test_a_value_that_is_not_valid_gets_the_nearest_or_the_default(key: str, value: object, ours: object):
    settings, notes = migrated({key: value}, "")
    assert settings[key] == ours
    assert type(settings[key]) is type(ours)
    if value not in ("", "1884"):
        assert notes[0].startswith(key)


def test_a_key_that_tempeta_never_had_goes_without_its_value():
    assert migrated({"api_token": "s3cret", "_config_version": 2}, "") == (
        {},
        ["api_token is dropped: TempETA 0.8.9 has no such setting."],
    )


def test_a_password_in_the_address_of_the_broker_is_in_no_note():
    settings, notes = migrated({"mqtt_broker_host": "mqtt://user:s3cret@broker"}, "")
    assert settings["mqtt_broker_host"] == ""
    assert notes
    assert "s3cret" not in "".join(notes)


def test_a_number_that_no_float_can_hold_becomes_the_default():
    settings, _ = migrated({"threshold_start": 10**400}, "")
    assert settings["threshold_start"] == table.defaults()["threshold_start"]


def test_a_password_is_in_no_note():
    settings, notes = migrated({"mqtt_password": ["s3cret"]}, "")
    assert settings == {"mqtt_password": ""}
    assert "s3cret" not in notes[0]

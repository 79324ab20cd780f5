"""Settings as people write them: in config.yaml without quotes, and a URL as host, on a real OctoPrint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.octoprint import OctoPrint
from tests.support.waiting import eventually

PATH = "/api/plugin/temp_eta"
WRITTEN = """
    mqtt_custom_identifier: 0123
    mqtt_username: on
    mqtt_password: 12:30
    mqtt_base_topic: home/printers/
    mqtt_broker_host: ' mqtts://[::1]:1/ '
    mqtt_client_id: 2024-01-05
    ha_suggested_area: 007
    script_folder:
    cooldown_target_bed: '45,5'
    cooldown_target_tool0: [50]
    sound_enabled: 'on'
    threshold_start: .nan
    favourite_day: 2024-01-05
"""


@pytest.fixture(scope="module")
def octoprint() -> Iterator[OctoPrint]:
    with OctoPrint(plugins={"temp_eta": {"mqtt_enabled": False}}) as octoprint:
        path = octoprint.base / "config.yaml"
        before, plugin, after = path.read_text().partition("  temp_eta:\n")
        # Without the version of a plugin's settings, OctoPrint saves config.yaml before our plugin has started.
        dropped = ("mqtt_custom_identifier", "_config_version")
        lines = [line for line in after.splitlines(keepends=True) if not any(key in line for key in dropped)]
        path.write_text(before + plugin + WRITTEN.lstrip("\n") + "".join(lines))
        octoprint.restart()
        yield octoprint


def test_what_is_written_without_quotes_is_what_is_meant(octoprint: OctoPrint) -> None:
    state = octoprint.get(PATH)
    assert state["mqtt"]["base_topic"] == "home/printers/0123"
    expected = {
        "mqtt_username": "on",
        "mqtt_client_id": "2024-01-05",
        "ha_suggested_area": "007",
        "script_folder": "~/.mecodescripts",
        "cooldown_target_bed": 45.5,
        "cooldown_target_tool0": 50.0,
        "sound_enabled": True,
    }
    assert {key: state["settings"][key] for key in expected} == expected
    assert octoprint.config()["plugins"]["temp_eta"]["mqtt_password"] == "12:30"
    assert [text for text in state["problems"] if "setting" in text] == [
        f"The saved setting {key}: must be a number. Its default is used until you save another value."
        for key in ("threshold_start", "cooldown_target_tool0")
    ]
    on_the_page = octoprint.get("/api/settings")["plugins"]["temp_eta"]
    assert (on_the_page["threshold_start"], on_the_page["cooldown_target_tool0"]) == (5.0, 50.0)
    assert "12:30" not in octoprint.log().replace(" 12:30", "")


@pytest.mark.parametrize(
    ("host", "rule"),
    [
        ("mqtt://user:hush@broker", "must have no password"),
        ("http://broker", "must start with one of mqtt://"),
        ("mqtt://broker/path", "must have no path"),
        ("broker:99999", "must have a port from 1 to 65535"),
    ],
)
def test_a_url_that_is_not_understood_is_refused_with_what_to_write(octoprint: OctoPrint, host: str, rule: str) -> None:
    status, reply = octoprint.request("POST", "/api/settings", {"plugins": {"temp_eta": {"mqtt_broker_host": host}}})
    assert (status, reply["key"]) == (400, "mqtt_broker_host")
    assert rule in reply["rule"]
    assert "hush" not in str(reply)
    assert "hush" not in octoprint.log()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("mqtts://127.0.0.1:9 ", "127.0.0.1:9"),
        ("[::1]:9", "[::1]:9"),
        ("wss://[::1]:9/mqtt", "[::1]:9"),
        ("127.0.0.2:9", "127.0.0.2:9"),
        ("mqtt://user@127.0.0.3:9", "127.0.0.3:9"),
    ],
)
def test_a_url_is_understood(octoprint: OctoPrint, host: str, address: str) -> None:
    octoprint.save_plugin_settings(
        "temp_eta", {"mqtt_broker_host": host, "mqtt_password": "12:30", "mqtt_enabled": True}
    )
    eventually(
        lambda: f"{address} refuses" in str(octoprint.get(PATH)["mqtt"]["last_error"]), f"an error about {address}"
    )


def test_a_password_in_a_url_in_config_yaml_is_reported_without_it(octoprint: OctoPrint) -> None:
    path = octoprint.base / "config.yaml"
    octoprint.save_plugin_settings("temp_eta", {"mqtt_broker_host": "placeholder.invalid", "mqtt_password": "12:30"})
    path.write_text(path.read_text().replace("placeholder.invalid", "mqtts://user:hush@broker:8883"))
    octoprint.restart()
    state = octoprint.get(PATH)
    assert any("mqtt_broker_host: must have no password" in text for text in state["problems"])
    assert "hush" not in str(state)
    assert "hush" not in octoprint.log()

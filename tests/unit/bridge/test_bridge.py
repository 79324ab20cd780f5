"""The bridge as a whole: starting, moving, stopping, and what it publishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from octoprint_temp_eta.bridge.broker.former_bases import LOOK_S
from octoprint_temp_eta.bridge.broker.left_elsewhere import LEFT_BEHIND
from octoprint_temp_eta.bridge.protocol.effects import Connect, Disconnect, Publish, Save
from octoprint_temp_eta.bridge.protocol.inputs import Readings, Stopping
from octoprint_temp_eta.settings import table
from tests.support import curves
from tests.support.bridge_driver import IDENTITY, INSTANCE, PASSWORD, BridgeDriver, connected, heating
from tests.support.print_jobs import print_lid

BASE = f"octoprint/temp_eta/{INSTANCE}"


# Starting


def test_it_connects_with_the_settings():
    driver = BridgeDriver(
        mqtt_broker_host="broker", mqtt_broker_port=8883, mqtt_use_tls=True, mqtt_tls_insecure=True, mqtt_keepalive=7
    )
    [connect] = driver.of(Connect)
    will = Publish(f"{BASE}/status", b"offline", 1, True, content_type="text/plain")
    assert connect == Connect(
        host="broker",
        port=8883,
        client_id=f"temp_eta_{INSTANCE}",
        will=will,
        subscriptions=(f"{BASE}/command/#", "homeassistant/status", f"{BASE}/info"),
        username="printer",
        password=PASSWORD,
        tls=True,
        tls_insecure=True,
        keepalive=7,
    )


@pytest.mark.parametrize("settings", [{"mqtt_enabled": False}, {"mqtt_broker_host": ""}])
def test_without_a_broker_it_does_not_connect(settings: dict[str, Any]):
    driver = BridgeDriver(**settings)
    driver.printer()
    driver.heat("bed", curves.heating(60.0)[:30])
    assert driver.of(Connect) == []
    assert driver.bridge.snapshot(driver.now)["eta"]["bed"]["state"] == "heating"


def test_a_first_connection_gets_everything_and_status_last():
    driver = BridgeDriver(remembered={"heaters": ["bed"]})
    driver.connect()
    names = [name for name, _ in driver.sent]
    assert names[-1] == "status"
    assert {"info", "printer", "eta"} <= set(names)
    assert driver.state("status") == "online"


# Readings


def test_the_message_of_a_heater_does_not_wait_for_the_next_heater():
    driver = connected()
    driver.read(tool0=(22.0, 0.0), bed=(22.0, 0.0))
    driver.advance(2.0)
    steps = driver.bridge.steps(Readings({"tool0": (30.0, 200.0), "bed": (25.0, 60.0)}), driver.now)
    tool = [effect.topic for effect in next(steps) if isinstance(effect, Publish)]
    assert tool == [f"{BASE}/tool0/eta"]
    assert driver.bridge.snapshot(driver.now)["eta"]["bed"]["state"] == "off", "the bed is read in the next step"
    bed = [effect.topic for effect in next(steps) if isinstance(effect, Publish)]
    assert bed == [f"{BASE}/bed/eta"]
    rest = [effect.topic for effects in steps for effect in effects if isinstance(effect, Publish)]
    assert f"{BASE}/printer" in rest
    assert not any(topic.endswith("/eta") for topic in rest)
    assert rest.index(f"{BASE}/printer") < rest.index(f"{BASE}/tool0/state_change")


# Settings


def test_settings_that_do_not_concern_the_connection_leave_it():
    driver = heating()
    driver.change_settings(min_rate=0.2, mqtt_publish_interval=5, cooldown_target_bed=45)
    assert len(driver.of(Connect)) == 1
    assert driver.of(Disconnect) == []


@pytest.mark.parametrize(
    "settings",
    [{"mqtt_broker_host": "other"}, {"mqtt_broker_port": 1884}, {"mqtt_username": "other"}, {"mqtt_password": "x"},
     {"mqtt_use_tls": True}, {"mqtt_keepalive": 60}, {"ha_status_topic": "ha/alive"}],
)  # fmt: skip
def test_settings_of_the_connection_make_a_new_one(settings: dict[str, Any]):
    driver = heating()
    driver.change_settings(**settings)
    assert [disconnect.last_messages[0].payload for disconnect in driver.of(Disconnect)] == [b"offline"]
    assert len(driver.of(Connect)) == 2
    driver.connect()
    assert driver.state("status") == "online"


def test_switched_off_while_heating_it_leaves_and_on_again_it_comes_back():
    driver = heating()
    driver.change_settings(mqtt_enabled=False)
    assert driver.retained[f"{BASE}/status"] == b"offline"
    assert len(driver.of(Connect)) == 1
    driver.heat("bed", curves.heating(60.0, start=36.0, hold=10.0))
    driver.advance(300)
    driver.change_settings(mqtt_enabled=True)
    assert len(driver.of(Connect)) == 2
    driver.connect()
    assert driver.state("status") == "online"


@pytest.mark.parametrize("settings", [{"mqtt_base_topic": "farm/eta"}, {"mqtt_custom_identifier": "left"}])
def test_moved_topics_leave_the_old_ones_empty(settings: dict[str, Any]):
    driver = heating()
    driver.advance(10)
    old = {topic for topic in driver.retained if topic.startswith(f"{BASE}/")}
    driver.change_settings(**settings)
    assert not old & set(driver.retained)
    driver.connect()
    assert driver.base != BASE
    assert driver.state("status") == "online"
    assert driver.state("eta", heater="bed")["state"] == "heating"
    assert driver.of(Connect)[-1].will.topic == f"{driver.base}/status"
    assert driver.command("snapshot")[0]["status"] == "completed"


def test_old_topics_are_cleared_at_the_next_connection_even_after_a_restart():
    driver = heating()
    before = {topic: payload for topic, payload in driver.retained.items() if topic.startswith(f"{BASE}/")}
    old = set(before)
    driver.lose()
    driver.change_settings(mqtt_base_topic="farm/eta")
    driver.advance(1)
    assert old <= set(driver.retained)
    [*_, saved] = [save for save in driver.of(Save) if save.name == LEFT_BEHIND]
    assert old <= set(saved.value)

    later = BridgeDriver(remembered={LEFT_BEHIND: saved.value}, mqtt_base_topic="farm/eta")
    for each in (driver, later):
        each.retained = dict(before)
        each.connect()
        each.advance(LOOK_S + 1)
        assert not old & set(each.retained)
        assert each.state("status") == "online"
        assert [save.value for save in each.of(Save) if save.name == LEFT_BEHIND][-1] == []


@pytest.mark.parametrize("damaged", [None, 7, {}, "text", [7, None], ["a/#", "", "a//b"]])
def test_a_damaged_memory_of_what_was_left_behind_is_none(damaged: object):
    driver = BridgeDriver(remembered={LEFT_BEHIND: damaged})
    driver.connect()
    assert "clearing" not in [name for name, _ in driver.sent]
    assert driver.state("status") == "online"


# Stopping


def test_stopping_publishes_offline():
    driver = heating()
    effects = driver.handle(Stopping())
    [leave] = [effect for effect in effects if isinstance(effect, Disconnect)]
    assert [(message.topic, message.payload, message.retain) for message in leave.last_messages] == [
        (f"{BASE}/status", b"offline", True)
    ]
    assert not any(isinstance(effect, Publish) for effect in effects[effects.index(leave) :])


def test_stopping_without_a_broker_does_no_harm():
    driver = BridgeDriver()
    assert any(isinstance(effect, Disconnect) for effect in driver.handle(Stopping()))


# What is published


def test_a_snapshot_has_all_current_states():
    driver = heating()
    driver.advance(10)
    result = driver.command("snapshot")[0]["result"]
    assert result.keys() >= {"heaters", "printer", "info", "diagnostics"}
    assert "status" not in result
    assert result["heaters"]["bed"]["state"] == "heating"


def test_rest_shows_what_is_published():
    driver = heating()
    driver.advance(10)
    shown = driver.bridge.snapshot(driver.now)
    published = driver.state("eta", heater="bed")
    assert shown["eta"]["bed"]["state"] == published["state"]
    assert shown["eta"]["bed"].keys() == published.keys() - {"timestamp", "seq", "boot_id"}
    assert shown["mqtt"] == {
        "enabled": True,
        "connected": True,
        "broker": driver.state("diagnostics")["broker"],
        "last_error": None,
        "problem": None,
        "retry_at": None,
        "warnings": [],
        "base_topic": BASE,
    }


def test_setting_the_wall_clock_moves_published_times():
    driver = heating(mqtt_publish_interval=1)
    before = driver.state("eta", heater="bed")
    driver.set_wall(driver.now.wall + 7200)
    driver.heat("bed", curves.heating(60.0, start=37.0)[:5])
    after = driver.state("eta", heater="bed")
    assert after["ready_at"] > before["ready_at"]
    assert after["timestamp"] > before["timestamp"] + 7000


@pytest.mark.parametrize("set_at", [-315_000_000.0, 86_400.0])
def test_times_from_before_the_clock_was_set_are_corrected(set_at: float):
    """Such as on a Raspberry Pi, which starts with an old time and gets the present one from a time server."""
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    print_lid(driver, 5)
    driver.advance(61)
    before = _times(driver)
    driver.read(bed=(22.0, 0.0))
    driver.set_wall(driver.now.wall + set_at)
    driver.advance(61)
    assert {name: time - before[name] for name, time in _times(driver).items()} == dict.fromkeys(before, set_at)


def test_a_clock_that_is_slewed_moves_no_time():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    driver.advance(61)
    before, mark = _times(driver), len(driver.sent)
    for _ in range(60):
        driver.set_wall(driver.now.wall + 0.1)
        driver.read(bed=(22.0, 0.0))
        driver.advance(1)
    assert _times(driver) == before
    assert {body["state_since"] for body in driver.bodies("eta", since=mark)} <= {driver.eta()["state_since"]}


def _times(driver: BridgeDriver) -> dict[str, float]:
    """Return the published times that were noted earlier, in Unix seconds."""
    texts = {
        "state_since": driver.state("eta", heater="bed")["state_since"],
        "connected_since_at": driver.state("diagnostics")["broker"]["connected_since_at"],
        "finish_at": driver.state("job")["finish_at"],
    }
    return {name: datetime.fromisoformat(text).timestamp() for name, text in texts.items() if text}


def test_a_change_of_a_heater_follows_all_states_of_its_reading():
    """Automations look at the other states when a heater has reached its target."""
    driver = heating()
    for _ in range(30):
        mark = len(driver.sent)
        driver.read(tool0=(200.0, 200.0), bed=(60.0, 60.0))
        names = [name for name, _ in driver.sent[mark:]]
        if {"state_change", "printer"} <= set(names):
            assert "state_change" not in names[: names.index("printer")]
        driver.advance(2)
    assert driver.eta("bed")["state"] == driver.eta("tool0")["state"] == "at_target"
    assert driver.state("printer")["status"] == "ready"


def test_a_restart_publishes_with_another_boot_id():
    before = heating()
    after = BridgeDriver(identity=replace(IDENTITY, boot_id="ffff"))
    after.retained = before.retained
    after.connect()
    after.printer()
    after.read(bed=(50.0, 60.0))
    assert after.state("eta", heater="bed")["boot_id"] == "ffff"


# Settings


#: The lowest and the highest value of each setting, half a unit beside them, and each choice.
EXTREMES = [
    {row.name: value}
    for row, rule in table.rows()
    for low, high in [(rule.low, rule.high)]
    for value in (
        *(() if low is None else (low, low + 0.5)),
        *(() if high is None else (high - 0.5, high)),
        *rule.choices,
    )
    if isinstance(row.default, float) or value not in (low and low + 0.5, high and high - 0.5)
]


@pytest.mark.parametrize("extreme", EXTREMES, ids=str)
def test_with_the_extremes_of_each_setting_everything_goes_on(extreme: dict[str, Any]):
    # Thermostats and targets are announced with limits that depend on settings.
    driver = BridgeDriver(**{"allow_target": True, "ha_climate": True, **extreme})
    driver.printer()
    driver.read(tool0=(30.0, 200.0), bed=(25.0, 60.0), chamber=(24.0, 40.0))
    driver.connect()
    driver.heat("bed", curves.heating(60.0)[:30])
    assert driver.command("reset")[0]["status"] == "completed"

"""The printer's entities: what is enabled, when states expire, forecasts, and recorder rows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octoprint_temp_eta.home_assistant.entities.parts import EXPIRE_AFTER_S, HEARTBEAT_S, HEARTBEATS, Offer
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from tests.support import curves, thermal_heater
from tests.support.announced_printer import OFFER, TOPICS, components, idle_bridge
from tests.support.contract import examples
from tests.support.simulated_recorder import render, rows, states


def test_which_entities_are_disabled():
    announced = components()
    disabled = {key for key, component in announced.items() if component.get("enabled_by_default") is False}
    diagnostics = {"last_error", "clash", "connections", "messages_sent", "messages_dropped", "commands_rejected"}
    per_heater = {"time_remaining", "estimate_error"}
    per_printer = {"print_time_remaining"}
    assert disabled == diagnostics | per_printer | {f"{h}_{key}" for h in OFFER.heaters for key in per_heater}


def test_whole_degrees_and_seconds_are_shown_without_decimals():
    """Newer releases of Home Assistant show one decimal of a temperature otherwise."""
    for key, component in components().items():
        if component["platform"] == "sensor" and component.get("unit_of_measurement") in ("°C", "s"):
            is_whole = not key.startswith("sensor_")
            assert component.get("suggested_display_precision") == (0 if is_whole else None), key


def test_entities_on_a_topic_with_heartbeats_expire_and_no_others():
    """The topics of the others may have no message for days."""
    heartbeats = {MESSAGES[name].topic.format(base=TOPICS.base, heater=h) for name in HEARTBEATS for h in OFFER.heaters}
    for key, component in components().items():
        if component["platform"] in ("sensor", "binary_sensor"):
            expires = component.get("expire_after") or component.get("off_delay")
            assert expires == (EXPIRE_AFTER_S if component["state_topic"] in heartbeats else None), key
    assert EXPIRE_AFTER_S > 2 * HEARTBEAT_S


ODD = [
    *("PLA", "PLA+", "pla", "a b", "a-b", "Düse", "日本", "🔥"),
    *("PLA {{ 1 }}", "it's", 'the "best"', "\\", "100 %}"),
]


@pytest.mark.parametrize("name", ODD)
def test_each_preset_finds_its_own_forecast(name: str):
    announced = components(Offer(presets=tuple(dict.fromkeys([name, *ODD]))))
    sensor = next(c for c in announced.values() if c.get("name") == f"Warm-up time {name}")
    payload = {"presets": [{"name": each, "printer": {"eta_seconds": each == name and 7}} for each in ODD]}
    assert render(sensor["value_template"], json.dumps(payload)) == "7"


def test_the_forecast_of_a_printer_that_is_hot_is_zero():
    payload = json.dumps({"presets": [{"name": "PLA", "printer": {"eta_seconds": 0}}]})
    assert render(components()["forecast_pla"]["value_template"], payload) == "0"


@pytest.mark.parametrize("presets", [[], [{"name": "PLA", "printer": None}], [{"name": "ABS", "printer": {}}]])
def test_a_missing_forecast_is_unknown(presets: list[Any]):
    assert render(components()["forecast_pla"]["value_template"], json.dumps({"presets": presets})) == "None"


def test_an_empty_message_breaks_no_template():
    for key, component in components().items():
        for template in (component.get("value_template"), *(a.get("value_template") for a in availability(component))):
            if template and component.get("topic", component.get("state_topic")) != TOPICS.of("status"):
                assert render(template, "") in ("None", "OFF", "", "offline"), key


def availability(component: dict[str, Any]) -> list[dict[str, Any]]:
    return list(component.get("availability", []))


@pytest.mark.parametrize("name", ["diagnostics", "printer", "job", "script", "forecast", "eta"])
def test_every_valid_message_gives_every_entity_a_state(name: str):
    topic = MESSAGES[name].topic.format(base=TOPICS.base, heater="bed")
    mine = {k: c for k, c in components().items() if c.get("state_topic") == topic and "value_template" in c}
    assert mine
    for example in examples(name):
        if example.valid:
            for key, component in mine.items():
                state = render(component["value_template"], example.text)
                assert state, key
                if "options" in component:
                    assert state in [*component["options"], "None"], key


def test_a_heat_up_costs_few_rows():
    driver, announced = idle_bridge()
    mark = len(driver.sent)
    begin = driver.now.at
    for second, actual, target in curves.heating(60.0, rate=0.4, hold=60.0):
        driver.advance(begin + second - driver.now.at)
        driver.read(bed=(actual, target), tool0=(min(210.0, 22 + 2 * second), 210.0))
    written = rows(announced, [publish for _, publish in driver.sent[mark:]])
    for heater in ("tool0", "bed"):
        assert sum(count for key, count in written.items() if key.startswith(heater)) <= 12, written
    assert written["bed_ready_at"] >= 1


@pytest.mark.parametrize("entity", ["bed_ready_at", "ready_at"])
def test_a_heater_that_is_switched_off_on_its_way_has_no_time_of_arrival(entity: str):
    driver, announced = idle_bridge()
    mark = len(driver.sent)
    for second in range(90):
        driver.advance(1)
        driver.read(bed=(60.0 + 0.2 * second, 110.0), tool0=(21.0, 0.0))
    for second in range(5):
        driver.advance(1)
        driver.read(bed=(78.0 - 0.1 * second, 0.0), tool0=(21.0, 0.0))
    *earlier, last = states(announced[entity], [publish for _, publish in driver.sent[mark:]])
    assert (earlier[-1] > "2", last) == (True, "unknown")


@pytest.mark.timeout(300)
def test_a_heat_up_of_a_heater_that_is_new_costs_at_most_twelve_rows():
    driver, announced = idle_bridge(algorithm="model", allow_target=True)
    heaters = {"tool0": thermal_heater.hotend(), "bed": thermal_heater.bed()}
    goals = {"tool0": 210.0, "bed": 70.0}
    runs = {name: heater.run(500.0, goals[name]) for name, heater in heaters.items()}
    mark, begin = len(driver.sent), driver.now.at
    for tool, bed in zip(runs["tool0"], runs["bed"], strict=True):
        driver.advance(max(0.0, begin + tool.at - driver.now.at))
        driver.read(tool0=(tool.actual, goals["tool0"]), bed=(bed.actual, goals["bed"]))
    sent = [publish for _, publish in driver.sent[mark:]]
    written = rows(announced, sent)
    for heater in heaters:
        # cool at and not heating up are recorded here for the first time, and do not change
        costs = {key: count for key, count in written.items() if key.startswith(heater)}
        assert costs.pop(f"{heater}_cool_at") == costs.pop(f"{heater}_stalled") == 1
        assert sum(costs.values()) <= 12, costs
    ready = states(announced["bed_ready_at"], sent)
    assert 2 <= len(ready) <= 7, ready
    forecasts = {key: count for key, count in written.items() if key.startswith("forecast_")}
    assert forecasts
    assert max(forecasts.values()) <= 12, forecasts


def test_an_idle_printer_adds_each_state_to_the_recorder_once():
    driver, announced = idle_bridge()
    mark = len(driver.sent)
    for second in range(1800):
        driver.advance(1, tick=1)
        driver.read(tool0=(22.0 + second % 7 / 20, 0.0), bed=(22.0 + second % 5 / 20, 0.0))
    messages = [publish for _, publish in driver.sent[mark:]]
    first = {key for key, component in announced.items() if component.get("enabled_by_default") is not False}
    # each state once, because it is recorded here for the first time
    assert sum(rows(announced, messages).values()) <= len(first)
    assert len(messages) <= 10 * 1800 / HEARTBEAT_S
    forecasts = driver.bodies("forecast", since=mark)
    assert len(forecasts) <= 1800 / HEARTBEAT_S + 1
    assert len({json.dumps(body["presets"]) for body in forecasts}) <= 1

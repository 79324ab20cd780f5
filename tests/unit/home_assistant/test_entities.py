"""The entities: odd names are accepted, presses are valid commands, and states cost few recorder rows."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ha_discovery import ALWAYS, Form
from octoprint_temp_eta.bridge.protocol.inputs import Preset, Presets
from octoprint_temp_eta.core.scripts.catalogue import Script
from octoprint_temp_eta.home_assistant.device import DeviceFacts, announcement
from octoprint_temp_eta.home_assistant.parts import EXPIRE_AFTER_S, HEARTBEAT_S, HEARTBEATS, Offer
from octoprint_temp_eta.messages.catalogue import MESSAGES
from octoprint_temp_eta.messages.topics import Topics
from tests.support import curves
from tests.support.bridge_driver import INSTANCE, BridgeDriver
from tests.support.contract import examples
from tests.support.simulated_recorder import render, rows

TOPICS = Topics("octoprint/temp_eta/ender-3-x7k2")
COMMANDS = frozenset({"reset", "target", "script/start", "script/cancel"})
OFFER = Offer(
    heaters=("tool0", "bed"),
    presets=("PLA", "ABS"),
    scripts=(("probe_bed", "Probe the bed"),),
    commands=COMMANDS,
    highest_targets=(("tool0", 260.0), ("bed", 110.0)),
)


def announced(offer: Offer = OFFER, name: str = "Ender 3", form: Form = Form.DEVICE) -> dict[str, dict[str, Any]]:
    """Return the components as Home Assistant gets them."""
    facts = DeviceFacts("ender-3-x7k2", name, "Ender-3", "1.0.0", "1.11.8")
    [message] = announcement(facts, TOPICS, offer, prefix="homeassistant", form=form).messages
    components: dict[str, dict[str, Any]] = json.loads(message.payload)["components"]
    return components


def test_which_entities_are_disabled():
    components = announced()
    disabled = {key for key, component in components.items() if component.get("enabled_by_default") is False}
    diagnostics = {"last_error", "clash", "connections", "messages_sent", "messages_dropped", "commands_rejected"}
    per_heater = {"temperature", "time_remaining", "estimate_error"}
    assert disabled == diagnostics | {"script_status"} | {
        f"{heater}_{key}" for heater in OFFER.heaters for key in per_heater
    }


def test_a_command_that_is_not_permitted_has_no_button():
    allowed = set(announced())
    bare = set(announced(Offer(heaters=OFFER.heaters, scripts=OFFER.scripts, highest_targets=OFFER.highest_targets)))
    gone = {"reset", "cancel_script", "start_probe_bed", "tool0_target", "bed_target"}
    assert allowed - bare == gone | {"forecast_pla", "forecast_abs"}


def test_entities_on_a_topic_with_heartbeats_expire_and_no_others():
    """The topics of the others may have no message for days."""
    heartbeats = {MESSAGES[name].topic.format(base=TOPICS.base, heater=h) for name in HEARTBEATS for h in OFFER.heaters}
    for key, component in announced().items():
        if component["platform"] in ("sensor", "binary_sensor"):
            expires = component.get("expire_after") or component.get("off_delay")
            assert expires == (EXPIRE_AFTER_S if component["state_topic"] in heartbeats else None), key
    assert EXPIRE_AFTER_S > 2 * HEARTBEAT_S


def test_the_bridge_entity_is_always_available():
    assert announced()["bridge"]["availability"] == list(ALWAYS.topics)


def test_a_target_that_is_set_is_a_valid_command():
    number = announced()["bed_target"]
    for value in (0, 60, 62.5):
        payload = jinja2.Template(number["command_template"]).render(value=value)
        MESSAGES["command_target"].validate(json.loads(payload))
        assert json.loads(payload) == {"heater": "bed", "target": value}
    assert (number["min"], number["max"], number["unit_of_measurement"]) == (0, 110, "°C")


def test_a_press_starts_the_script():
    button = announced()["start_probe_bed"]
    MESSAGES["command_script_start"].validate(json.loads(button["payload_press"]))
    assert (button["name"], json.loads(button["payload_press"])) == ("Start Probe the bed", {"id": "probe_bed"})


ODD = [
    *("PLA", "PLA+", "pla", "a b", "a-b", "Düse", "日本", "🔥"),
    *("PLA {{ 1 }}", "it's", 'the "best"', "\\", "100 %}"),
]


@pytest.mark.parametrize("name", ODD)
def test_each_preset_finds_its_own_forecast(name: str):
    components = announced(Offer(presets=tuple(dict.fromkeys([name, *ODD]))))
    sensor = next(c for c in components.values() if c["name"] == f"Warm-up time {name}")
    payload = {"presets": [{"name": each, "printer": {"eta_seconds": each == name and 7}} for each in ODD]}
    assert render(sensor["value_template"], json.dumps(payload)) == "7"


@pytest.mark.parametrize("presets", [[], [{"name": "PLA", "printer": None}], [{"name": "ABS", "printer": {}}]])
def test_a_missing_forecast_is_unknown(presets: list[Any]):
    assert render(announced()["forecast_pla"]["value_template"], json.dumps({"presets": presets})) == "None"


def test_presets_and_scripts_with_similar_names_each_have_an_entity():
    presets = tuple(name for name in ODD if name not in ("pla", "a-b"))
    components = announced(Offer(presets=presets, scripts=tuple((name, name) for name in presets), commands=COMMANDS))
    assert sum(key.startswith("forecast_") for key in components) == len(presets)
    assert sum(key.startswith("start_") for key in components) == len(presets)


def test_a_long_text_is_cut_to_what_a_state_may_hold():
    template = announced()["last_error"]["value_template"]
    assert len(render(template, json.dumps({"last_error": "x" * 999}))) == 255
    assert render(template, json.dumps({"last_error": None})) == "None"


def test_for_older_servers_nothing_is_ever_unknown():
    """It is unavailable instead: those servers log a warning for "unknown"."""
    facts = DeviceFacts("ender-3-x7k2", "Ender 3", "", "1.0.0", "1.11.8")
    messages = announcement(facts, TOPICS, OFFER, prefix="homeassistant", form=Form.SINGLE).messages
    by_topic = {message.topic: json.loads(message.payload) for message in messages}
    sensor = by_topic["homeassistant/sensor/temp_eta_ender-3-x7k2/bed_ready_at/config"]
    own = sensor["availability"][-1]
    assert len(sensor["availability"]) == 2
    assert own["topic"] == sensor["state_topic"]
    nothing, moment = '{"ready_at": null}', '{"ready_at": "2026-11-20T14:30:00+00:00"}'
    assert [render(own["value_template"], payload) for payload in (nothing, moment)] == ["offline", "online"]
    assert datetime.fromisoformat(render(sensor["value_template"], nothing)).tzinfo is not None
    assert render(sensor["value_template"], moment) == "2026-11-20T14:30:00+00:00"
    outcome = by_topic["homeassistant/sensor/temp_eta_ender-3-x7k2/last_script/config"]
    assert render(outcome["value_template"], '{"last": null}') in outcome["options"]
    number = by_topic["homeassistant/sensor/temp_eta_ender-3-x7k2/bed_temperature/config"]
    assert render(number["value_template"], '{"actual": null}') == "None"


def test_an_empty_message_breaks_no_template():
    for key, component in announced().items():
        for template in (component.get("value_template"), *(a.get("value_template") for a in availability(component))):
            if template and component.get("topic", component.get("state_topic")) != TOPICS.of("status"):
                assert render(template, "") in ("None", "OFF", ""), key


def availability(component: dict[str, Any]) -> list[dict[str, Any]]:
    return list(component.get("availability", []))


@pytest.mark.parametrize("name", ["diagnostics", "printer", "script", "forecast", "eta"])
def test_every_valid_message_gives_every_entity_a_state(name: str):
    topic = MESSAGES[name].topic.format(base=TOPICS.base, heater="bed")
    mine = {k: c for k, c in announced().items() if c.get("state_topic") == topic and "value_template" in c}
    assert mine
    for example in examples(name):
        if example.valid:
            for key, component in mine.items():
                state = render(component["value_template"], example.text)
                assert state, key
                if "options" in component:
                    assert state in [*component["options"], "None"], key


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(name=NAMES, presets=st.lists(NAMES, max_size=3), titles=st.lists(NAMES, max_size=3))
def test_every_name_that_users_choose_can_be_announced(name: str, presets: list[str], titles: list[str]):
    visible = [title for title in titles if title.strip()]
    scripts = tuple((f"script {number}", title) for number, title in enumerate(visible))
    offer = Offer(("tool0", "my-heater_", "X_1"), tuple(p for p in presets if p.strip()), scripts, COMMANDS)
    assert "X_1_ready_at" in announced(offer, name)


def drive(**settings: Any) -> tuple[BridgeDriver, dict[str, dict[str, Any]]]:
    """Return a bridge that is idle and announced, and what it announced."""
    driver = BridgeDriver(scripts=(Script("a.py", "A", "a"),), **settings)
    driver.handle(Presets((Preset("PLA", 210, 60), Preset("ABS", 230, 100))))
    driver.connect()
    driver.printer()
    driver.read(tool0=(22.0, 0.0), bed=(22.0, 0.0))
    driver.advance(20)
    return driver, json.loads(driver.retained[f"homeassistant/device/temp_eta_{INSTANCE}/config"])["components"]


def test_a_heat_up_costs_few_rows():
    driver, components = drive()
    mark = len(driver.sent)
    begin = driver.now.at
    for second, actual, target in curves.heating(60.0, rate=0.4, hold=60.0):
        driver.advance(begin + second - driver.now.at)
        driver.read(bed=(actual, target), tool0=(min(210.0, 22 + 2 * second), 210.0))
    written = rows(components, [publish for _, publish in driver.sent[mark:]])
    for heater in ("tool0", "bed"):
        assert sum(count for key, count in written.items() if key.startswith(heater)) <= 12, written
    assert written["bed_ready_at"] >= 1


def test_an_idle_printer_costs_next_to_nothing():
    driver, components = drive()
    mark = len(driver.sent)
    for second in range(1800):
        driver.advance(1, tick=1)
        driver.read(tool0=(22.0 + second % 7 / 20, 0.0), bed=(22.0 + second % 5 / 20, 0.0))
    messages = [publish for _, publish in driver.sent[mark:]]
    first = {key for key, component in components.items() if component.get("enabled_by_default") is not False}
    assert sum(rows(components, messages).values()) <= len(
        first
    )  # each state once, because it is recorded here for the first time
    assert len(messages) <= 10 * 1800 / HEARTBEAT_S
    forecasts = driver.bodies("forecast", since=mark)
    assert len(forecasts) <= 1800 / HEARTBEAT_S + 1
    assert len({json.dumps(body["presets"]) for body in forecasts}) <= 1

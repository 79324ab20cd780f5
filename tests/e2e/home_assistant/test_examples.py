"""The blueprints and the card of the documentation, unchanged, in a real Home Assistant."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from playwright.sync_api import expect

from tests.conftest import BASE
from tests.support import browser
from tests.support.contract import PROJECT
from tests.support.entity_docs import PAGE
from tests.support.full_stack import DEVICE, SEEN, FullStack
from tests.support.home_assistant import HomeAssistant
from tests.support.home_assistant_picture import TIMEOUT_MS, logged_in
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

EXAMPLES = PROJECT / "docs" / "examples" / "home-assistant"
BLUEPRINTS = sorted(path for path in EXAMPLES.glob("*.yaml") if "blueprint:" in path.read_text())
pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


def publish(text: str) -> list[dict[str, Any]]:
    """Return actions that publish `text`."""
    return [{"action": "mqtt.publish", "data": {"topic": SEEN, "payload": text, "qos": 1}}]


def press(full_stack: FullStack, key: str) -> list[dict[str, Any]]:
    return [{"action": "button.press", "target": {"entity_id": full_stack.id_of(key)}}]


def needs_triggers(full_stack: FullStack) -> None:
    """Skip the test where Home Assistant does not support the words triggers and actions, see `min_version`."""
    if full_stack.ha.version < (2024, 10):
        pytest.skip("blueprints and automations in today's words need Home Assistant 2024.10")


@pytest.fixture(scope="module")
def with_blueprints(full_stack: FullStack) -> FullStack:
    """The full stack with all blueprints."""
    needs_triggers(full_stack)
    for path in BLUEPRINTS:
        name = f"temp_eta/{path.name}"
        full_stack.ha.ask("blueprint/save", domain="automation", path=name, yaml=path.read_text(), allow_override=True)
    return full_stack


@pytest.fixture
def use(with_blueprints: FullStack, cold: FullStack) -> Iterator[Any]:
    """Return a function that creates an automation from a blueprint, for one test."""
    made: list[str] = []

    def make(name: str, **inputs: Any) -> None:
        # A new name each time: Home Assistant stores by name when an automation last ran.
        made.append(f"{name}_{uuid.uuid4().hex[:8]}")
        with_blueprints.ha.automate(made[-1], {"use_blueprint": {"path": f"temp_eta/{name}.yaml", "input": inputs}})

    yield make
    for name in made:
        with_blueprints.ha.forget_automation(name)


def test_each_blueprint_is_accepted(with_blueprints: FullStack) -> None:
    listed = with_blueprints.ha.ask("blueprint/list", domain="automation")
    assert len(BLUEPRINTS) == 5
    for path in BLUEPRINTS:
        assert "error" not in listed[f"temp_eta/{path.name}"], path.name


def test_ready_once_all_heaters_are(use: Any, cold: FullStack, watcher: Observer) -> None:
    use("printer_ready", printer=device(cold), actions=publish("ready"))
    cold.octoprint.gcode("M140 S60", "M104 S100")
    watcher.wait_for(SEEN, lambda m: m.text == "ready", timeout=60)
    assert {cold.ha.state(heater) for heater in heaters(cold)} == {"At target"}
    assert [m.text for m in watcher.on(SEEN)] == ["ready"]
    # A heater that cools down without a target does not matter.
    since = watcher.mark()
    cold.octoprint.gcode("M140 S0", "M104 S110")
    watcher.wait_for(SEEN, lambda m: m.text == "ready", timeout=60, since=since)
    assert cold.ha.state(cold.id_of("bed_state")) == "Cooling"


def test_the_part_can_be_taken_off_and_the_printer_be_switched_off(
    use: Any, cold: FullStack, watcher: Observer
) -> None:
    plug = helper(cold.ha)
    cold.ha.call("input_boolean.turn_on", entity_id=plug)
    use("bed_cool", printer=device(cold), actions=publish("loose"))
    use(
        "off_when_cool",
        printer=device(cold),
        plug={"entity_id": plug},
        delay={"seconds": 2},
    )
    cold.octoprint.gcode("M140 S45", "M104 S70")
    cold.wait("bed_state", "At target", timeout=60)
    cold.wait("tool0_state", "At target", timeout=60)
    cold.octoprint.gcode("M140 S0", "M104 S0")
    watcher.wait_for(SEEN, lambda m: m.text == "loose", timeout=120)
    cold.ha.wait_for(plug, "off", timeout=120)
    assert {cold.ha.state(heater) for heater in heaters(cold)} == {"Cooled down"}


def test_a_failed_script_is_reported_with_its_reason(use: Any, cold: FullStack, watcher: Observer) -> None:
    use("script_failed", printer=device(cold), actions=publish("{{ title }}: {{ problem }}"))
    cold.ha.call("button.press", entity_id=cold.id_of("start_warm_up"))
    watcher.wait_for(f"{BASE}/script/event", lambda m: m.json["event_type"] == "finished", timeout=30)
    cold.wait("script", "Idle")
    cold.ha.call("button.press", entity_id=cold.id_of("start_unlucky"))
    reported = watcher.wait_for(SEEN, timeout=30)
    assert reported.text == "Unlucky: the bed is bent"


def test_ready_by_a_given_time(use: Any, cold: FullStack, watcher: Observer) -> None:
    forecast = cold.id_of("forecast_pla")
    eventually(lambda: (cold.ha.state(forecast) or "un").startswith(tuple("123456789")), "a forecast", 30, poll=0.5)
    # a ready time for which the warm-up starts at Home Assistant's next check of the template
    now = datetime.now(UTC)
    next_check = (now + timedelta(seconds=70)).replace(second=0, microsecond=0)
    ready_at = next_check + timedelta(seconds=float(cold.ha.state(forecast) or 0) + 60 - 5)
    warm = {"action": "number.set_value", "target": {"entity_id": cold.id_of("bed_target")}, "data": {"value": 60}}
    actions = [*press(cold, "start_warm_up"), warm]
    use("ready_by", ready_at=f"{ready_at:%H:%M:%S}", forecast=forecast, margin=60, actions=actions)
    started = watcher.wait_for(f"{BASE}/script/event", lambda m: m.json["event_type"] == "started", timeout=90)
    assert started.json["id"] == "warm_up"
    cold.wait("bed_state", "At target", timeout=60)
    assert datetime.now(UTC) <= ready_at


def test_the_automation_that_the_page_shows(cold: FullStack, watcher: Observer) -> None:
    needs_triggers(cold)
    [shown] = re.findall(r"```yaml\n(triggers:.*?)```", PAGE.read_text(), re.DOTALL)
    cold.ha.automate("shown", yaml.safe_load(shown) | {"actions": publish("hot")})
    try:
        cold.octoprint.gcode("M140 S50")
        watcher.wait_for(SEEN, lambda m: m.text == "hot", timeout=60)
    finally:
        cold.ha.forget_automation("shown")


def test_the_card_shows_no_error(cold: FullStack) -> None:
    if browser.program() is None:
        pytest.skip(browser.NO_BROWSER)
    text = (EXAMPLES / "card.yaml").read_text()
    # including those that are shown only while a script runs or a heater stalls
    assert set(re.findall(r"entity: (\S+)", text)) <= {entity.entity_id for entity in cold.entities().values()}
    ask = cold.ha.ask
    if "card" not in str(ask("lovelace/dashboards/list")):
        where = {"url_path": "printer-card", "title": "Printer", "require_admin": False, "show_in_sidebar": False}
        ask("lovelace/dashboards/create", mode="storage", **where)
    view = {"title": "Card", "cards": [yaml.safe_load(text)]}
    ask("lovelace/config/save", url_path="printer-card", config={"views": [view]})
    with browser.chromium() as chromium:
        page = logged_in(chromium, cold.ha)
        page.goto(f"{cold.ha.url}/printer-card/0")
        expect(page.get_by_text("Nozzle").first).to_be_visible(timeout=TIMEOUT_MS)
        assert page.locator("hui-error-card, hui-warning, hui-warning-element").count() == 0


def device(full_stack: FullStack) -> str:
    """Return the id of the printer's device."""
    return str(full_stack.ha.devices(DEVICE)[0]["id"])


def heaters(full_stack: FullStack) -> list[str]:
    return [full_stack.id_of("tool0_state"), full_stack.id_of("bed_state")]


def helper(ha: HomeAssistant) -> str:
    """Return an input_boolean helper, created if needed."""
    if ha.state("input_boolean.plug") is None:
        ha.ask("input_boolean/create", name="Plug")
        eventually(lambda: ha.state("input_boolean.plug") is not None, "the helper")
    return "input_boolean.plug"

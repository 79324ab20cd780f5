"""Restarts of Home Assistant, broker, OctoPrint and printer: no event is repeated, and all states are right."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from octoprint_temp_eta.home_assistant.entities.parts import EXPIRE_AFTER_S
from tests.conftest import BASE
from tests.e2e.home_assistant.expected import EXPECTED, entity_id, is_time, unknown
from tests.support.full_stack import DEVICE, SEEN, FullStack, automation
from tests.support.home_assistant_server import LocalHomeAssistant
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]

#: Seconds within which all states are right after the last start and Home Assistant's connection to its broker.
RIGHT_S = 10.0
#: Seconds after which Home Assistant itself tries a lost broker again, and some for connecting.
RECONNECT_S = 10.0 + 5.0


def test_events_fire_once_and_not_again_after_a_restart(cold: FullStack, watcher: Observer) -> None:
    """A device trigger, and the event of a script that a button started."""
    hot = {"type": "reached its target", "subtype": "Bed", "device_id": cold.ha.devices(DEVICE)[0]["id"]}
    cold.ha.automate("hot", automation({"platform": "device", "domain": "mqtt", "discovery_id": "", **hot}, "hot"))
    event = {"platform": "state", "entity_id": cold.id_of("script_event")}
    event |= {"not_from": ["unavailable"], "not_to": ["unavailable"]}
    text = "{{ trigger.to_state.attributes.event_type }} {{ trigger.to_state.attributes.id }}"
    cold.ha.automate("event", automation(event, text))
    try:
        cold.octoprint.gcode("M140 S50")
        watcher.wait_for(SEEN, lambda m: m.text == "hot", timeout=60)
        cold.ha.call("button.press", entity_id=cold.id_of("start_warm_up"))
        watcher.wait_for(SEEN, lambda m: m.text == "finished warm_up", timeout=30)
        cold.wait("last_script", "Finished")
        cold.wait("script", "Idle")
        restart_all_around(cold)
        seen = [m.text for m in watcher.on(SEEN)]
        assert seen == ["hot", "started warm_up", "finished warm_up"]
    finally:
        cold.ha.forget_automation("hot")
        cold.ha.forget_automation("event")


def restart_all_around(full_stack: FullStack) -> None:
    """Restart Home Assistant, if it was started here, and OctoPrint, and wait until both are back."""
    if isinstance(full_stack.ha, LocalHomeAssistant):
        full_stack.ha.restart()
    full_stack.octoprint.restart()
    full_stack.wait("printer", "on")


def restart_home_assistant(full_stack: FullStack) -> None:
    full_stack.local.restart()


def restart_broker(full_stack: FullStack) -> None:
    """Restart the broker, which loses its retained messages, and wait until Home Assistant has noticed."""
    assert full_stack.broker is not None
    full_stack.broker.restart()
    full_stack.ha.wait_for(entity_id("bridge"), "unavailable")


def kill_octoprint(full_stack: FullStack) -> None:
    full_stack.octoprint.kill()
    full_stack.octoprint.start()


def reconnect_printer(full_stack: FullStack) -> None:
    full_stack.octoprint.disconnect()
    full_stack.octoprint.connect()


RESTARTS = (restart_home_assistant, restart_broker, kill_octoprint, reconnect_printer)
ORDERS = (
    RESTARTS,
    RESTARTS[::-1],
    (restart_broker, restart_home_assistant),
    (kill_octoprint, restart_broker),
    (restart_broker, reconnect_printer, restart_home_assistant),
)


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(step.__name__ for step in order))
def test_after_restarts_in_any_order_all_states_are_right(
    cold: FullStack, order: tuple[Callable[[FullStack], None], ...]
) -> None:
    cold.local  # noqa: B018 - skips where nothing may be restarted
    for step in order:
        step(cold)
    up_at = time.monotonic()
    cold.octoprint.gcode("M140 S55")
    has_broker = "Home Assistant to have its broker"
    # the bridge entity is available whenever Home Assistant is connected
    eventually(lambda: cold.ha.state(entity_id("bridge")) not in (None, "unavailable"), has_broker, RECONNECT_S)
    connected_at = time.monotonic()
    steps = [step.__name__ for step in order]
    try:
        eventually(lambda: not wrong_states(cold), f"the right states after {steps}", RIGHT_S, poll=0.1)
    except TimeoutError as error:
        raise AssertionError(f"{error}: {wrong_states(cold)}") from error
    right_at = time.monotonic()
    print(f"{steps}: right {right_at - up_at:.1f} s after the last was up, {right_at - connected_at:.1f} s after Home "
          f"Assistant had its broker")  # fmt: skip


def wrong_states(full_stack: FullStack) -> dict[str, str | None]:
    """Return the entities whose state is wrong while the bed heats to 55 °C, with their states."""
    shown = {state["entity_id"]: state["state"] for state in full_stack.ha.checked("GET", "/api/states")}
    states = {key: shown.get(entity_id(key)) for key in EXPECTED}
    return {key: state for key, state in states.items() if not _is_right(full_stack, key, state)}


def _is_right(full_stack: FullStack, key: str, state: str | None) -> bool:
    if key in ("ready_at", "bed_ready_at"):
        return is_time(state) or state in unknown(full_stack, key, "unknown")  # unknown at the target
    _, expected, _, _ = EXPECTED[key]
    right = {"status": ("Heating", "Ready"), "bed_target": ("55.0",), "bed_state": ("Heating", "At target")}.get(
        key
    ) or unknown(full_stack, key, expected)
    return (
        state in right
        if expected
        else state is not None and (state != "unavailable" or full_stack.mode == "per_entity")
    )


@pytest.mark.slow
def test_states_expire_when_even_the_will_is_lost(cold: FullStack, watcher: Observer) -> None:
    """A broker that fails together with the printer keeps `online` retained."""
    cold.octoprint.kill()
    watcher.wait_for(f"{BASE}/status", lambda m: m.text == "offline", timeout=60)
    watcher.publish(f"{BASE}/status", "online", retain=True)
    cold.wait("bed_state", "Off")
    cold.wait("bed_state", "unavailable", timeout=EXPIRE_AFTER_S + 30)
    cold.wait("bridge", "off", timeout=EXPIRE_AFTER_S + 30)
    cold.octoprint.start()
    cold.wait("bridge", "on")
    cold.wait("bed_state", "Off")

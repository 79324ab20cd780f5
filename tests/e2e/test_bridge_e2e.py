"""From the heater of a real OctoPrint to the retained message on a real broker, whatever happens to the two."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import BASE, INSTANCE, make_octoprint
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer, Received
from tests.support.octoprint import OctoPrint
from tests.support.waiting import eventually, free_port

BED = f"{BASE}/bed/eta"
STATUS = f"{BASE}/status"
DEVICE = f"homeassistant/device/temp_eta_{INSTANCE}"
HEATERS = ("bed", "tool0", "tool1")


def state_is(*states: str) -> Callable[[Received], bool]:
    return lambda message: message.json["state"] in states


def text_is(text: str) -> Callable[[Received], bool]:
    return lambda message: message.text == text


def retained(broker: Broker, topics: set[str], timeout: float = 40.0) -> dict[str, Received]:
    """Return the retained messages of `topics` as a client gets them that comes now; wait until all are there."""
    with Observer(broker.listener, base=BASE) as late:
        return {topic: late.wait_for(topic, timeout=timeout) for topic in topics}


def test_the_bed_heats_and_arrives(octoprint: OctoPrint, observer: Observer) -> None:
    octoprint.gcode("M140 S60")
    heating = observer.wait_for(BED, lambda m: m.json["state"] == "heating" and m.json["eta_seconds"] is not None)
    arrived = observer.wait_for(BED, state_is("at_target"), timeout=60)

    states = [m.json for m in observer.on(BED) if heating.at <= m.at <= arrived.at]
    etas = [
        state["eta_seconds"] for state in states if state["state"] == "heating" and state["eta_seconds"] is not None
    ]
    assert len(etas) >= 3
    assert etas[-1] < etas[0]
    assert arrived.json["target"] == 60
    assert arrived.json["eta_seconds"] is None
    change = observer.wait_for(f"{BASE}/bed/state_change", state_is("at_target"))
    assert (change.json["previous_state"], change.retain) == ("heating", False)


def test_each_of_three_heaters_is_heard(octoprint: OctoPrint, observer: Observer) -> None:
    octoprint.gcode("M140 S60", "M104 T0 S210", "M104 T1 S200")
    for heater in HEATERS:
        observer.wait_for(f"{BASE}/{heater}/eta", state_is("at_target"), timeout=60)
    for heater in HEATERS:
        published = [m for m in observer.on(f"{BASE}/{heater}/eta") if state_is("heating")(m)]
        assert len(published) >= 5, heater


def test_a_late_subscriber_gets_everything_at_once(octoprint: OctoPrint, observer: Observer, broker: Broker) -> None:
    octoprint.gcode("M140 S50")
    observer.wait_for(BED, state_is("heating"))
    observer.wait_for(f"{DEVICE}/config", lambda message: "tool1/eta" in message.text)
    topics = {f"{BASE}/{level}" for level in ("status", "info", "printer", "bed/eta", "tool0/eta", "tool1/eta")}
    topics.add(f"{DEVICE}/config")
    for topic, message in retained(broker, topics).items():
        assert message.retain, topic


def test_a_killed_octoprint_is_offline(octoprint: OctoPrint, observer: Observer, broker: Broker) -> None:
    octoprint.kill()
    observer.wait_for(STATUS, text_is("offline"), timeout=30)
    assert retained(broker, {STATUS})[STATUS].text == "offline"

    since = observer.mark()
    octoprint.start()
    observer.wait_for(STATUS, text_is("online"), since=since)


def heats(octoprint: OctoPrint) -> None:
    """Heat the bed and wait until OctoPrint itself sees it hot: the plugin is not asked."""
    octoprint.gcode("M140 S40")
    eventually(lambda: octoprint.actual("bed") > 38, "the bed to be hot", timeout=60)


def test_octoprint_runs_while_the_broker_is_away_and_one_that_has_forgotten_all_gets_it_back(
    octoprint: OctoPrint, broker: Broker
) -> None:
    octoprint.gcode("M140 S40")
    with Observer(broker.listener, base=BASE) as before:
        before.wait_for(BED, state_is("heating"))
        ours = {topic for topic in before.retained() if topic.startswith((BASE, DEVICE))}
        topics = {topic for topic in ours if not topic.endswith(("/diagnostics", "/state_change", "/event"))}
        newest = before.last(BED).json["seq"]
    assert {BED, STATUS} <= topics

    broker.stop()
    heats(octoprint)
    broker.start()

    state = retained(broker, topics)
    assert state[STATUS].text == "online"
    assert state[BED].json["target"] == 40
    assert state[BED].json["seq"] > newest


def test_octoprint_runs_and_stops_with_a_frozen_broker(octoprint: OctoPrint, broker: Broker) -> None:
    broker.freeze()
    try:
        heats(octoprint)
        assert octoprint.stop()
        assert octoprint.exit_code == 0
        octoprint.start()
        heats(octoprint)
        assert octoprint.stop()
    finally:
        broker.resume()


def test_a_broker_that_comes_late_gets_everything() -> None:
    port = free_port()
    with make_octoprint(port) as octoprint:
        heats(octoprint)
        with Broker(port=port) as late:
            state = retained(late, {BED, STATUS})
            assert state[STATUS].text == "online"
            assert state[BED].json["target"] == 40
        assert octoprint.stop()


def test_mqtt_is_switched_off_and_on_while_heating(octoprint: OctoPrint, observer: Observer) -> None:
    octoprint.gcode("M140 S60")
    observer.wait_for(BED, state_is("heating"))

    octoprint.save_plugin_settings("temp_eta", {"mqtt_enabled": False})
    observer.wait_for(STATUS, text_is("offline"))
    heats(octoprint)
    since = observer.mark()
    octoprint.save_plugin_settings("temp_eta", {"mqtt_enabled": True})
    observer.wait_for(STATUS, text_is("online"), since=since)
    assert observer.wait_for(BED, since=since).json["target"] == 40


def test_mqtt_can_be_turned_off_with_a_frozen_broker(octoprint: OctoPrint, broker: Broker) -> None:
    octoprint.gcode("M140 S60")
    broker.freeze()
    try:
        octoprint.save_plugin_settings("temp_eta", {"mqtt_enabled": False})
        heats(octoprint)
        assert octoprint.stop()
    finally:
        broker.resume()

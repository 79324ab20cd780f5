"""What is left of a former base is removed only where nobody else uses it."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from octoprint_temp_eta.bridge.broker.former_bases import (
    ALIVE_S,
    BASES,
    LATER_PROBE_S,
    LOOK_S,
    MOST_BASES,
    MOST_BROKEN,
    WAIT_S,
    FormerBases,
    Use,
)
from octoprint_temp_eta.bridge.protocol.effects import Log, Save, Subscribe
from octoprint_temp_eta.bridge.protocol.identity import Identity
from octoprint_temp_eta.bridge.protocol.inputs import (
    Answer,
    BrokerConnected,
    BrokerRefused,
    MessageArrived,
    SubscriptionGranted,
)
from octoprint_temp_eta.settings.table import Settings
from tests.support.bridge_driver import IDENTITY, INSTANCE, BridgeDriver
from tests.support.outbox_driver import now, outbox
from tests.support.two_machines import GREATER, bridge, run_another

BASE = f"octoprint/temp_eta/{INSTANCE}"
INFO, STATUS = f"{BASE}/info", f"{BASE}/status"
DEVICE = f"homeassistant/device/temp_eta_{INSTANCE}/config"
#: A copy of the machine; and a later start of it, or another OctoPrint on it.
COPY = replace(IDENTITY, machine="b" * 16, boot_id="c0b1", host="copy")
RESTARTED = replace(IDENTITY, boot_id="feed")


def original(host: str = "broker.test") -> BridgeDriver:
    driver = BridgeDriver()
    driver.connect(host=host)
    driver.printer()
    driver.read(bed=(22.0, 0.0))
    driver.advance(30)
    assert DEVICE in driver.retained
    return driver


def files(driver: BridgeDriver) -> dict[str, Any]:
    return {save.name: save.value for save in driver.of(Save)}


def started(former: BridgeDriver, identity: Identity, **settings: Any) -> BridgeDriver:
    """Return a bridge with the files of another one, and another printer ID."""
    driver = BridgeDriver(
        remembered=files(former), identity=identity, **{"mqtt_custom_identifier": "renamed", **settings}
    )
    driver.retained = dict(former.retained)
    return driver


def left(driver: BridgeDriver) -> set[str]:
    """Return what is left of the former printer ID."""
    return {topic for topic in driver.retained if topic == DEVICE or topic.startswith(f"{BASE}/")}


def notes(driver: BridgeDriver) -> list[str]:
    return [log.text for log in driver.of(Log) if log.level == logging.INFO and "Another OctoPrint" in log.text]


@pytest.mark.parametrize("status", [b"online", b"offline"])
@pytest.mark.parametrize("settings", [{}, {"mqtt_base_topic": "farm/hall-2"}])
def test_a_copy_with_an_id_of_its_own_leaves_everything_of_the_original(settings: dict[str, Any], status: bytes):
    former = original()
    former.retained[STATUS] = status
    copy = started(former, COPY, **settings)
    copy.connect()
    copy.advance(60)
    assert former.retained.items() <= copy.retained.items()
    assert "homeassistant/device/temp_eta_renamed/config" in copy.retained
    assert notes(copy) == [f"Another OctoPrint (host: 'octopi') uses {BASE} now: nothing of it is removed"]
    assert {place["device_id"] for place in files(copy)["announced"]["places"]} == {"temp_eta_renamed"}
    assert INFO not in copy.of(Subscribe)[-1].topics


@pytest.mark.parametrize("restarted", [False, True])
def test_who_has_given_an_id_up_leaves_the_one_alone_who_has_it_now_on_a_broker_that_is_back(restarted: bool):
    driver = original("a.test")
    on_a, theirs = driver.retained, dict(driver.retained)
    driver.lose()
    driver.retained = {}
    driver.connect(host="b.test")
    driver.advance(10)
    driver.change_settings(mqtt_custom_identifier="renamed")
    driver.connect(host="b.test")
    driver.advance(30)
    theirs[INFO] = json.dumps(json.loads(theirs[INFO]) | {"machine": "a" * 16, "boot_id": "other"}).encode()
    on_a.update(theirs)
    if restarted:
        driver = started(driver, RESTARTED)
    driver.lose()
    driver.retained = on_a
    driver.connect(host="a.test")
    driver.advance(60)
    assert theirs.items() <= driver.retained.items()
    stored = files(driver)
    assert BASE not in str(stored["left_elsewhere"])
    assert DEVICE.split("/")[2] not in str(stored["announced_elsewhere"])


def test_what_an_earlier_start_of_this_machine_has_left_is_removed():
    former = original()
    former.retained[STATUS] = b"offline"
    driver = started(former, RESTARTED)
    driver.connect()
    driver.advance(30)
    assert DEVICE not in driver.retained
    assert notes(driver) == []


def test_an_id_that_is_changed_before_the_first_connection_of_a_start_leaves_nothing():
    former = original()
    driver = BridgeDriver(remembered=files(former), identity=RESTARTED)
    driver.retained = {**former.retained, STATUS: b"offline"}
    assert f"{BASE}/diagnostics" in left(driver)
    driver.change_settings(mqtt_custom_identifier="renamed")
    driver.connect(host="broker.test")
    driver.advance(30)
    assert left(driver) == set()


def test_another_octoprint_on_this_machine_is_noticed_by_its_next_status():
    driver = started(original(), RESTARTED)
    driver.connect()
    driver.advance(60)
    assert "homeassistant/device/temp_eta_renamed/config" in driver.retained, "it does not wait"
    driver.handle(MessageArrived(STATUS, b"online", retained=True))
    driver.advance(2 * ALIVE_S)
    assert DEVICE in driver.retained
    assert len(notes(driver)) == 1


def test_after_a_late_connection_of_before_the_rename_it_looks_again_on_the_next_one():
    driver = original()
    driver.change_settings(mqtt_custom_identifier="renamed")
    driver.retained[STATUS] = b"online"
    driver.connect()
    driver.advance(0.5)
    # the one that was asked for: the subscriptions are made with it, and what was retained has come before
    driver.link = 51
    driver.handle(BrokerConnected(driver.link, "broker.test", 1883, "5"))
    driver.advance(60)
    assert STATUS in driver.retained


def test_what_a_crashed_broker_has_kept_of_an_earlier_start_is_removed_as_nothing_is_published_there():
    driver = started(original(), RESTARTED)
    driver.connect()
    driver.advance(ALIVE_S - 5)
    assert DEVICE in driver.retained
    driver.advance(40)
    assert DEVICE not in driver.retained
    assert "homeassistant/device/temp_eta_renamed/config" in driver.retained


@pytest.mark.parametrize(
    ("message", "use"),
    [
        (MessageArrived(STATUS, b"online"), Use.ANOTHER),
        (MessageArrived(INFO, b"not readable", retained=True), Use.ANOTHER),
        (MessageArrived(INFO, b"", retained=True), Use.NOBODY),
        (MessageArrived(STATUS, b"offline"), Use.NOBODY),
    ],
)
def test_who_uses_a_base_is_seen_by_its_messages(message: MessageArrived, use: Use):
    box = outbox()
    part = FormerBases(box, RESTARTED, Settings(mqtt_custom_identifier="ender"), [BASE])
    box.connect(1, now())
    part.watch([f"temp_eta_{INSTANCE}"], now())
    for each in (MessageArrived(f"{BASE}/probe", RESTARTED.boot_id.encode()), message):
        part.inputs[MessageArrived](each, now())
    part.tick(now(LOOK_S - 0.1))
    assert part.use_of(BASE) is (use if use is Use.ANOTHER else Use.LOOKING)
    part.tick(now(LOOK_S))
    assert part.use_of(BASE) is use


def test_where_nothing_arrives_nothing_is_removed_until_it_does():
    former = original()
    former.retained[STATUS] = b"offline"
    driver = started(former, RESTARTED)
    driver.delivers = False
    driver.connect()
    driver.advance(WAIT_S + 30)
    assert DEVICE in driver.retained
    assert "homeassistant/device/temp_eta_renamed/config" in driver.retained
    driver.delivers = True
    driver.advance(LATER_PROBE_S + 30)
    assert DEVICE not in driver.retained


def test_where_it_may_not_read_though_the_broker_grants_the_subscription_nothing_is_removed():
    former = original()
    copy = started(former, COPY)
    copy.unreadable = (BASE,)
    copy.connect()
    copy.advance(7200, tick=10)
    assert former.retained.items() <= copy.retained.items()
    assert "homeassistant/device/temp_eta_renamed/config" in copy.retained
    assert sum(publish.topic == f"{BASE}/probe" for _, publish in copy.sent) < 7200 / LATER_PROBE_S + WAIT_S
    assert copy.state("diagnostics")["last_error"] is None


def test_what_the_broker_did_not_let_us_remove_is_forgotten_when_another_machine_uses_it_meanwhile():
    former = original()
    former.retained[STATUS] = b"offline"
    driver = started(former, RESTARTED)
    # an earlier start has left the topics, too
    driver.bridge._outbox.clear_unused(sorted(left(former) - {DEVICE}))
    driver.answer, driver.answers_on = Answer.REFUSED, BASE
    driver.connect()
    driver.advance(60)
    there = left(driver)
    assert STATUS in there
    assert STATUS in driver.subscribed
    driver.handle(MessageArrived(STATUS, b"online", retained=True))
    driver.answer = Answer.ACCEPTED
    driver.advance(7200, tick=10)
    assert left(driver) == there
    assert len(notes(driver)) == 1
    assert STATUS not in driver.subscribed


def test_where_it_may_not_look_nothing_is_removed_and_that_is_no_error():
    former = original()
    former.retained.pop(INFO)
    driver = started(former, RESTARTED)
    driver.connect()
    driver.advance(1)
    driver.handle(BrokerRefused("Not permitted", INFO))
    driver.advance(2 * ALIVE_S)
    assert DEVICE in driver.retained
    assert driver.state("diagnostics")["last_error"] is None


def test_once_the_broker_grants_what_it_has_refused_it_looks_again():
    former = original()
    former.retained[STATUS] = b"offline"
    driver = started(former, RESTARTED)
    driver.connect()
    driver.handle(BrokerRefused("No answer", INFO))
    driver.advance(WAIT_S + LATER_PROBE_S)
    assert DEVICE in driver.retained
    driver.handle(SubscriptionGranted(INFO))
    driver.advance(LOOK_S + 5)
    assert DEVICE not in driver.retained


def test_after_connections_that_ended_while_it_looked_it_looks_no_more():
    driver = started(original(), COPY)
    for _ in range(MOST_BROKEN):
        driver.connect()
        driver.retained.pop(INFO, None)
        driver.advance(1)
        assert INFO in driver.subscribed
        driver.lose()
    driver.connect()
    driver.advance(2 * ALIVE_S)
    assert INFO not in driver.subscribed
    assert DEVICE in driver.retained


def test_connections_that_another_machine_took_over_while_it_looked_do_not_count_for_another_id():
    driver = BridgeDriver()
    driver.connect()
    driver.advance(10)
    driver.change_settings(mqtt_custom_identifier="taken")
    for _ in range(MOST_BROKEN):
        driver.connect()
        driver.advance(1)
        driver.lose()
    driver.change_settings(mqtt_custom_identifier="own")
    driver.connect()
    driver.advance(60)
    assert DEVICE not in driver.retained


def test_who_is_renamed_because_another_machine_has_the_same_id_leaves_it_the_device():
    driver = bridge()
    driver.advance(10)
    run_another(driver, GREATER)
    assert DEVICE in driver.retained
    driver.change_settings(mqtt_custom_identifier="renamed")
    driver.connect()
    driver.advance(60)
    assert DEVICE in driver.retained
    assert len(notes(driver)) == 1


def test_who_returns_to_a_base_uses_it_again_and_may_leave_it_again():
    driver = original()
    for instance in ("renamed", INSTANCE, "renamed"):
        driver.change_settings(mqtt_custom_identifier=instance)
        driver.connect()
        driver.advance(30)
    assert left(driver) == set()
    assert files(driver)[BASES] == [BASE, driver.base]


def test_the_bases_that_were_used_last_are_remembered_and_so_many_are_looked_at():
    box = outbox()
    part = FormerBases(box, IDENTITY, Settings(mqtt_custom_identifier="ender"), map(str, range(2 * MOST_BASES)))
    part.inputs[BrokerConnected](BrokerConnected(1, "a", 1, "5"), now())
    assert part.stored[BASES] == [*map(str, range(MOST_BASES + 1, 2 * MOST_BASES)), box.topics.base]
    part.watch([f"temp_eta_{number}" for number in range(2 * MOST_BASES)], now())
    assert len(part.topics) == 3 * MOST_BASES
    part.watch(["temp_eta_ender", "another", "temp_eta_x"], now())
    assert part.devices == {"temp_eta_x": Use.LOOKING}

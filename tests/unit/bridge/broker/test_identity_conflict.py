"""Two machines with one identity."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.broker.connection_times import OWNED_S
from octoprint_temp_eta.bridge.broker.identity_conflict import (
    ASK_EVERY_S,
    ASKS,
    DEFEND_S,
    GREATEST_RETURN_S,
    LONGEST_GAP_S,
    RETURN_S,
    YIELD_S,
)
from octoprint_temp_eta.bridge.broker.log_throttle import BURST
from octoprint_temp_eta.bridge.broker.read_back import ASK_AFTER_S
from octoprint_temp_eta.bridge.protocol.effects import Connect, Disconnect, Log
from octoprint_temp_eta.bridge.protocol.inputs import BrokerLost, MessageArrived
from octoprint_temp_eta.messages.encode import instant
from tests.support.bridge_driver import IDENTITY, BridgeDriver
from tests.support.two_machines import GREATER, SMALLER, bridge, info, run_another, taken_over


def warnings(driver: BridgeDriver) -> list[str]:
    return [log.text for log in driver.of(Log) if "other-pi" in log.text]


def test_info_retained_before_ours_is_no_conflict():
    driver = bridge(ours_is_there=False)
    driver.handle(info(driver, "of-before-a-crash", GREATER))
    driver.advance(120)
    assert driver.state("diagnostics")["clash"] is None
    assert warnings(driver) == driver.of(Disconnect) == []


def test_our_own_info_is_no_conflict():
    driver = bridge()
    driver.handle(info(driver, IDENTITY.boot_id, IDENTITY.machine))
    driver.advance(120)
    assert driver.state("diagnostics")["clash"] is None


def test_the_machine_with_the_smaller_id_stays_and_reports_it():
    driver = bridge()
    for _ in range(3):
        driver.handle(info(driver, "foreign", GREATER))
    driver.advance(120)
    assert "other-pi" in driver.state("diagnostics")["clash"]
    assert len(warnings(driver)) == 1
    assert driver.of(Disconnect) == []


def test_the_other_machine_disconnects_without_changing_topics():
    driver = bridge()
    run_another(driver, SMALLER)
    assert len(warnings(driver)) == 1
    assert driver.of(Disconnect) == [Disconnect()]


def test_it_returns_after_a_while_and_leaves_again_if_the_other_machine_is_still_there():
    driver = bridge()
    wait = RETURN_S
    for left in range(1, 8):
        run_another(driver, SMALLER)
        assert len(driver.of(Disconnect)) == left
        connections = len(driver.of(Connect))
        assert driver.bridge.snapshot(driver.now)["mqtt"]["retry_at"] == instant(driver.now.wall + wait)
        driver.advance(wait - 2)
        assert len(driver.of(Connect)) == connections
        driver.advance(4)
        assert len(driver.of(Connect)) == connections + 1
        driver.connect()
        driver.handle(info(driver, IDENTITY.boot_id, IDENTITY.machine))
        wait = min(2 * wait, GREATEST_RETURN_S)
    driver.advance(120)
    assert driver.state("diagnostics")["clash"] is None


def test_the_machine_that_stays_publishes_everything_again_but_not_at_each_message():
    driver = bridge()
    driver.advance(60)
    mark = len(driver.sent)
    for _ in range(3):
        driver.handle(info(driver, "foreign", GREATER))
    sent = [publish.topic for _, publish in driver.sent[mark:]]
    assert sent.count(driver.topic("info")) == sent.count(driver.topic("status")) == 1
    driver.advance(DEFEND_S)
    driver.handle(info(driver, "foreign", GREATER))
    assert [publish.topic for _, publish in driver.sent[mark:]].count(driver.topic("info")) == 2


def keep_running(driver: BridgeDriver, seconds: float) -> None:
    """Let another machine with a greater id reply for `seconds`."""
    for _ in range(int(seconds / ASK_EVERY_S)):
        run_another(driver, GREATER)
        driver.advance(ASK_EVERY_S)


def test_who_comes_later_leaves_with_the_smaller_id_too_if_the_other_machine_stays():
    driver = bridge()
    keep_running(driver, YIELD_S)
    assert driver.of(Disconnect) == []
    driver.handle(info(driver, "foreign", GREATER))
    assert driver.of(Disconnect) == [Disconnect()]
    driver.advance(RETURN_S + 1)
    driver.connect()
    driver.handle(info(driver, IDENTITY.boot_id, IDENTITY.machine))
    run_another(driver, GREATER)
    assert len(driver.of(Disconnect)) == 2, "it knows whose the topics are"


def test_who_was_there_first_does_not_leave_a_machine_that_looks_now_and_then_whether_it_is_still_there():
    driver = bridge()
    for _ in range(5):
        keep_running(driver, LONGEST_GAP_S)
        driver.advance(RETURN_S)
    assert driver.of(Disconnect) == []


def test_takeovers_do_not_drive_out_who_was_there_first():
    driver = bridge()
    driver.advance(OWNED_S + 1)
    driver.handle(info(driver, "foreign", SMALLER))
    taken_over(driver, 5)
    assert driver.of(Disconnect) == []


def test_the_conflict_ends_when_the_other_machine_is_gone():
    driver = bridge()
    run_another(driver, GREATER)
    driver.advance(2 * GREATEST_RETURN_S, tick=30)
    assert "other-pi" in driver.state("diagnostics")["clash"]
    driver.advance(120)
    assert driver.state("diagnostics")["clash"] is None
    run_another(driver, GREATER)
    driver.advance(61)
    assert "other-pi" in driver.state("diagnostics")["clash"]


def test_a_saved_setting_tries_again():
    driver = bridge()
    run_another(driver, SMALLER)
    connections = len(driver.of(Connect))
    driver.change_settings(mqtt_publish_interval=3)
    assert len(driver.of(Connect)) == connections + 1


def test_who_had_to_leave_and_is_renamed_leaves_the_topics_of_the_one_that_stays_alone():
    driver = bridge()
    driver.advance(10)
    theirs = dict(driver.retained)
    run_another(driver, SMALLER)
    driver.change_settings(mqtt_custom_identifier="clone")
    driver.connect()
    driver.advance(60)
    assert theirs.items() <= driver.retained.items()
    assert driver.state("status") == "online"


def test_who_stays_and_is_renamed_clears_its_topics():
    driver = bridge()
    driver.advance(OWNED_S + 1)
    old = {topic for topic in driver.retained if topic.startswith(driver.base)}
    run_another(driver, GREATER)
    driver.change_settings(mqtt_custom_identifier="renamed")
    driver.connect()
    assert not old & set(driver.retained)


@pytest.mark.parametrize("messages", [1, 3], ids=["not known yet", "known"])
def test_who_may_have_to_leave_and_is_renamed_leaves_the_topics_of_the_other_one_alone(messages: int):
    driver = bridge()
    driver.advance(10)
    theirs = dict(driver.retained)
    for _ in range(messages):
        driver.handle(info(driver, "foreign", GREATER))
    driver.change_settings(mqtt_custom_identifier="clone")
    left = {topic: payload for topic, payload in driver.retained.items() if topic in theirs}
    assert left.keys() == theirs.keys()
    assert left[next(topic for topic in theirs if topic.endswith("/status"))] == b"online"


def test_once_the_other_machine_is_not_heard_any_more_everything_is_published_again():
    """Such as after its will, which has replaced our status."""
    driver = bridge()
    driver.change_settings(ha_discovery_enabled=False)
    driver.advance(OWNED_S + 1)
    run_another(driver, GREATER)
    driver.advance(DEFEND_S + 1)
    driver.retained[driver.topic("status")] = b"offline"
    states = {topic for topic in driver.retained if topic.startswith(driver.base)}
    sent = {publish.topic for publish in driver.advance(LONGEST_GAP_S)}
    assert states <= sent
    assert driver.state("status") == "online"


def test_one_foreign_info_is_no_conflict_unless_its_sender_replies():
    driver = bridge()
    driver.advance(60)
    mark = len(driver.sent)
    driver.handle(info(driver, "left-over", SMALLER))
    driver.advance(ASK_AFTER_S)
    # everything is published again when it is not heard any more, and after the announcement that follows
    assert [publish.topic for _, publish in driver.sent[mark:]].count(driver.topic("info")) == ASKS + 2
    assert driver.state("diagnostics")["clash"] is None
    assert warnings(driver) == driver.of(Disconnect) == []


def test_what_arrives_before_our_own_info_has_come_back_is_no_reply():
    driver = bridge()
    driver.delivers = False
    for _ in range(5):
        driver.handle(info(driver, "foreign", SMALLER))
    assert warnings(driver) == driver.of(Disconnect) == []


def test_a_machine_that_replies_late_is_a_conflict():
    driver = bridge()
    driver.handle(info(driver, "foreign", SMALLER))
    driver.advance(2 * ASK_EVERY_S)
    driver.handle(info(driver, "foreign", SMALLER))
    assert driver.of(Disconnect) == [Disconnect()]


def test_many_foreign_infos_neither_fill_the_log_nor_make_the_bridge_leave_or_publish_more():
    driver = bridge()
    driver.advance(60)
    mark = len(driver.sent)
    for number in range(2000):
        driver.handle(info(driver, f"boot-{number}", SMALLER))
        driver.skip(0.01)
    assert warnings(driver) == driver.of(Disconnect) == []
    assert [publish.topic for _, publish in driver.sent[mark:]].count(driver.topic("info")) <= ASKS + 1
    for number in range(200):
        body = driver.state("info") | {"boot_id": "same", "machine": GREATER, "host": f"other-pi-{number}"}
        driver.handle(MessageArrived(driver.topic("info"), json.dumps(body).encode()))
        driver.advance(1)
    assert len(warnings(driver)) == 1


def test_the_reports_of_a_broker_that_gives_another_reason_each_time_end():
    driver = bridge()
    for number in range(500):
        driver.handle(BrokerLost(driver.link or 0, f"broker.test:1883 closed the connection: reason {number}"))
    assert len([log for log in driver.of(Log) if "closed the connection" in log.text]) == BURST


@pytest.mark.parametrize(
    "body", [{"machine": ""}, {"machine": "no hex"}, {"boot_id": ""}, {"host": ""}, {"host": None}]
)
def test_info_without_a_sender_is_no_conflict(body: dict[str, object]):
    driver = bridge()
    foreign = driver.state("info") | {"boot_id": "foreign", "machine": SMALLER, "host": "other-pi"} | body
    for _ in range(3):
        driver.handle(MessageArrived(driver.topic("info"), json.dumps(foreign).encode()))
    assert driver.of(Disconnect) == []


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"not JSON", b"\xff", b"[" * 10_000])
def test_invalid_info_is_no_conflict(payload: bytes):
    driver = bridge()
    driver.handle(MessageArrived(driver.topic("info"), payload))
    assert warnings(driver) == driver.of(Disconnect) == []


# Takeovers: the broker lets only one client with our client ID be connected.


def conflict(driver: BridgeDriver) -> str | None:
    driver.advance(61)
    found = driver.state("diagnostics")["clash"]
    return None if found is None else str(found)


def test_repeated_takeovers_are_a_conflict_with_client_id_time_and_remedy():
    driver = bridge()
    taken_over(driver)
    text = conflict(driver) or ""
    assert text.startswith("Another client uses the client ID 'temp_eta_ender-3-x7k2' since 20")
    assert "Empty Printer ID" in text
    assert len([log for log in driver.of(Log) if log.text == text]) == 1
    assert driver.of(Disconnect) == []


@pytest.mark.parametrize(("times", "every"), [(2, 20.0), (6, 200.0)])
def test_a_takeover_now_and_then_is_no_conflict(times: int, every: float):
    driver = bridge()
    taken_over(driver, times, every=every)
    assert conflict(driver) is None


@pytest.mark.parametrize(("machine", "leaves"), [(SMALLER, True), (GREATER, False)])
def test_of_two_machines_with_one_client_id_one_disconnects(machine: str, leaves: bool):
    driver = bridge(ours_is_there=False)
    driver.handle(info(driver, "foreign", machine))
    for _ in range(3):
        driver.handle(BrokerLost(driver.link or 0, "closed", 0x8E))
    assert [log.text for log in driver.of(Log) if "Another OctoPrint, on 'other-pi', uses the client ID" in log.text]
    assert (driver.of(Disconnect) == [Disconnect()]) is leaves


def test_without_takeovers_the_conflict_ends():
    driver = bridge()
    taken_over(driver)
    assert conflict(driver) is not None
    driver.advance(601)
    assert conflict(driver) is None


SENDERS = st.fixed_dictionaries(
    {},
    optional={
        "machine": st.sampled_from([SMALLER, GREATER, "", 7, None]) | st.text(max_size=9),
        "boot_id": st.sampled_from(["foreign", IDENTITY.boot_id, "", 7, None]) | st.text(max_size=9),
        "host": st.sampled_from(["other-pi", "", "x" * 999, 7, None]) | st.text(max_size=9),
    },
)


@settings(max_examples=30)
@given(st.lists(SENDERS.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=30), max_size=8))
def test_whatever_is_published_on_our_info_the_bridge_goes_on(payloads: list[bytes]):
    driver = bridge()
    for payload in payloads:
        driver.handle(MessageArrived(driver.topic("info"), payload))
        driver.advance(1)
    driver.advance(GREATEST_RETURN_S, tick=30)
    driver.printer()
    driver.read(bed=(21.0, 60.0))
    assert driver.bridge.snapshot(driver.now)["eta"]["bed"]["target"] == 60.0


def test_takeovers_of_a_machine_that_looks_now_and_then_do_not_count_as_staying():
    driver = bridge()
    driver.handle(info(driver, "foreign", GREATER))
    for _ in range(5):
        taken_over(driver, 3, every=2.0)
        driver.advance(RETURN_S)
    assert driver.of(Disconnect) == []

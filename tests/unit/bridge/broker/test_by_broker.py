"""Values by broker: in the order of the connections, bounded, and stored."""

from __future__ import annotations

from octoprint_temp_eta.bridge.broker.by_broker import MOST_BROKERS, ByBroker


def numbers(stored: object = None) -> ByBroker[list[int]]:
    return ByBroker(stored, "numbers", [], list, lambda found: [int(each) for each in found])


def connected(*brokers: str) -> ByBroker[list[int]]:
    made = numbers()
    for broker in brokers:
        assert made.connect(broker) == []
    return made


def test_a_change_is_for_all_or_for_the_others():
    by_broker = connected("a:1", "b:1")
    by_broker.change(lambda before: [*before, 1])
    by_broker.change(lambda before: [*before, 2], others_only=True)
    assert by_broker.present == [1]
    assert by_broker.connect("a:1") == [1, 2]
    by_broker.empty_present()
    assert by_broker.as_json == [{"broker": "b:1", "numbers": [1]}, {"broker": "a:1", "numbers": []}]
    assert numbers(by_broker.as_json).connect("b:1") == [1]


def test_those_that_were_connected_last_are_kept():
    by_broker = connected(*(f"{number}:1" for number in range(MOST_BROKERS)))
    by_broker.connect("0:1")
    by_broker.connect("new:1")
    assert [entry["broker"] for entry in by_broker.as_json][-2:] == ["0:1", "new:1"]
    assert len(by_broker.as_json) == MOST_BROKERS


def test_before_a_connection_nothing_is_present():
    assert numbers([{"broker": "a:1", "numbers": [1]}]).present == []


def test_what_is_damaged_is_none():
    for damaged in ({}, [1], [{"broker": "a:1"}], [{"broker": "a:1", "numbers": ["x"]}]):
        assert numbers(damaged).as_json == []

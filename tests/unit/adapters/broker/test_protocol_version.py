"""Which MQTT version each attempt uses."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.broker.protocol_version import CONNACK_TIMEOUT_S, Outcome, ProtocolVersion

ACCEPTED, UNSUPPORTED, CLOSED, SILENT, FAILED = Outcome


def play(*outcomes: Outcome) -> list[str]:
    """Return the versions of the attempts that follow each other, the first and the last included."""
    version = ProtocolVersion()
    versions = [version.attempt.protocol]
    for outcome in outcomes:
        version.outcome(outcome)
        versions.append(version.attempt.protocol)
    return versions


def test_a_broker_that_refuses_mqtt_5_is_connected_to_with_3_1_1_at_once():
    version = ProtocolVersion()
    assert version.outcome(UNSUPPORTED) is True
    assert version.attempt.protocol == "3.1.1"
    assert not version.is_probe


def test_a_broker_that_hangs_up_at_mqtt_5_twice_and_accepts_3_1_1_between_is_connected_to_with_3_1_1():
    version = ProtocolVersion()
    for outcome, protocol, probe in ((CLOSED, "3.1.1", True), (ACCEPTED, "5", False), (CLOSED, "3.1.1", False)):
        assert version.outcome(outcome) is True
        assert (version.attempt.protocol, version.is_probe) == (protocol, probe)


def test_a_proxy_whose_broker_restarts_does_not_end_in_3_1_1():
    assert play(CLOSED, CLOSED, CLOSED, CLOSED, ACCEPTED) == ["5", "3.1.1", "5", "3.1.1", "5", "5"]
    assert play(CLOSED, ACCEPTED, ACCEPTED) == ["5", "3.1.1", "5", "5"]


@pytest.mark.parametrize("outcome", [ACCEPTED, FAILED, CLOSED, SILENT])
def test_the_connection_after_one_in_3_1_1_starts_with_mqtt_5(outcome: Outcome):
    assert play(UNSUPPORTED, outcome) == ["5", "3.1.1", "5"]


@pytest.mark.parametrize("outcome", [ACCEPTED, FAILED])
def test_what_has_nothing_to_do_with_the_version_does_not_change_it(outcome: Outcome):
    assert play(outcome) == ["5", "5"]


def test_silence_alone_never_ends_in_3_1_1():
    assert play(SILENT, ACCEPTED, ACCEPTED) == ["5", "3.1.1", "5", "5"]
    assert play(SILENT, SILENT, SILENT, SILENT) == ["5", "3.1.1", "5", "3.1.1", "5"]


def test_a_broker_that_accepts_only_3_1_1_gets_one_more_attempt_with_mqtt_5_and_a_suitable_timeout():
    version = ProtocolVersion()
    assert version.outcome(SILENT) is False
    assert version.is_probe
    assert version.outcome(ACCEPTED, seconds=0.1) is True
    assert not version.is_probe
    assert 2.0 < version.attempt.timeout < 3.0
    assert version.outcome(SILENT) is True
    assert (version.attempt.protocol, version.is_probe) == ("3.1.1", False)


def test_connack_may_take_15_seconds():
    assert ProtocolVersion().attempt.timeout == CONNACK_TIMEOUT_S == 15.0
    version = ProtocolVersion()
    version.outcome(SILENT)
    version.outcome(ACCEPTED, seconds=6.0)
    assert version.attempt.timeout == 15.0

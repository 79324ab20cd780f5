"""Which broker of a list is tried next, and after which pause."""

from __future__ import annotations

from octoprint_temp_eta.adapters.broker.backoff import FIRST_RETRY_S, LONGEST_RETRY_S
from octoprint_temp_eta.adapters.broker.rotation import Rotation
from octoprint_temp_eta.settings.broker_address import BrokerAddress

FIRST, SECOND = BrokerAddress("first.test", 1883), BrokerAddress("second.test", 1883)


def test_the_brokers_of_a_list_are_tried_in_turn_without_a_pause_in_between():
    rotation = Rotation((FIRST, SECOND), 0.0)
    assert rotation.address == FIRST
    assert rotation.pause(0.1, connected=None, refused=False) == 0.0
    assert rotation.turn()
    assert rotation.address == SECOND
    assert 0.0 < rotation.pause(0.2, connected=None, refused=False) <= FIRST_RETRY_S - 0.2
    assert rotation.turn()
    assert rotation.address == FIRST


def test_the_time_that_a_round_takes_counts_as_a_pause():
    rotation = Rotation((FIRST, SECOND), 0.0)
    rotation.pause(30.0, connected=None, refused=False)
    assert rotation.pause(60.0, connected=None, refused=False) == 0.0


def test_a_single_broker_is_tried_again_after_a_pause_however_long_it_took():
    rotation = Rotation((FIRST,), 0.0)
    assert 0.0 < rotation.pause(60.0, connected=None, refused=False) <= LONGEST_RETRY_S
    assert not rotation.turn()
    assert rotation.address == FIRST


def test_after_a_connection_a_round_begins_anew():
    rotation = Rotation((FIRST, SECOND), 0.0)
    assert rotation.pause(1.0, connected=None, refused=False) == 0.0
    assert rotation.pause(100.0, connected=50.0, refused=False) > 0.0
    assert rotation.pause(101.0, connected=None, refused=False) == 0.0

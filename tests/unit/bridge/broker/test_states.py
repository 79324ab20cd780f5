"""The states of the connection."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.broker.states import MOVES, Event, State


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_left(state: State):
    assert {Event.CONNECT, Event.DISCONNECT} <= MOVES[state].keys()


def test_a_connection_is_accepted_only_where_one_is_wanted():
    assert [state for state in State if Event.ACCEPTED not in MOVES[state]] == [State.OFF, State.LEFT]


def test_the_identity_is_left_to_another_machine_only_with_a_connection_to_hear_of_it():
    assert [state for state in State if Event.CONFLICT in MOVES[state]] == [State.CONNECTED, State.WAITING]

"""The states of the connection."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.broker.states import MOVES, Event, State


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_left(state: State):
    assert {Event.CONNECT, Event.DISCONNECT} <= MOVES[state].keys()


def test_a_connection_is_accepted_only_where_one_is_wanted():
    assert [state for state in State if Event.ACCEPTED not in MOVES[state]] == [State.OFF, State.LEFT]


def test_only_a_machine_that_wants_a_connection_leaves_its_identity_to_another_one():
    wants = [State.CONNECTING, State.CONNECTED, State.WAITING]
    assert [state for state in State if Event.CONFLICT in MOVES[state]] == wants

"""In which states of the printer which command is accepted."""

from __future__ import annotations

import pytest
from octoprint.util.comm import MachineCom

from octoprint_temp_eta.core.printer_commands import ACCEPTED_IN, OPENING_PORT, accepted

#: OctoPrint's own ids of states.
STATES = {name.removeprefix("STATE_") for name in vars(MachineCom) if name.startswith("STATE_")} | {"OFFLINE"}


@pytest.mark.parametrize(
    ("command", "states"),
    [
        ("job/start", "OPERATIONAL"),
        ("job/pause", "STARTING PRINTING RESUMING"),
        ("job/resume", "PAUSED"),
        ("job/cancel", "STARTING PRINTING PAUSING PAUSED RESUMING"),
        ("printer/connect", "OFFLINE CLOSED ERROR CLOSED_WITH_ERROR NONE OPEN_SERIAL"),
        (
            "printer/emergency_stop",
            "OPERATIONAL STARTING PRINTING PAUSED PAUSING RESUMING FINISHING TRANSFERING_FILE CANCELLING",
        ),
    ],
)
def test_a_command_is_accepted_in_these_states_of_octoprint(command: str, states: str):
    assert {state for state in STATES if accepted(command, state)} == set(states.split())


@pytest.mark.parametrize("state", sorted({*STATES} - {OPENING_PORT}))
def test_in_each_state_the_printer_can_either_be_connected_or_disconnected(state: str):
    assert accepted("printer/connect", state) is not accepted("printer/disconnect", state)


def test_while_the_port_is_opened_both_are_possible_as_octoprint_may_stay_there():
    assert accepted("printer/connect", OPENING_PORT)
    assert accepted("printer/disconnect", OPENING_PORT)


def test_before_the_first_connection_it_can_only_be_connected():
    assert [command for command in ACCEPTED_IN if accepted(command, None)] == ["printer/connect"]

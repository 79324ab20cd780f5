"""The entities of the print job: recorder rows of a print, and buttons that are available when they are accepted."""

from __future__ import annotations

import json

import pytest

from octoprint_temp_eta.bridge.protocol.job_inputs import JobChanged
from octoprint_temp_eta.core.printer_commands import ACCEPTED_IN, accepted
from octoprint_temp_eta.home_assistant.entities.job import BUTTONS
from octoprint_temp_eta.home_assistant.entities.parts import Offer
from octoprint_temp_eta.home_assistant.entities.texts import EVENT_TRIGGERS
from tests.support.announced_printer import TOPICS, components, idle_bridge
from tests.support.print_jobs import LID, print_lid
from tests.support.simulated_recorder import render, rows, states

ALL = Offer(commands=frozenset(ACCEPTED_IN))
STATES = ("OFFLINE", "CONNECTING", "OPERATIONAL", "STARTING", "PRINTING", "PAUSED", "CANCELLING", "CLOSED_WITH_ERROR")


def test_a_print_costs_at_most_two_rows_a_minute():
    driver, announced = idle_bridge()
    mark = len(driver.sent)
    print_lid(driver, 1800, total=2400.0)
    messages = [publish for _, publish in driver.sent[mark:]]
    # the first rows are the beginning of the print: status, printing, file, progress and finish
    assert sum(rows(announced, messages).values()) <= 2 * 1800 / 60 + 8
    progress = [int(state) for state in states(announced["progress"], messages) if state != "unknown"]
    assert progress == sorted(progress)
    assert progress[-1] >= 70


def test_progress_changes_at_once_to_the_end_and_back():
    driver, announced = idle_bridge()
    mark = len(driver.sent)
    print_lid(driver, 5, total=10.0)
    print_lid(driver, 6, total=10.0, start=5)
    driver.handle(JobChanged(LID))
    assert states(announced["progress"], [publish for _, publish in driver.sent[mark:]]) == ["0", "100", "unknown"]


@pytest.mark.parametrize("command", BUTTONS)
def test_a_button_is_available_in_the_states_in_which_it_is_accepted(command: str):
    button = components(ALL)[command.replace("/", "_")]
    assert button["command_topic"] == f"{TOPICS.base}/command/{command}"
    template = next(each["value_template"] for each in button["availability"] if each["topic"].endswith("/printer"))
    for state in (*STATES, None):
        expected = "online" if accepted(command, state) else "offline"
        assert render(template, json.dumps({"state": state})) == expected, state


def test_a_command_that_is_not_permitted_has_no_button():
    keys = {command.replace("/", "_") for command in BUTTONS}
    assert not keys & components(Offer(commands=frozenset({"job/start"}))).keys()


def test_each_trigger_is_an_event_of_the_event_entity():
    announced = components(ALL)
    triggers = {key: each for key, each in announced.items() if each.get("topic") == TOPICS.of("event")}
    assert {each["payload"] for each in triggers.values()} == set(EVENT_TRIGGERS)
    assert set(EVENT_TRIGGERS) <= set(announced["printer_event"]["event_types"])

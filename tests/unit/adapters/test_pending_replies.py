"""The counter where REST calls wait for the bridge's answer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import pytest

from octoprint_temp_eta.adapters.pending_replies import CAPACITY, Answers, NoAnswer, Reply
from octoprint_temp_eta.bridge.protocol.effects import Answer


class Calls:
    """Calls that wait, each in a thread of its own."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.tickets: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.ends: queue.SimpleQueue[Reply | NoAnswer] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def begin(self) -> int:
        """Begin one more call and return its ticket."""
        thread = threading.Thread(target=self._call)
        self._threads.append(thread)
        thread.start()
        return self.tickets.get(timeout=10)

    def end(self) -> list[Reply | NoAnswer]:
        """Wait for all of them and return how they ended."""
        for thread in self._threads:
            thread.join(10)
        return [self.ends.get(timeout=10) for _ in self._threads]

    def _call(self) -> None:
        try:
            self.ends.put(self._answers.ask(self.tickets.put, timeout=60))
        except NoAnswer as error:
            self.ends.put(error)


def refused(ask: Callable[[], Reply]) -> str:
    with pytest.raises(NoAnswer) as caught:
        ask()
    return caught.value.code


def test_each_call_gets_its_own_answer():
    answers = Answers()
    calls = Calls(answers)
    tickets = [calls.begin() for _ in range(3)]
    for ticket in reversed(tickets):
        answers.give(Answer(ticket, {"ticket": ticket}))
    assert sorted(reply["ticket"] for reply in calls.end() if not isinstance(reply, NoAnswer)) == tickets


def test_the_first_answer_counts():
    answers = Answers()

    def accepted_then_completed(ticket: int) -> None:
        answers.give(Answer(ticket, {"status": "accepted"}))
        answers.give(Answer(ticket, {"status": "completed"}))

    assert answers.ask(accepted_then_completed) == {"status": "accepted"}


def test_an_answer_that_nobody_waits_for_is_dropped():
    answers, tickets = Answers(), []
    assert refused(lambda: answers.ask(tickets.append, timeout=0.0)) == "timeout"
    answers.give(Answer(tickets[0], {}))
    answers.give(Answer(4711, {}))


def test_no_more_than_a_few_wait_and_the_next_may_come_when_one_is_gone():
    answers = Answers()
    calls = Calls(answers)
    tickets = [calls.begin() for _ in range(CAPACITY)]
    asked: list[int] = []
    assert refused(lambda: answers.ask(asked.append)) == "rate_limited"
    assert asked == [], "the bridge was not bothered"
    for ticket in tickets:
        answers.give(Answer(ticket, {}))
    calls.end()
    assert answers.ask(lambda ticket: answers.give(Answer(ticket, {"late": True}))) == {"late": True}


def test_a_call_that_could_not_be_passed_on_takes_no_place():
    answers = Answers()

    def fail(_: int) -> None:
        raise OSError

    for _ in range(CAPACITY + 1):
        with pytest.raises(OSError):  # noqa: PT011 - it comes through as it is
            answers.ask(fail)


def test_a_shutdown_lets_nobody_wait():
    answers = Answers()
    calls = Calls(answers)
    ticket = calls.begin()
    answers.close()
    [end] = calls.end()
    assert isinstance(end, NoAnswer)
    assert end.code == "shutdown"
    answers.give(Answer(ticket, {}))
    assert refused(lambda: answers.ask(lambda _: None)) == "shutdown"

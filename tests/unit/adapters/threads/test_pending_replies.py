"""REST calls that wait for the bridge's reply."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import pytest

from octoprint_temp_eta.adapters.threads.pending_replies import CAPACITY, NoReply, PendingReplies, Reply
from octoprint_temp_eta.bridge.protocol.effects import RestReply


class Calls:
    """Calls that wait, each in a thread of its own."""

    def __init__(self, replies: PendingReplies) -> None:
        self._pending_replies = replies
        self.tickets: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.ends: queue.SimpleQueue[Reply | NoReply] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def begin(self) -> int:
        """Begin one more call and return its ticket."""
        thread = threading.Thread(target=self._call)
        self._threads.append(thread)
        thread.start()
        return self.tickets.get(timeout=10)

    def end(self) -> list[Reply | NoReply]:
        """Wait for all of them and return how they ended."""
        for thread in self._threads:
            thread.join(10)
        return [self.ends.get(timeout=10) for _ in self._threads]

    def _call(self) -> None:
        try:
            self.ends.put(self._pending_replies.ask(self.tickets.put, timeout=60))
        except NoReply as error:
            self.ends.put(error)


def refused(ask: Callable[[], Reply]) -> str:
    with pytest.raises(NoReply) as caught:
        ask()
    return caught.value.code


def test_each_call_gets_its_own_reply():
    replies = PendingReplies()
    calls = Calls(replies)
    tickets = [calls.begin() for _ in range(3)]
    for ticket in reversed(tickets):
        replies.give(RestReply(ticket, {"ticket": ticket}))
    assert sorted(reply["ticket"] for reply in calls.end() if not isinstance(reply, NoReply)) == tickets


def test_the_first_reply_counts():
    replies = PendingReplies()

    def accepted_then_completed(ticket: int) -> None:
        replies.give(RestReply(ticket, {"status": "accepted"}))
        replies.give(RestReply(ticket, {"status": "completed"}))

    assert replies.ask(accepted_then_completed) == {"status": "accepted"}


def test_a_reply_without_a_waiting_call_is_dropped():
    replies, tickets = PendingReplies(), []
    assert refused(lambda: replies.ask(tickets.append, timeout=0.0)) == "timeout"
    replies.give(RestReply(tickets[0], {}))
    replies.give(RestReply(4711, {}))


def test_no_more_than_a_few_wait_and_the_next_may_come_when_one_is_gone():
    replies = PendingReplies()
    calls = Calls(replies)
    tickets = [calls.begin() for _ in range(CAPACITY)]
    asked: list[int] = []
    assert refused(lambda: replies.ask(asked.append)) == "rate_limited"
    assert asked == [], "the bridge was not bothered"
    for ticket in tickets:
        replies.give(RestReply(ticket, {}))
    calls.end()
    assert replies.ask(lambda ticket: replies.give(RestReply(ticket, {"late": True}))) == {"late": True}


def test_a_call_that_could_not_be_passed_on_does_not_count_as_waiting():
    replies = PendingReplies()

    def fail(_: int) -> None:
        raise OSError

    for _ in range(CAPACITY + 1):
        with pytest.raises(OSError):  # noqa: PT011 - it comes through as it is
            replies.ask(fail)


def test_a_shutdown_ends_waiting_calls():
    replies = PendingReplies()
    calls = Calls(replies)
    ticket = calls.begin()
    replies.close()
    [end] = calls.end()
    assert isinstance(end, NoReply)
    assert end.code == "shutdown"
    replies.give(RestReply(ticket, {}))
    assert refused(lambda: replies.ask(lambda _: None)) == "shutdown"

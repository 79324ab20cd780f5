"""The worker's queue of inputs: in order, bounded, and never waiting."""

from __future__ import annotations

import threading
import time

import pytest

from octoprint_temp_eta.adapters.threads.inbox import CAPACITY, RESERVE, Inbox, now
from octoprint_temp_eta.bridge.protocol.inputs import Input, JobBoundary, MessageArrived, Readings, Started, Stopping


def reading(number: int) -> Readings:
    return Readings({"bed": (number, 60)})


def taken(inbox: Inbox) -> list[Input]:
    items: list[Input] = []
    while (item := inbox.get(0.0)) is not None:
        items.append(item[0])
    return items


def filled(event: Input | None = None) -> Inbox:
    """Return a full inbox: of readings, or of `event`."""
    inbox = Inbox()
    for number in range(CAPACITY):
        inbox.put(event or reading(number))
    return inbox


def test_inputs_keep_their_order_and_time():
    inbox, before = Inbox(), now()
    for event in (Started(), reading(1), Stopping()):
        inbox.put(event)
    items = [inbox.get(0.0) for _ in range(3)]
    assert [item[0] for item in items if item] == [Started(), reading(1), Stopping()]
    ats = [item[1].at for item in items if item]
    assert ats == sorted(ats)
    assert before.at <= ats[0] <= now().at


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system has no such clock")
def test_the_time_in_which_the_computer_sleeps_counts(monkeypatch: pytest.MonkeyPatch):
    """Else a cool-down that was announced for the night is announced anew in the morning."""
    monkeypatch.setattr(time, "clock_gettime", {time.CLOCK_BOOTTIME: 28_800.0}.__getitem__)
    assert now().at == 28_800.0


@pytest.mark.parametrize("timeout", [0.0, -5.0, 0.001])
def test_an_empty_inbox_gives_nothing(timeout: float):
    assert Inbox().get(timeout) is None


def test_who_waits_is_woken():
    inbox = Inbox()
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(inbox.get(60.0)))
    waiting.start()
    inbox.put(Started())
    waiting.join(10)
    assert [item[0] for item in found] == [Started()]  # type: ignore[index]


def test_when_it_is_full_a_reading_is_dropped_and_counted():
    inbox = filled()
    inbox.put(reading(CAPACITY))
    inbox.put(JobBoundary())
    found = taken(inbox)
    assert found == [*map(reading, range(CAPACITY)), JobBoundary()]
    assert (inbox.dropped, inbox.high_water) == (1, CAPACITY + 1)
    inbox.put(reading(1))
    assert taken(inbox) == [reading(1)]


def test_what_others_can_send_at_will_never_crowds_out_what_the_bridge_needs():
    flood = MessageArrived("t", b"x")
    inbox = filled(flood)
    for event in (flood, reading(1)):
        inbox.put(event)
    assert (len(inbox), inbox.dropped) == (CAPACITY, 2)
    for event in (JobBoundary(), Stopping()):
        inbox.put(event)
    assert taken(inbox)[-2:] == [JobBoundary(), Stopping()]
    assert inbox.dropped == 2


def test_many_threads_lose_nothing():
    inbox = Inbox()

    def put() -> None:
        for number in range(100):
            inbox.put(reading(number))

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken(inbox)) == 800


def test_an_urgent_command_has_a_place_when_other_messages_fill_the_inbox():
    inbox = filled(MessageArrived("printer/command/reset", b"{}"))
    assert not inbox.put(MessageArrived("printer/command/reset", b"{}"))
    urgent = MessageArrived("printer/command/printer/emergency_stop", b"PRESS")
    assert all(inbox.put(urgent) for _ in range(RESERVE))
    assert not inbox.put(urgent)
    assert (len(inbox), inbox.dropped) == (CAPACITY + RESERVE, 2)
    assert taken(inbox)[-1] == urgent

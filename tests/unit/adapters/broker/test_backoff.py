"""The waiting time before each attempt to connect."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.broker.backoff import (
    FIRST_RETRY_S,
    LONGEST_REFUSED_RETRY_S,
    LONGEST_RETRY_S,
    STEADY_S,
    Backoff,
)


@pytest.mark.parametrize(
    ("refused", "limit"), [(False, LONGEST_RETRY_S), (True, LONGEST_REFUSED_RETRY_S)], ids=["unreachable", "refused"]
)
def test_waiting_times_double_up_to_the_limit_for_ever(refused: bool, limit: float):
    backoff = Backoff()
    longest = FIRST_RETRY_S
    for _ in range(1000):
        pause = backoff.next(refused=refused)
        assert longest / 2 <= pause <= longest
        longest = min(2 * longest, limit)


def test_the_first_retry_comes_within_a_second_and_no_wait_is_longer_than_half_a_minute():
    assert Backoff().next() <= 1.0
    assert max(LONGEST_RETRY_S, LONGEST_REFUSED_RETRY_S) <= 30.0


def test_waiting_times_have_jitter():
    assert len({Backoff().next() for _ in range(100)}) > 50


def test_only_a_connection_that_lasted_shortens_the_wait():
    backoff = Backoff()
    for _ in range(10):
        backoff.next()
    backoff.connection_lasted(STEADY_S - 0.1)
    assert backoff.next() >= LONGEST_RETRY_S / 2
    backoff.connection_lasted(STEADY_S)
    assert backoff.next() <= FIRST_RETRY_S


def test_a_broker_that_is_down_after_it_refused_is_tried_at_the_shorter_interval():
    backoff = Backoff()
    for _ in range(10):
        backoff.next(refused=True)
    assert backoff.next() <= LONGEST_RETRY_S

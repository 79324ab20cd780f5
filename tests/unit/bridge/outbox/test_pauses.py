"""Pauses before a refused message is sent again."""

from itertools import pairwise

from octoprint_temp_eta.bridge.outbox.pauses import (
    FIRST_FOR_GOOD_S,
    FIRST_PAUSE_S,
    LONGEST_FOR_GOOD_S,
    LONGEST_PAUSE_S,
    Repairs,
    pause,
    pause_for_good,
)
from octoprint_temp_eta.core.clock import Now


def test_a_pause_is_twice_the_one_before_up_to_the_longest():
    assert [pause(refusals) for refusals in (1, 2, 3)] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pause(10**6) == LONGEST_PAUSE_S


def test_what_is_refused_for_good_is_tried_at_longer_intervals():
    assert [pause_for_good(refusals) for refusals in (1, 2, 3)] == [60.0, 120.0, 240.0]
    assert pause_for_good(1) == FIRST_FOR_GOOD_S
    assert pause_for_good(10**6) == LONGEST_FOR_GOOD_S


def test_repairs_are_made_ever_more_rarely_until_none_was_needed_for_long():
    repairs, at, made = Repairs(), 0.0, list[float]()
    for _ in range(4):
        repairs.ask(at)
        while not repairs.due(Now(at, at)):
            at += 1.0
        made.append(at)
    assert [later - earlier for earlier, later in pairwise(made)] == [pause(times) for times in (1, 2, 3)]
    at += 2 * LONGEST_PAUSE_S + 1
    repairs.ask(at + 3)
    assert [repairs.due(Now(at + seconds, 0.0)) for seconds in (2.0, 3.0, 4.0)] == [False, True, False]
    repairs.ask(at + 4)
    repairs.cancel()
    assert not repairs.due(Now(at + 999, 0.0))

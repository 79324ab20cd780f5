"""Pauses before a refused message is sent again."""

from octoprint_temp_eta.bridge.outbox.pauses import (
    FIRST_FOR_GOOD_S,
    FIRST_PAUSE_S,
    LONGEST_FOR_GOOD_S,
    LONGEST_PAUSE_S,
    pause,
    pause_for_good,
)


def test_a_pause_is_twice_the_one_before_up_to_the_longest():
    assert [pause(refusals) for refusals in (1, 2, 3)] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pause(10**6) == LONGEST_PAUSE_S


def test_what_is_refused_for_good_is_tried_at_longer_intervals():
    assert [pause_for_good(refusals) for refusals in (1, 2, 3)] == [60.0, 120.0, 240.0]
    assert pause_for_good(1) == FIRST_FOR_GOOD_S
    assert pause_for_good(10**6) == LONGEST_FOR_GOOD_S

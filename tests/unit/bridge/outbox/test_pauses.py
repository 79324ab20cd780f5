"""Pauses before a refused message is sent again."""

from octoprint_temp_eta.bridge.outbox.pauses import FIRST_PAUSE_S, LONGEST_PAUSE_S, pause


def test_a_pause_is_twice_the_one_before_up_to_the_longest():
    assert [pause(refusals) for refusals in (1, 2, 3)] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pause(10**6) == LONGEST_PAUSE_S

"""The announced end of a print: it moves only when the estimate has really moved."""

from __future__ import annotations

import itertools
import random

from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.core.finish_time import BAND_SHARE, INTERVAL_S, LEAST_AHEAD_S, FinishTime

START = 1_795_188_600.0


def at(seconds: float) -> Now:
    return Now(1000.0 + seconds, START + seconds)


def test_an_estimate_that_runs_down_as_announced_does_not_move_it():
    finish = FinishTime()
    announced = {finish.update(3600.0 - second, at(second)) for second in range(3600)}
    assert announced == {START + 3600}


def test_it_moves_when_the_estimate_leaves_the_deadband():
    finish = FinishTime()
    assert finish.update(3600.0, at(0)) == START + 3600
    inside, outside = 3600 * BAND_SHARE * 0.9, 3600 * BAND_SHARE * 1.2
    assert finish.update(3500.0 + inside, at(100)) == START + 3600
    assert finish.update(3400.0 + outside, at(200)) == START + 3600 + outside


def test_it_moves_at_most_once_a_minute():
    finish = FinishTime()
    finish.update(3600.0, at(0))
    assert finish.update(7200.0, at(INTERVAL_S - 1)) == START + 3600
    assert finish.update(7200.0, at(INTERVAL_S)) == START + INTERVAL_S + 7200


def test_an_estimate_that_varies_within_five_percent_costs_two_moves_at_most():
    noise, finish = random.Random(7), FinishTime()
    announced = [finish.update((7200.0 - s) * noise.uniform(0.98, 1.02), at(s)) for s in range(0, 7000, 5)]
    moves = sum(before != after for before, after in itertools.pairwise(announced))
    assert moves <= 2


def test_it_is_never_in_the_past_while_the_print_goes_on():
    finish = FinishTime()
    finish.update(60.0, at(0))
    announced = [(s, finish.update(2.0, at(s))) for s in range(60, 600)]
    assert all(time is not None and time >= START + s for s, time in announced)
    moves = sum(before != after for (_, before), (_, after) in itertools.pairwise(announced))
    assert moves <= 540 / LEAST_AHEAD_S


def test_it_moves_with_a_clock_that_is_set():
    finish = FinishTime()
    finish.update(3600.0, at(0))
    finish.shift(86_400.0)
    assert finish.update(3590.0, Now(1010.0, START + 86_410.0)) == START + 86_400.0 + 3600


def test_it_is_unknown_once_it_has_passed_and_nothing_remains():
    finish = FinishTime()
    finish.update(60.0, at(0))
    assert finish.update(0.0, at(59)) == START + 60
    assert finish.update(0.0, at(61)) is None
    assert finish.update(5.0, at(62)) == START + 62 + LEAST_AHEAD_S


def test_without_an_estimate_there_is_none_and_the_next_one_counts_at_once():
    finish = FinishTime()
    finish.update(600.0, at(0))
    assert finish.update(None, at(1)) is None
    assert finish.update(900.0, at(2)) == START + 902

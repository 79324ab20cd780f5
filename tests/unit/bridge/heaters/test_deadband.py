"""When a published forecast has left its deadband, and at which temperatures it has to be looked at."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.heaters.deadband import DEADBAND_S, DEADBAND_SHARE, Watch, moved
from octoprint_temp_eta.core.estimation.estimator import Estimate
from octoprint_temp_eta.core.heating.forecasts import Forecast
from octoprint_temp_eta.core.heating.state_machine.states import State
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES


def test_the_contract_announces_the_deadband():
    heater = MESSAGES["forecast"].schema["properties"]["presets"]["items"]["properties"]["heaters"]
    announced = heater["additionalProperties"]["properties"]["eta_seconds"]
    assert (announced["x-deadband"], announced["x-deadband-share"]) == (DEADBAND_S, DEADBAND_SHARE)


OFF = (State.OFF, 0.0, False)
LONG = 10 * DEADBAND_S / DEADBAND_SHARE


@pytest.mark.parametrize(
    ("shown", "present", "expected"),
    [
        (100.0, 100.0 - DEADBAND_S, False),
        (100.0, 99.0 - DEADBAND_S, True),
        (100.0, 101.0 + DEADBAND_S, True),
        (LONG, LONG - 10 * DEADBAND_S, False),
        (LONG, LONG - 1 - 10 * DEADBAND_S, True),
        (2.0, 0.0, True),
        (0.4, 0.0, False),
        (0.0, DEADBAND_S, False),
        (0.0, DEADBAND_S + 1, True),
        (None, 3.0, True),
        (3.0, None, True),
        (None, None, False),
    ],
)
def test_a_forecast_moves_by_more_than_its_deadband_or_to_zero(
    shown: float | None, present: float | None, *, expected: bool
):
    as_estimates = [None if eta is None else Estimate(eta) for eta in (shown, present)]
    assert moved(*as_estimates) is expected


class Line:
    """Forecasts of 2 s for each °C to 200 °C, known in steps of 50 °C; counts how often it is asked."""

    def __init__(self) -> None:
        self.actual = 20.0
        self.asked = 0

    def __call__(self, _: int) -> Forecast:
        self.asked += 1
        lowest = self.actual // 50 * 50
        return Forecast(Estimate(2 * (200 - self.actual)), lowest, lowest + 50, -2.0)


def test_it_holds_until_the_deadband_is_left_and_is_computed_again_only_at_the_end_of_what_is_known():
    line = Line()
    first = line(0)
    watch = Watch((OFF, 20.0), {0: first.estimate}, {0: first})
    line.actual = 20.0 + DEADBAND_S / 2
    assert watch.holds((OFF, line.actual), line)
    assert line.asked == 1
    line.actual += 0.1
    assert not watch.holds((OFF, line.actual), line)


def test_at_the_end_of_what_is_known_only_that_forecast_is_computed_again():
    line = Line()
    line.actual = 49.0
    first = line(0)
    watch = Watch((OFF, 49.0), {0: first.estimate, 1: Estimate(9.0)}, {0: first, 1: Forecast(Estimate(9.0))})
    line.actual = 51.0
    assert watch.holds((OFF, 51.0), line)
    assert line.asked == 2
    assert watch.holds((OFF, 52.0), line)
    assert line.asked == 2
    line.actual = 49.0 + DEADBAND_S / 2 + 0.1
    assert not watch.holds((OFF, line.actual), line)


@pytest.mark.parametrize("what", [(State.HEATING, 0.0, False), (State.OFF, 60.0, False), (State.OFF, 0.0, True)])
def test_it_does_not_hold_in_another_situation(what: tuple[State, float, bool]):
    watch = Watch((OFF, 20.0), {}, {})
    assert watch.holds((OFF, 200.0), Line())
    assert not watch.holds((what, 20.0), Line())


def test_a_heater_without_a_temperature_has_nothing_to_look_at():
    unknown = State.UNKNOWN, 0.0, False
    assert Watch((unknown, None), {}, {}).holds((unknown, None), Line())

"""Which heaters were turned down without a line."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.scripts.turned_down import MOST_LINES, TurnedDown


@pytest.mark.parametrize(
    ("asked", "reported", "expected"),
    [
        ([90.0], [60.0, 90.0, 0.0], {"bed": 0.0}),
        ([90.0], [60.0, 90.0, 40.0, 40.0], {"bed": 40.0}),
        ([90.0], [60.0, 60.0, 90.0, 90.0], {}),
        ([90.0], [60.0, 90.0, 110.0], {}),
        ([40.0], [60.0, 40.0], {}),
        # The firmware permits 80 only.
        ([90.0], [60.0, 80.0, 80.0, 0.0], {"bed": 0.0}),
        ([62.5], [60.0, 62.0, 62.0], {}),
        ([None], [60.0, 0.0], {"bed": 0.0}),
        ([], [60.0, 60.0, 0.0], {"bed": 0.0}),
        ([], [60.0, 80.0], {}),
        # It was switched off before the line, which waits.
        ([90.0], [60.0, 0.0, 90.0], {"bed": 0.0}),
        # The printer reports one line after the other.
        ([0.0, 90.0], [60.0, 0.0, 90.0], {}),
        ([90.0, 0.0], [60.0, 90.0, 0.0], {}),
        ([90.0, 60.0, 100.0], [60.0, 90.0, 60.0, 100.0], {}),
    ],
)
def test_what_a_heater_was_turned_down_to(
    asked: list[float | None], reported: list[float], expected: dict[str, float]
) -> None:
    heaters = TurnedDown()
    before, *after = reported
    heaters.reported({"bed": before})
    for target in asked:
        heaters.asked("bed", target)
    for now in after:
        heaters.reported({"bed": now, "tool0": 0.0})
    assert heaters.targets == expected


def test_a_later_line_of_others_counts() -> None:
    heaters = TurnedDown()
    heaters.asked("bed", 90.0)
    for target in (90.0, 0.0):
        heaters.reported({"bed": target})
    heaters.asked("bed", 95.0)
    assert heaters.targets == {"bed": 0.0}
    heaters.asked_by_others("bed", 70.0)
    assert heaters.targets == {}


def test_a_heater_that_is_not_reported_is_left_alone() -> None:
    heaters = TurnedDown()
    heaters.asked("chamber", 50.0)
    for target in (0.0, 60.0):
        heaters.reported({"bed": target})
    assert heaters.targets == {}


def test_the_lines_that_are_remembered_are_bounded() -> None:
    heaters = TurnedDown()
    for target in range(3 * MOST_LINES):
        heaters.asked("bed", float(target))
    heaters.reported({"bed": 200.0})
    heaters.reported({"bed": 5.0})
    assert heaters.targets == {"bed": 5.0}

"""The targets that the printer may not have reported yet."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.recent_targets import LONGEST_WAIT_S, REPORTED_S, RecentTargets
from octoprint_temp_eta.core.gcode.targets import ALL, Asked


def queued(*lines: str) -> RecentTargets:
    recent = RecentTargets()
    for line in lines:
        recent.queued(line, "T0", 0.0)
    return recent


def test_targets_come_in_the_order_in_which_the_printer_gets_them() -> None:
    recent = queued("M140 S60", "M104 S200", "M140 S0")
    expected = (Asked("bed", 60.0), Asked("tool0", 200.0), Asked("bed", 0.0))
    assert recent.at(1.0) == expected
    recent.sent("M140 S60", "T0", 1.0)
    assert recent.at(1.0) == expected


def test_a_line_without_a_tool_is_for_the_one_in_use_when_it_was_queued() -> None:
    recent = RecentTargets()
    recent.queued("M104 S200", "T0", 0.0)
    recent.queued("M104 S0", "T1", 0.0)
    expected = (Asked("tool0", 200.0), Asked("tool1", 0.0))
    assert recent.at(0.0) == expected
    for line in ("M104 S200", "M104 S0"):
        recent.sent(line, "T1", 1.0)
    assert recent.at(1.0) == expected


def test_what_was_sent_is_kept_until_the_printer_has_reported_it() -> None:
    recent = queued("M140 S60")
    recent.sent("M140 S60", "T0", 100.0)
    assert recent.at(100.0 + REPORTED_S - 0.1) == (Asked("bed", 60.0),)
    assert recent.at(100.0 + REPORTED_S) == ()


def test_what_was_reported_is_no_longer_recent() -> None:
    """The heater may have been switched off at the printer since then."""
    recent = queued("M140 S60", "M104 S200", "M140 S0", "M140 S70")
    for line in ("M140 S60", "M104 S200", "M140 S0"):
        recent.sent(line, "T0", 1.0)
    recent.reported({"bed": (20.0, 20.0), "tool0": (20.0, 0.0), "chamber": (20.0, None)})
    assert len(recent.at(2.0)) == 4
    recent.reported({"bed": (20.0, 60.4), "tool0": (20.0, 0.0)})
    assert recent.at(2.0) == (Asked("tool0", 200.0), Asked("bed", 0.0), Asked("bed", 70.0))
    recent.reported({"bed": (20.0, 0.0), "tool0": (20.0, 200.0)})
    assert recent.at(2.0) == (Asked("bed", 70.0),)


def all_off_after_the_nozzle_and_before_the_bed() -> RecentTargets:
    lines = ("M104 S200", "TURN_OFF_HEATERS", "M140 S60")
    recent = queued(*lines)
    for line in lines:
        recent.sent(line, "T0", 1.0)
    return recent


@pytest.mark.parametrize(
    ("nozzle", "bed", "left"),
    [
        pytest.param(200.0, 0.0, (Asked(ALL, 0.0), Asked("bed", 60.0)), id="not executed yet"),
        pytest.param(0.0, 0.0, (Asked("bed", 60.0),), id="all are off"),
        pytest.param(0.0, 60.0, (), id="all are off but one that was set later"),
        pytest.param(200.0, 60.0, (Asked(ALL, 0.0),), id="one is still on"),
    ],
)
def test_a_line_for_all_heaters_is_reported_when_they_are_off_or_have_a_later_target(
    nozzle: float, bed: float, left: tuple[Asked, ...]
) -> None:
    recent = all_off_after_the_nozzle_and_before_the_bed()
    recent.reported({"tool0": (20.0, nozzle), "bed": (20.0, bed)})
    assert recent.at(2.0) == left


def test_a_line_for_all_heaters_is_kept_without_a_reported_target() -> None:
    recent = all_off_after_the_nozzle_and_before_the_bed()
    recent.reported({"tool0": (20.0, None)})
    assert len(recent.at(2.0)) == 3


def test_what_was_set_with_klippers_name_is_reported_with_octoprints() -> None:
    line = "SET_HEATER_TEMPERATURE HEATER=chamber TARGET=50"
    recent = queued(line)
    recent.sent(line, "T0", 1.0)
    recent.reported({"chamber": (20.0, 50.0)})
    assert recent.at(2.0) == ()


def test_what_is_sent_before_octoprint_says_that_it_is_queued_does_not_wait() -> None:
    recent = RecentTargets()
    recent.sent("M140", "T0", 0.0)
    recent.sent("M140 S60", "T0", 0.0)
    recent.queued("M140 S60", "T0", 0.0)
    assert recent.at(0.0) == (Asked("bed", 60.0),)
    assert recent.at(REPORTED_S) == ()
    recent.queued("M140 S0", "T0", REPORTED_S)
    assert recent.at(REPORTED_S) == (Asked("bed", 0.0),)


def test_what_another_plugin_has_removed_is_dropped() -> None:
    recent = queued("M140 S60", "M104 S200", "M140 S0")
    recent.sent("M140 S0", "T0", 1.0)
    assert recent.at(1.0) == (Asked("bed", 0.0),)
    assert queued("M140 S60").at(LONGEST_WAIT_S) == ()


def test_what_another_plugin_has_changed_is_the_line_that_is_sent() -> None:
    recent = queued("M104 S200", "M140 S60", "M140 S0")
    recent.sent("M140 S65", "T0", 1.0)
    assert recent.at(1.0) == (Asked("bed", 65.0), Asked("bed", 0.0))


def test_nothing_is_left_of_a_connection_that_has_ended() -> None:
    recent = queued("M140 S60")
    recent.sent("M104 S200", "T0", 0.0)
    recent.forget()
    assert recent.at(0.0) == ()

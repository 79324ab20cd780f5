"""The lines whose targets the printer may not have reported yet."""

from __future__ import annotations

from octoprint_temp_eta.adapters.recent_targets import LONGEST_WAIT_S, REPORTED_S, RecentTargets


def queued(*lines: str) -> RecentTargets:
    recent = RecentTargets()
    for line in lines:
        recent.queued(line.split()[0], line, 0.0)
    return recent


def test_lines_come_in_the_order_in_which_the_printer_gets_them() -> None:
    recent = queued("M140 S60", "M104 S200", "M140 S0")
    assert recent.lines(1.0) == ("M140 S60", "M104 S200", "M140 S0")
    recent.sent("M140", "M140 S60", 1.0)
    assert recent.lines(1.0) == ("M140 S60", "M104 S200", "M140 S0")


def test_what_was_sent_is_kept_until_the_printer_has_reported_it() -> None:
    recent = queued("M140 S60")
    recent.sent("M140", "M140 S60", 100.0)
    assert recent.lines(100.0 + REPORTED_S - 0.1) == ("M140 S60",)
    assert recent.lines(100.0 + REPORTED_S) == ()


def test_what_another_plugin_has_removed_is_dropped() -> None:
    recent = queued("M140 S60", "M104 S200", "M140 S0")
    recent.sent("M140", "M140 S0", 1.0)
    assert recent.lines(1.0) == ("M140 S0",)
    assert queued("M140 S60").lines(LONGEST_WAIT_S) == ()


def test_what_another_plugin_has_changed_is_the_line_that_is_sent() -> None:
    recent = queued("M104 S200", "M140 S60", "M140 S0")
    recent.sent("M140", "M140 S65", 1.0)
    assert recent.lines(1.0) == ("M140 S65", "M140 S0")


def test_nothing_is_left_of_a_connection_that_has_ended() -> None:
    recent = queued("M140 S60")
    recent.sent("M104", "M104 S200", 0.0)
    recent.forget()
    assert recent.lines(0.0) == ()

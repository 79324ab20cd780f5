"""Names of garbled lines."""

from __future__ import annotations

from octoprint_temp_eta.plugin.hooks.reported_names import MOST_NAMES, ReportedNames


def test_a_name_in_a_single_line_is_garbled():
    names = ReportedNames()
    for line in ({"T0": (20.0, 0.0), "A": (35.6, None)}, {"T0": (20.0, 0.0), "A": (35.6, None), "OOOT": (20.0, 0.0)}):
        assert names.hook(None, line) is line
    assert [name for name in ("T0", "A", "OOOT", "injected") if names.is_garbled(name)] == ["OOOT"]
    names.hook(None, {"OOOT": (21.0, 0.0)})
    assert not names.is_garbled("OOOT")


def test_the_names_are_forgotten_and_few():
    names = ReportedNames()
    names.hook(None, {"OOOT": (20.0, 0.0)})
    names.forget()
    assert not names.is_garbled("OOOT")
    for number in range(2 * MOST_NAMES):
        names.hook(None, {f"x{number}": (20.0, None)})
    assert names.is_garbled(f"x{MOST_NAMES - 1}")
    assert not names.is_garbled(f"x{MOST_NAMES}")


def test_a_missing_value_from_another_plugin_is_accepted():
    assert ReportedNames().hook(None, {}) == {}


def test_what_the_newest_line_does_not_have_is_repeated():
    names = ReportedNames()
    assert names.repeated == frozenset()
    names.hook(None, {"T0": (20.0, 0.0), "T1": (20.0, None), "B": (20.0, 0.0), "C": (20.0, 0.0), "A": (35.6, None)})
    assert names.repeated == frozenset()
    names.hook(None, {"T1": (165.0, None), "E": (0.0, None), "B": (None, 60.0), "A": [36.0, None]})
    assert names.repeated == {"tool0", "bed", "chamber"}
    names.hook(None, {})
    assert names.repeated == {"tool0", "tool1", "bed", "chamber", "A", "E"}
    names.forget()
    assert names.repeated == frozenset()


def test_few_names_are_repeated():
    names = ReportedNames()
    for number in range(2 * MOST_NAMES):
        names.hook(None, {f"x{number}": (20.0, None)})
    assert len(names.repeated) == MOST_NAMES

"""Conditions that must hold for some time."""

from __future__ import annotations

from octoprint_temp_eta.core.heating.state_machine.debounce import Debounce


def test_a_debounce_requires_no_break():
    debounce = Debounce(3.0)
    assert [debounce.update(at, true) for at, true in [(0, True), (2, True), (3, True)]] == [False, False, True]
    assert [debounce.update(at, true) for at, true in [(4, False), (5, True), (8, True)]] == [False, False, True]
    debounce.restart()
    assert not debounce.update(9, True)

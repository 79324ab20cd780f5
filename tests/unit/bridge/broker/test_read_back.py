"""Waiting for our own `info` on each connection."""

from __future__ import annotations

from octoprint_temp_eta.bridge.broker.read_back import READ_BACK_S, ReadBack, explain
from octoprint_temp_eta.core.clock import Now


def at(seconds: float) -> Now:
    return Now(seconds, seconds)


def test_info_that_comes_back_is_not_missing():
    read_back = ReadBack()
    read_back.connected(at(0))
    read_back.arrived()
    assert not read_back.tick(at(READ_BACK_S + 1))
    assert not read_back.missing


def test_info_that_does_not_come_back_is_reported_once_for_each_connection():
    read_back = ReadBack()
    for start in (0.0, 100.0):
        read_back.connected(at(start))
        assert not read_back.tick(at(start + READ_BACK_S - 0.1))
        assert read_back.tick(at(start + READ_BACK_S))
        assert read_back.missing
        assert not read_back.tick(at(start + READ_BACK_S + 1))


def test_info_that_comes_late_ends_the_problem():
    read_back = ReadBack()
    read_back.connected(at(0))
    read_back.tick(at(READ_BACK_S))
    read_back.arrived()
    assert not read_back.missing


def test_without_a_connection_nothing_is_missing():
    read_back = ReadBack()
    assert not read_back.tick(at(1000))
    read_back.connected(at(0))
    read_back.ended()
    assert not read_back.tick(at(1000))


def test_the_explanation_has_consequence_and_remedy():
    text = explain("octoprint/temp_eta/ender")
    assert "octoprint/temp_eta/ender/info did not come back within 10 s" in text
    assert "Commands will not arrive. Allow the user to read octoprint/temp_eta/ender/# (ACL)." in text

"""Watching a script's attribute `script_status`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from octoprint_temp_eta.script_child.channel import status
from octoprint_temp_eta.script_child.channel.channel import Channel
from octoprint_temp_eta.script_child.channel.status import BURST, MAX_TEXT, RATE, Status


class Sent(Channel):
    """A channel that keeps the statuses that are sent."""

    def __init__(self) -> None:
        super().__init__(-1, -1)
        self.statuses: list[str] = []

    def send(self, kind: str, **values: Any) -> None:
        assert kind == "status"
        self.statuses.append(values["status"])


class Broken:
    @property
    def script_status(self) -> str:
        raise RuntimeError


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look only when a test does, and at the end."""
    monkeypatch.setattr(status, "POLL", 1e6)


def test_a_status_is_sent_once():
    sent, script = Sent(), SimpleNamespace(script_status="a")
    watched = Status(sent)
    with watched.of(script):
        watched.look()
        watched.look()
        script.script_status = None
        watched.look()
        script.script_status = 7
    assert sent.statuses == ["a", "7"]


@pytest.mark.parametrize("script", [Broken(), object(), SimpleNamespace(script_status=None)])
def test_a_script_without_a_status_sends_none(script: object):
    sent = Sent()
    with Status(sent).of(script):
        pass
    assert sent.statuses == []


def test_a_long_status_is_cut():
    sent = Sent()
    with Status(sent).of(SimpleNamespace(script_status="x" * (MAX_TEXT + 1))):
        pass
    assert sent.statuses == ["x" * MAX_TEXT]


def test_of_many_statuses_the_newest_is_sent_later_and_the_last_in_any_case(monkeypatch: pytest.MonkeyPatch):
    clock = [100.0]
    monkeypatch.setattr(status.time, "monotonic", lambda: clock[0])
    sent, script = Sent(), SimpleNamespace(script_status="")
    watched = Status(sent)
    with watched.of(script):
        for number in range(BURST + 5):
            script.script_status = str(number)
            watched.look()
        assert len(sent.statuses) == BURST
        clock[0] += 1.0 / RATE
        watched.look()
        assert sent.statuses[-1] == str(BURST + 4)
        script.script_status = "last"
    assert sent.statuses[-1] == "last"

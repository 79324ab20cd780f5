"""The steps of the connection test, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from octoprint_temp_eta.adapters.broker import reach
from octoprint_temp_eta.adapters.connection_test import probe
from octoprint_temp_eta.adapters.connection_test.doctor import Step, examine
from octoprint_temp_eta.bridge.protocol.effects import ConnectionTest
from tests.support.mqtt_link import spec

BASE = "test/printer"
MACHINE = "9f86d081884c7d65"
NAMES = (
    "Name look-up", "TCP", "TLS", "CONNECT", "Subscribe", "Publish", "Read back",
    "Identity", "Other publishers", "Home Assistant", "Packet limit",
)  # fmt: skip


def shorten_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the steps wait for a short time only."""
    monkeypatch.setattr(reach, "STEP_TIMEOUT_S", 3.0)
    monkeypatch.setattr(probe, "RETAINED_S", 0.3)


def steps(
    port: int,
    *,
    largest: int = 0,
    status_topic: str = "",
    more: Mapping[str, Any] = MappingProxyType({}),
    **changed: Any,
) -> dict[str, Step]:
    """Return the steps of a connection test by name; `more` are further fields of the test."""
    pushed: list[Step] = []
    test = ConnectionTest(spec(port, **changed), BASE, MACHINE, status_topic, largest, **more)
    found = examine(test, pushed.append)
    assert found == pushed, "each step is pushed as it is done"
    assert [step.name for step in found] == list(NAMES)
    return {step.name: step for step in found}

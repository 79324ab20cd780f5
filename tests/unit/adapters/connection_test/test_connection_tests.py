"""Connection tests in a thread of their own."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from octoprint_temp_eta.adapters.connection_test.connection_tests import ConnectionTests
from octoprint_temp_eta.bridge.protocol.connection_test import ConnectionTestDone
from octoprint_temp_eta.bridge.protocol.effects import Connect, ConnectionTest
from tests.support.bridge_driver import BridgeDriver


def test_a_test_that_gets_no_thread_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    [connect] = BridgeDriver().of(Connect)
    posted: queue.SimpleQueue[Any] = queue.SimpleQueue()
    tests = ConnectionTests(posted.put)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    tests.start(ConnectionTest(connect, "octoprint/temp_eta/ender", number=7))
    assert posted.get(timeout=10) == ConnectionTestDone(7, "The test could not be started: can't start new thread.")
    tests.close()

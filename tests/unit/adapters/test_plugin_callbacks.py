"""Callbacks of other plugins: what they get, and that none costs others anything."""

from __future__ import annotations

import logging
import queue
import threading
from typing import Any

import pytest

from octoprint_temp_eta.adapters.plugin_callbacks import MOST_CALLBACKS, MOST_WAITING, PluginCallbacks
from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived

HELLO = MessageArrived("plugin/sub", b"hello", retained=True, qos=1)


@pytest.fixture
def callbacks():
    made = PluginCallbacks(logging.getLogger("test-callbacks"))
    yield made
    made.close()


def test_a_callback_gets_the_message_as_in_octoprint_mqtt(callbacks: PluginCallbacks):
    got: queue.Queue[Any] = queue.Queue()
    callbacks.subscribe("plugin/#", lambda *args, **kwargs: got.put((args, kwargs)), ("more",), {"key": 7})
    assert callbacks.dispatch(HELLO)
    assert got.get(timeout=10) == (("plugin/sub", b"hello", "more"), {"retained": True, "qos": 1, "key": 7})
    assert not callbacks.dispatch(MessageArrived("elsewhere", b""))


def failing(callbacks: PluginCallbacks) -> queue.Queue[bytes]:
    """Subscribe a callback that always raises; return the payloads of its calls."""
    called: queue.Queue[bytes] = queue.Queue()

    def fail(topic: str, payload: bytes, **_: Any) -> None:
        called.put(payload)
        raise ValueError(topic)

    callbacks.subscribe("plugin/sub", fail)
    return called


def test_one_that_raises_is_logged_and_called_again(callbacks: PluginCallbacks, caplog: pytest.LogCaptureFixture):
    called = failing(callbacks)
    callbacks.dispatch(HELLO)
    callbacks.dispatch(HELLO)
    assert [called.get(timeout=10), called.get(timeout=10)] == [b"hello", b"hello"]
    assert "A plugin's callback for plugin/sub failed" in caplog.text


def test_one_that_always_raises_does_not_fill_the_log(callbacks: PluginCallbacks, caplog: pytest.LogCaptureFixture):
    called = failing(callbacks)
    for _ in range(101):
        callbacks.dispatch(HELLO)
        called.get(timeout=10)
    assert [record.getMessage() for record in caplog.records] == [
        "A plugin's callback for plugin/sub failed",
        "A plugin's callback for plugin/sub failed 10 times: ValueError('plugin/sub')",
        "A plugin's callback for plugin/sub failed 100 times: ValueError('plugin/sub')",
    ]


def test_one_that_blocks_delays_no_other(callbacks: PluginCallbacks, caplog: pytest.LogCaptureFixture):
    free, got = threading.Event(), queue.Queue[bytes]()
    callbacks.subscribe("plugin/sub", lambda *_, **__: free.wait(30))
    callbacks.subscribe("plugin/sub", lambda _, payload, **__: got.put(payload))
    for _ in range(MOST_WAITING + 10):
        callbacks.dispatch(HELLO)
        assert got.get(timeout=10) == b"hello"
    assert caplog.text.count("is too slow: messages are dropped") == 1
    free.set()


def test_an_unsubscribed_callback_is_called_no_more(callbacks: PluginCallbacks):
    got: queue.Queue[bytes] = queue.Queue()

    def note(topic: str, *_: Any, **__: Any) -> None:
        got.put(topic)

    callbacks.subscribe("a", note)
    callbacks.subscribe("b", note)
    callbacks.unsubscribe(note, "a")
    assert callbacks.filters == ("b",)
    callbacks.dispatch(MessageArrived("b", b""))
    assert got.get(timeout=10) == "b"
    callbacks.unsubscribe(note)
    assert callbacks.filters == ()


def test_a_callback_that_cannot_be_compared_keeps_no_other_from_being_unsubscribed(callbacks: PluginCallbacks):
    class Odd:
        def __call__(self, *_: Any, **__: Any) -> None:
            pass

        def __eq__(self, other: object) -> bool:
            raise TypeError

        __hash__ = object.__hash__

    callbacks.subscribe("plugin/odd", Odd())
    callbacks.subscribe("plugin/sub", print)
    callbacks.unsubscribe(print)
    assert callbacks.filters == ("plugin/odd",)


def test_there_are_not_more_callbacks_than_threads_are_permitted(callbacks: PluginCallbacks):
    assert all(callbacks.subscribe("a", print) for _ in range(MOST_CALLBACKS))
    assert not callbacks.subscribe("a", print)

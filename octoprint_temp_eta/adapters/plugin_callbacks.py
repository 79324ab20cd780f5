"""Callbacks of other plugins for MQTT messages. Each has a thread of its own and a bounded queue.

A callback that blocks or raises delays nobody else: neither the connection, nor the bridge, nor other callbacks.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..bridge.protocol.inputs import MessageArrived
from ..core.topic_filter import matches

#: Callbacks at most, and messages that may wait for one of them.
MOST_CALLBACKS, MOST_WAITING = 32, 64

Callback = Callable[..., Any]


class _Subscription:
    """One callback on one filter."""

    def __init__(
        self, topic: str, callback: Callback, args: Sequence[Any], kwargs: Mapping[str, Any], logger: logging.Logger
    ) -> None:
        self.topic, self.callback = topic, callback
        self._args, self._kwargs = tuple(args), dict(kwargs)
        self._logger = logger
        self._dropped = 0
        self._failed = 0
        self._waiting: queue.Queue[MessageArrived | None] = queue.Queue(MOST_WAITING)
        self._ended = False
        threading.Thread(target=self._work, name="temp_eta-plugin-callback", daemon=True).start()

    def calls(self, callback: Callback) -> bool:
        """Return whether this is a subscription of `callback`, whose comparison may raise."""
        try:
            return bool(self.callback == callback)
        except Exception:
            return False

    def offer(self, message: MessageArrived) -> None:
        """Add a message, or drop it if too many wait."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            self._dropped += 1
            if self._dropped == 1:
                self._logger.warning("A plugin's callback for %s is too slow: messages are dropped", self.topic)

    def end(self) -> None:
        """Stop calling it; the thread ends after the current call."""
        self._ended = True
        with contextlib.suppress(queue.Full):  # the thread looks at `_ended` before each call
            self._waiting.put_nowait(None)

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None and not self._ended:
            given = {"retained": message.retained, "qos": message.qos, **self._kwargs}
            try:
                self.callback(message.topic, message.payload, *self._args, **given)
            except Exception as error:
                self._log_failure(error)

    def _log_failure(self, error: Exception) -> None:
        """Log the first failure with its traceback, and then every tenth, hundredth …: messages may come for years."""
        self._failed += 1
        if self._failed == 1:
            self._logger.exception("A plugin's callback for %s failed", self.topic)
        elif self._failed == 10 ** (len(str(self._failed)) - 1):
            self._logger.error("A plugin's callback for %s failed %s times: %r", self.topic, self._failed, error)


class PluginCallbacks:
    """The callbacks by filter."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        #: Replaced, never changed: the thread of the connection reads it without a lock.
        self._subscriptions: tuple[_Subscription, ...] = ()
        self._changing = threading.Lock()

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters that have callbacks."""
        return tuple(dict.fromkeys(each.topic for each in self._subscriptions))

    def subscribe(
        self, topic: str, callback: Callback, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> bool:
        """Call `callback` for messages on `topic`; return False if there are too many callbacks."""
        with self._changing:
            if len(self._subscriptions) >= MOST_CALLBACKS:
                return False
            made = _Subscription(topic, callback, args, kwargs or {}, self._logger)
            self._subscriptions = (*self._subscriptions, made)
            return True

    def unsubscribe(self, callback: Callback, topic: str | None = None) -> None:
        """Call `callback` no more, on all filters or on `topic`."""
        with self._changing:
            gone = {each for each in self._subscriptions if each.calls(callback) and topic in (None, each.topic)}
            self._subscriptions = tuple(each for each in self._subscriptions if each not in gone)
        for each in gone:
            each.end()

    def dispatch(self, message: MessageArrived) -> bool:
        """Pass a message to its callbacks, without waiting; return whether there are any."""
        found = [each for each in self._subscriptions if matches(each.topic, message.topic)]
        for each in found:
            each.offer(message)
        return bool(found)

    def close(self) -> None:
        """End all callbacks; a call that is running is not awaited."""
        with self._changing:
            ended, self._subscriptions = self._subscriptions, ()
        for each in ended:
            each.end()

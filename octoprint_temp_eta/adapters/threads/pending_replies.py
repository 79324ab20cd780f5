"""REST calls that wait for the bridge's reply, each with a ticket."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

from ...bridge.protocol.effects import RestReply

#: The maximum number of waiting calls. Each occupies one of OctoPrint's request threads.
CAPACITY = 8
#: Timeout for a reply in s; normally it takes milliseconds.
REPLY_S = 5.0

Reply = Mapping[str, Any]


class NoReply(Exception):
    """There is no reply from the bridge; `code` is an error code, and the message the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PendingReplies:
    """Issues tickets and passes each reply to the waiting call."""

    def __init__(self) -> None:
        self._tickets = itertools.count(1)
        self._waiting: dict[int, Future[Reply]] = {}
        self._open = True
        self._lock = threading.Lock()

    def ask(self, post: Callable[[int], None], timeout: float = REPLY_S) -> Reply:
        """Call `post` with a new ticket, and wait for the reply. Raises `NoReply`."""
        ticket, future = self._take()
        try:
            post(ticket)
            return future.result(timeout)
        except TimeoutError:
            raise NoReply("timeout", f"There was no reply within {timeout:g} s.") from None
        except CancelledError:
            raise NoReply("shutdown", "OctoPrint shuts down.") from None
        finally:
            with self._lock:
                del self._waiting[ticket]

    def give(self, reply: RestReply) -> None:
        """Pass the reply to the waiting call, if any. Only the first reply counts, because a start has two."""
        with self._lock:
            future = self._waiting.get(reply.ticket)
            if future is not None and not future.done():
                future.set_result(reply.reply)

    def close(self) -> None:
        """End all waiting calls."""
        with self._lock:
            self._open = False
            for future in self._waiting.values():
                future.cancel()

    def _take(self) -> tuple[int, Future[Reply]]:
        with self._lock:
            if not self._open:
                raise NoReply("shutdown", "OctoPrint shuts down.")
            if len(self._waiting) >= CAPACITY:
                raise NoReply("rate_limited", f"{CAPACITY} calls already wait for a reply.")
            ticket, future = next(self._tickets), Future[Reply]()
            self._waiting[ticket] = future
            return ticket, future

"""Whoever waits for the bridge's answer: a thread of OctoPrint's web server, with a ticket in its hand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

from ..bridge.protocol.effects import Answer

#: So many may wait at once: each holds a thread that OctoPrint answers its users with.
CAPACITY = 8
#: s until the bridge must have answered; it takes milliseconds, unless something is wrong.
ANSWER_S = 5.0

Reply = Mapping[str, Any]


class NoAnswer(Exception):
    """The bridge has not answered; `code` and the message say why, as in the contract's errors."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Answers:
    """The counter: hands out tickets, and gives each waiting thread the reply to its own."""

    def __init__(self) -> None:
        self._tickets = itertools.count(1)
        self._waiting: dict[int, Future[Reply]] = {}
        self._open = True
        self._lock = threading.Lock()

    def ask(self, post: Callable[[int], None], timeout: float = ANSWER_S) -> Reply:
        """Have `post` tell the bridge with a new ticket, and wait for the reply. Raises `NoAnswer`."""
        ticket, future = self._take()
        try:
            post(ticket)
            return future.result(timeout)
        except TimeoutError:
            raise NoAnswer("timeout", f"There was no answer within {timeout:g} s.") from None
        except CancelledError:
            raise NoAnswer("shutdown", "OctoPrint shuts down.") from None
        finally:
            with self._lock:
                del self._waiting[ticket]

    def give(self, answer: Answer) -> None:
        """Give the reply to whoever still waits for it. Only the first counts: a start is answered twice."""
        with self._lock:
            future = self._waiting.get(answer.ticket)
            if future is not None and not future.done():
                future.set_result(answer.reply)

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._lock:
            self._open = False
            for future in self._waiting.values():
                future.cancel()

    def _take(self) -> tuple[int, Future[Reply]]:
        with self._lock:
            if not self._open:
                raise NoAnswer("shutdown", "OctoPrint shuts down.")
            if len(self._waiting) >= CAPACITY:
                raise NoAnswer("rate_limited", f"{CAPACITY} calls wait for an answer already.")
            ticket, future = next(self._tickets), Future[Reply]()
            self._waiting[ticket] = future
            return ticket, future

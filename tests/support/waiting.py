"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.02
#: Seconds to wait on a busy machine, where nothing depends on how soon something comes.
TIMEOUT_S = 30.0
#: Below the range of Linux's ephemeral ports.
PORTS = (20_000, 32_000)
_given: set[int] = set()


def eventually(
    condition: Callable[[], T | None], what: str, timeout: float = TIMEOUT_S, poll: float = POLL_SECONDS
) -> T:
    """Call `condition` until it returns something true, and return that.

    Raises:
        TimeoutError: naming `what` was awaited, when `timeout` seconds have passed.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what} did not come within {timeout:g} s")
        time.sleep(poll)


def free_port() -> int:
    """Return a free TCP port of 127.0.0.1, each one once, that the system does not use as an ephemeral port."""
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        if port in _given:
            continue
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port

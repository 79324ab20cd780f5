"""The time of an input, read once from both clocks."""

from __future__ import annotations

from .frozen import frozen


@frozen
class Now:
    """The current time: `at` in seconds of a monotonic clock, `wall` in Unix seconds."""

    at: float
    wall: float

"""The time of an input, read once from both clocks."""

from __future__ import annotations

from .value import value


@value
class Now:
    """The current time: `at` in seconds of a monotonic clock, `wall` in Unix seconds."""

    at: float
    wall: float

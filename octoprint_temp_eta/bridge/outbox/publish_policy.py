"""When a changed state is published: some changes at once, numbers at most as often as the user wants.

The schema of a message has the policy of each key as `x-publish`: `now` (a change is published at once), `changed` (it
waits for the interval), `deadband` (as `changed`, once the number has moved by `x-deadband`), and `never` (a change of
this key alone is no reason to publish).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...messages.catalogue import MESSAGES


@dataclass(frozen=True)
class Policy:
    """The keys of a message by what a change of them means."""

    now: frozenset[str]
    changed: frozenset[str]
    deadbands: Mapping[str, float]


@cache
def policy_of(message: str) -> Policy:
    """Return the policy in the schema of `message`."""
    keys = MESSAGES[message].schema["properties"].items()
    return Policy(
        now=frozenset(key for key, rule in keys if rule.get("x-publish") == "now"),
        changed=frozenset(key for key, rule in keys if rule.get("x-publish") == "changed"),
        deadbands={key: rule["x-deadband"] for key, rule in keys if rule.get("x-publish") == "deadband"},
    )


class Gate:
    """Decides for one topic."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._last: Mapping[str, Any] | None = None
        self._last_at = 0.0

    def passes(self, body: Mapping[str, Any], at: float, interval: float) -> bool:
        """Return whether to publish `body` at `at` (monotonic seconds), at most every `interval` seconds."""
        last, policy = self._last, self._policy
        if last is None or any(body.get(key) != last.get(key) for key in policy.now):
            return self._opened(body, at)
        if at - self._last_at < interval:
            return False
        moved = any(body.get(key) != last.get(key) for key in policy.changed) or any(
            _moved(last.get(key), body.get(key), band) for key, band in policy.deadbands.items()
        )
        return moved and self._opened(body, at)

    def _opened(self, body: Mapping[str, Any], at: float) -> bool:
        self._last, self._last_at = body, at
        return True


def _moved(before: float | None, after: float | None, band: float) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= band

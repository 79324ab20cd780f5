"""When a changed state is published: some changes at once, numbers only if a reader could not have expected them.

The schema of a message has the policy of each key as `x-publish`: `now` (a change is published at once), `changed` (it
waits for the interval), `deadband` (as `changed`, once the number differs from the expected one by `x-deadband` and by
`x-deadband-share` of it), and `never` (a change of this key alone is no reason to publish).

The expected number is the last published one, continued with `x-rate` per second: a number, or the key that has it. A
number that moves fast may differ by what it moves in `x-deadband-seconds`, because readings are late by some time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ...home_assistant.entities.parts import HEARTBEAT_S
from ...messages.contract.catalogue import MESSAGES

#: Seconds after which a number that has moved is published though it can be continued. One that rests is published too
#: if who continues it until the next heartbeat is wrong: the rate of the arrival would be there as long as it rests.
CONTINUED_S = 10.0
#: The `x-rate` of seconds that count down, to 0.
COUNTDOWN = -1
#: Share of the interval after which the next message may follow, because the times of readings vary by milliseconds.
OPEN_SHARE = 0.8
#: Seconds after which a number that counts down is published anyway: shortly before the heartbeat, which would repeat
#: the last one with a new time.
RENEWED_S = HEARTBEAT_S - 6.0


@dataclass(frozen=True)
class Deadband:
    """How much a number may differ from the expected one: by `size`, `share` of it, or its move in `seconds`.

    `rate` is as `x-rate`.
    """

    size: float
    share: float = 0.0
    rate: float | str = 0.0
    seconds: float = 0.0

    def left(self, key: str, last: Mapping[str, Any], body: Mapping[str, Any], elapsed: float) -> bool:
        """Return whether the number of `key` in `body` differs from the one expected `elapsed` s after `last`."""
        before, after = last.get(key), body.get(key)
        if before is None or after is None:
            return before is not after
        rate = (last.get(self.rate) if isinstance(self.rate, str) else self.rate) or 0.0
        continued = before + rate * min(elapsed, HEARTBEAT_S)
        if before >= 0.0 and self.rate == COUNTDOWN:
            continued = max(continued, 0.0)
        if elapsed < CONTINUED_S:
            return self._differs(after, continued, self.seconds * abs(rate))
        return self._differs(after, before) or self._differs(after, continued)

    def counts_down(self, value: float | None) -> bool:
        """Return whether `value` counts down."""
        return self.rate == COUNTDOWN and value is not None

    def _differs(self, after: float, expected: float, late: float = 0.0) -> bool:
        return bool(abs(after - expected) >= max(self.size, self.share * abs(expected), late))


@dataclass(frozen=True, eq=False)
class Policy:
    """The keys of a message by the effect of a change."""

    now: frozenset[str]
    changed: frozenset[str]
    deadbands: Mapping[str, Deadband]


@cache
def policy_of(message: str) -> Policy:
    """Return the policy in the schema of `message`."""
    keys = MESSAGES[message].schema["properties"].items()
    return Policy(
        now=frozenset(key for key, rule in keys if rule.get("x-publish") == "now"),
        changed=frozenset(key for key, rule in keys if rule.get("x-publish") == "changed"),
        deadbands={
            key: Deadband(
                rule["x-deadband"],
                rule.get("x-deadband-share", 0.0),
                rule.get("x-rate", 0.0),
                rule.get("x-deadband-seconds", 0.0),
            )
            for key, rule in keys
            if rule.get("x-publish") == "deadband"
        },
    )


@cache
def shown(policy: Policy) -> Policy:
    """Return the policy for the open pages, which continue no number: half of each deadband."""
    return replace(policy, deadbands={key: Deadband(band.size / 2) for key, band in policy.deadbands.items()})


class Gate:
    """Decides for one topic."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._last: Mapping[str, Any] | None = None
        self._last_at = 0.0
        #: Whether a change waits for the interval.
        self.waits = False

    def passes(self, body: Mapping[str, Any], at: float, interval: float) -> bool:
        """Return whether to publish `body` at `at` (monotonic seconds), about every `interval` seconds at most."""
        last, policy, elapsed = self._last, self._policy, at - self._last_at
        if last is None or any(body.get(key) != last.get(key) for key in policy.now):
            return self._opened(body, at)
        news = any(body.get(key) != last.get(key) for key in policy.changed) or any(
            band.left(key, last, body, elapsed) or (elapsed >= RENEWED_S and band.counts_down(body.get(key)))
            for key, band in policy.deadbands.items()
        )
        self.waits = news and elapsed < OPEN_SHARE * interval
        return news and not self.waits and self._opened(body, at)

    def _opened(self, body: Mapping[str, Any], at: float) -> bool:
        self._last, self._last_at, self.waits = body, at, False
        return True

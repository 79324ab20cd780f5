"""Which MQTT version the next attempt to connect uses.

Every connection starts with an attempt in MQTT 5. What follows depends on how the broker reacts:

* It refuses the version (CONNACK 0x84, or 1 of MQTT 3.1.1): the next attempt uses 3.1.1, without a pause.
* It closes the connection without a CONNACK, as RabbitMQ 3.10 does, or does not respond. A proxy whose broker restarts,
  a frozen broker and a slow link do the same, and may support MQTT 5. So an attempt in 3.1.1 only checks whether the
  broker responds. If it does, MQTT 5 is tried again before 3.1.1 is used.

A connection in 3.1.1 lasts until it ends; the next one starts with MQTT 5 again.
"""

from __future__ import annotations

from enum import Enum, auto

from ...core.frozen import frozen

#: Seconds to wait for CONNACK: a link with 3 s in each direction needs 6 s, and a busy broker needs longer.
CONNACK_TIMEOUT_S = 15.0
#: Timeout for CONNACK in MQTT 5 from a broker that has just responded in 3.1.1: in seconds, plus this multiple of its
#: response time.
SECOND_TIMEOUT_S, SECOND_TIMEOUT_FACTOR = 2.0, 4.0


class Step(Enum):
    """What the attempt is for."""

    FIRST = auto()
    #: Does the broker respond to 3.1.1, where it was silent or closed the connection in 5?
    PROBE = auto()
    #: It does: does it still not respond in 5?
    SECOND = auto()
    #: It does not support MQTT 5.
    FALLBACK = auto()


class Outcome(Enum):
    """How the broker reacted to CONNECT."""

    ACCEPTED = auto()
    UNSUPPORTED = auto()
    CLOSED = auto()
    SILENT = auto()
    #: The attempt failed before CONNECT, or for a reason that has nothing to do with the version.
    FAILED = auto()


@frozen
class Attempt:
    """An attempt to connect: its MQTT version, and the seconds to wait for CONNACK."""

    step: Step
    protocol: str
    timeout: float


class ProtocolVersion:
    """Chooses the version of each attempt."""

    def __init__(self) -> None:
        self.attempt = _attempt(Step.FIRST)

    def outcome(self, outcome: Outcome, seconds: float = 0.0) -> bool:
        """Note how the attempt ended after `seconds`, and return whether the next one follows without a pause."""
        step = self.attempt.step
        following = NEXT.get((step, outcome), Step.FIRST)
        self.attempt = _attempt(following, seconds)
        return following in (Step.SECOND, Step.FALLBACK) or (following is Step.PROBE and outcome is Outcome.CLOSED)

    @property
    def is_probe(self) -> bool:
        """Whether the attempt is not meant to become a connection."""
        return self.attempt.step is Step.PROBE


#: The step after a step and its outcome; after all others the first one follows, after a pause.
NEXT = {
    (Step.FIRST, Outcome.UNSUPPORTED): Step.FALLBACK,
    (Step.FIRST, Outcome.CLOSED): Step.PROBE,
    (Step.FIRST, Outcome.SILENT): Step.PROBE,
    (Step.PROBE, Outcome.ACCEPTED): Step.SECOND,
    (Step.SECOND, Outcome.UNSUPPORTED): Step.FALLBACK,
    (Step.SECOND, Outcome.CLOSED): Step.FALLBACK,
    (Step.SECOND, Outcome.SILENT): Step.FALLBACK,
}


def _attempt(step: Step, seconds: float = 0.0) -> Attempt:
    protocol = "5" if step in (Step.FIRST, Step.SECOND) else "3.1.1"
    timeout = CONNACK_TIMEOUT_S
    if step is Step.SECOND:
        timeout = min(timeout, SECOND_TIMEOUT_S + SECOND_TIMEOUT_FACTOR * seconds)
    return Attempt(step, protocol, timeout)

"""The connection test: which step works, which fails, why, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...bridge.protocol.connection_test import Step
from ...bridge.protocol.effects import Connect, ConnectionTest
from ...settings.broker_address import BrokerAddress
from ..broker import diagnosis, errors, reach
from ..broker.reach import StepFailed, StepSkipped
from ..threads.inbox import now
from .probe import Probe

__all__ = ["Step", "examine"]

#: Seconds after which the remaining steps are skipped.
TIME_LIMIT_S = 180.0

#: Gets each step as soon as it is done.
OnStep = Callable[[Step], None]


def examine(
    test: ConnectionTest, on_step: OnStep = lambda _: None, stopped: Callable[[], bool] = lambda: False
) -> list[Step]:
    """Run all steps for each address of the connection, and return their results.

    Blocks for up to a minute per address, and for little more than `TIME_LIMIT_S` altogether; once `stopped` returns
    true, the remaining steps are skipped. It uses a client of its own, beside the connection that may be up, and
    publishes on the topic `probe`.
    """
    until = now().at + TIME_LIMIT_S

    def skip() -> str | None:
        if stopped():
            return "The test was stopped."
        return "The test took too long: test the brokers of the list one by one." if now().at >= until else None

    return [step for address in test.connect.addresses for step in _examine(test, address, on_step, skip)]


def _examine(
    test: ConnectionTest, address: BrokerAddress, on_step: OnStep, skip: Callable[[], str | None]
) -> list[Step]:
    probe = Probe(test, address)
    steps: list[Step] = []

    def run(name: str, act: Callable[[], str]) -> bool:
        """Run a step, or skip it after one that it needs; return whether those that need it may run."""
        reason = skip() or (None if reached else "An earlier step failed.")
        step = _run(name, act, address, test.connect) if reason is None else Step(str(address), name, "skipped", reason)
        steps.append(step)
        on_step(step)
        return step.status != "failed"

    reached = True
    try:
        for name, act in (
            ("Name look-up", partial(reach.look_up, address)),
            ("TCP", partial(reach.connect_tcp, address)),
            ("TLS", partial(reach.connect_tls, test.connect, address)),
            ("CONNECT", probe.connect),
        ):
            reached = run(name, act) and reached
        for name, act in (
            ("Subscribe", probe.subscribe),
            ("Publish", probe.publish),
            ("Read back", probe.read_back),
            ("Identity", probe.identity),
            ("Other publishers", probe.other_publishers),
            ("Home Assistant", probe.home_assistant),
            ("Packet limit", probe.packet_limit),
        ):
            run(name, act)
    finally:
        probe.close()
    return steps


def _run(name: str, act: Callable[[], str], address: BrokerAddress, spec: Connect) -> Step:
    try:
        return Step(str(address), name, "ok", act())
    except StepSkipped as skipped:
        return Step(str(address), name, "skipped", str(skipped))
    except StepFailed as failed:
        return Step(str(address), name, "failed", _sentence(name, str(failed)))
    except Exception as error:  # what the network or a library raises is the result of the step
        return Step(str(address), name, "failed", _sentence(name, diagnosis.failure(error, address, spec)))


def _sentence(step: str, text: str) -> str:
    """Return `text` with a full stop, without the name of its step, which is shown beside it."""
    return errors.sentence(text.removeprefix(f"{step}: "))

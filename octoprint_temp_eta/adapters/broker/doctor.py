"""The connection test: which step works, which fails, why, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ...settings.broker_address import BrokerAddress
from . import errors, reach
from .probe import ConnectionTest, Probe
from .reach import StepFailed, StepSkipped

#: Gets each step as soon as it is done.
OnStep = Callable[["Step"], None]


@dataclass(frozen=True, slots=True)
class Step:
    """The result of one step at one broker. `message` is what was found, or why the step failed and what to do."""

    broker: str
    name: str
    status: Literal["ok", "failed", "skipped"]
    message: str


def examine(test: ConnectionTest, on_step: OnStep = lambda _: None) -> list[Step]:
    """Run all steps for each address of the connection, and return their results.

    Blocks for up to a minute per address. It uses a client of its own, beside the connection that may be up, and
    publishes one message on the topic `probe`.
    """
    return [step for address in test.connect.addresses for step in _examine(test, address, on_step)]


def _examine(test: ConnectionTest, address: BrokerAddress, on_step: OnStep) -> list[Step]:
    probe = Probe(test, address)
    steps: list[Step] = []

    def run(name: str, act: Callable[[], str]) -> bool:
        """Run a step, or skip it after one that it needs; return whether those that need it may run."""
        step = _run(name, act, address) if reached else _skipped(name, address)
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
            ("Packet limit", probe.packet_limit),
            ("Identity", probe.identity),
        ):
            run(name, act)
    finally:
        probe.close()
    return steps


def _run(name: str, act: Callable[[], str], address: BrokerAddress) -> Step:
    try:
        return Step(str(address), name, "ok", act())
    except StepSkipped as skipped:
        return Step(str(address), name, "skipped", str(skipped))
    except StepFailed as failed:
        return Step(str(address), name, "failed", str(failed))
    except Exception as error:  # what the network or a library raises is the result of the step
        return Step(str(address), name, "failed", f"{errors.explain(error, address)}.")


def _skipped(name: str, address: BrokerAddress) -> Step:
    return Step(str(address), name, "skipped", "An earlier step failed.")

"""Helpers for an outbox with a simulated clock."""

from __future__ import annotations

import json
from typing import Any

from octoprint_temp_eta.bridge.outbox.outbox import Outbox
from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.bridge.protocol.inputs import Answer, Delivered
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.messages.topics import Topics

BASE = "octoprint/temp_eta/ender"
OTHER = Topics("other")


def now(at: float = 0.0) -> Now:
    return Now(at, 1_795_188_600.0 + at)


def outbox() -> Outbox:
    return Outbox(Topics(BASE), "b0b0")


def connect(box: Outbox, link: int) -> None:
    """Connect to a broker on which nobody uses the former topics."""
    box.connect(link, now())
    box.clear_former(box.former)


def heater(name: str = "bed", **changed: Any) -> dict[str, Any]:
    return {"heater": name, "state": "heating", "actual": 20.0, **changed}


def change(name: str = "bed", number: int = 0) -> dict[str, Any]:
    return {"heater": name, "state": "heating", "previous_state": "off", "actual": number, "target": 60}


def fill(box: Outbox, *names: str, at: float = 0.0, **changed: Any) -> None:
    for name in names:
        box.publish_state("eta", heater(name, **changed), now(at), heater=name)


def numbers(sent: list[Publish]) -> list[int]:
    return [json.loads(publish.payload)["actual"] for publish in sent]


def clearings(sent: list[Publish]) -> list[str]:
    return [publish.topic for publish in sent if publish.retain and not publish.payload]


def topics(sent: list[Publish]) -> list[str]:
    return [publish.topic.removeprefix(f"{BASE}/") for publish in sent]


def drain(
    box: Outbox, at: float = 0.0, *, acknowledged: bool = True, answer: Answer = Answer.ACCEPTED
) -> list[Publish]:
    """Return all messages that are sent; by default each is acknowledged at once, with `answer`."""
    sent: list[Publish] = []
    while batch := list(box.drain(now(at))):
        sent += batch
        for publish in batch if acknowledged else ():
            deliver(box, publish, at, answer=answer)
    return sent


def deliver(
    box: Outbox, publish: Publish, at: float = 0.0, link: int | None = None, answer: Answer = Answer.ACCEPTED
) -> None:
    assert publish.token is not None
    box.delivered(Delivered(link or box.link or 0, publish.token, answer), now(at))

"""`temp_eta:validate`: checks the messages on the broker against the schemas."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import click

from ..adapters.threads.inbox import now
from ..bridge.protocol.inputs import MessageArrived
from ..messages.contract.catalogue import InvalidPayload, MessageType
from ..messages.topics import message_at
from .broker import Context, connected, plain

#: Violations that are printed, at most.
MAX_SHOWN = 100


@dataclass(frozen=True)
class Result:
    """What is wrong with a message; `problem` is None for a valid one, and `message` the name of its schema."""

    topic: str
    message: str | None
    problem: str | None


def check(arrived: MessageArrived, base: str) -> Result:
    """Check one message below `base`, which is base topic and printer ID.

    The payload of a command is not checked: the bridge does that.
    """
    if arrived.topic.startswith(f"{base}/command/"):
        return Result(arrived.topic, "command", "is a retained command: clear it" if arrived.retained else None)
    kind = message_at(arrived.topic, base)
    if kind is None:
        return Result(arrived.topic, None, "is no topic of this plugin")
    return Result(arrived.topic, kind.name, _problem(kind, arrived) if arrived.payload else None)


def _problem(kind: MessageType, arrived: MessageArrived) -> str | None:
    if arrived.retained and not kind.retain:
        return "is retained, but an event: clear it"
    try:
        kind.validate(_parsed(kind, arrived.payload))
    except InvalidPayload as error:
        return error.message
    except (ValueError, RecursionError):
        return "is not JSON, or not UTF-8"
    return None


def _parsed(kind: MessageType, payload: bytes) -> object:
    text = payload.decode()
    return text if kind.content_type == "text/plain" else json.loads(text)


def run(context: Context, printer: str | None, seconds: float) -> int:
    """Check what arrives within `seconds`; return the exit status: 1 if something is wrong or nothing arrives."""
    topic = context.settings.mqtt_base_topic
    counts: Counter[str] = Counter()
    problems: dict[tuple[str, str], None] = {}
    with connected(context) as connection:
        connection.subscribe_all([f"{topic}/{printer or '+'}/#"])
        start = now().at
        with click.progressbar(
            length=round(seconds * 10), label="Reading", file=click.get_text_stream("stderr")
        ) as bar:
            done = 0
            while (elapsed := now().at - start) < seconds:
                message = connection.receive(min(start + seconds, now().at + 0.5))
                if message is not None:
                    found = message.topic.removeprefix(f"{topic}/").split("/")[0]
                    result = check(message, f"{topic}/{found}")
                    counts["wrong" if result.problem else "valid"] += 1
                    if result.problem:
                        problems[result.topic, result.problem] = None
                bar.update(round(elapsed * 10) - done)
                done = round(elapsed * 10)
    return _report(counts, problems)


def _report(counts: Counter[str], problems: dict[tuple[str, str], None]) -> int:
    for topic, problem in list(problems)[:MAX_SHOWN]:
        click.echo(f"{click.style('✘', fg='red')} {plain(topic)}: {plain(problem, 500)}")
    total = counts.total()
    if not total:
        click.secho("No message arrived.", fg="red")
        return 1
    colour = "red" if counts["wrong"] else "green"
    click.secho(f"{counts['valid']} of {total} messages are valid.", fg=colour, bold=True)
    return 1 if counts["wrong"] else 0

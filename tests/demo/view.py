"""The demo's output: a table of the heaters above the stream of messages, or plain lines."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tests.demo.feed import Message

COLOURS = {
    "heating": "yellow",
    "at_target": "green",
    "cooling": "cyan",
    "cooled_down": "blue",
    "stalled": "bold red",
}
ROWS_ABOVE_STREAM = 12
LONGEST_STREAM = 200


class View:
    """The state from the messages so far."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._status = "not heard of yet"
        self._printer: dict[str, Any] = {}
        self._heaters: dict[str, Message] = {}
        self._stream: deque[Message] = deque(maxlen=LONGEST_STREAM)

    def take(self, message: Message) -> None:
        self._stream.append(message)
        level = message.topic.removeprefix(f"{self._base}/")
        if level == "status":
            self._status = message.text
        elif level == "printer":
            self._printer = message.json
        elif level.endswith("/eta"):
            self._heaters[level.removesuffix("/eta")] = message

    def heater(self, name: str) -> dict[str, Any]:
        """Return the newest state of a heater, empty if there was none."""
        message = self._heaters.get(name)
        return message.json if message else {}

    def render(self, console: Console, now: float) -> RenderableType:
        """Return the whole view; `now` in Unix seconds."""
        height = max(3, console.height - ROWS_ABOVE_STREAM - len(self._heaters))
        lines = [Text(self._line(message), no_wrap=True, overflow="ellipsis") for message in self._stream]
        return Group(
            Text.assemble(("bridge ", "dim"), self._status, ("   printer ", "dim"), self._printer_line()),
            self._table(now),
            Panel(Group(*lines[-height:]), title="on the broker", title_align="left", height=height + 2),
        )

    def plain(self, message: Message) -> str:
        """Return `message` as one line of text."""
        clock = datetime.fromtimestamp(message.at).strftime("%H:%M:%S")
        level = message.topic.removeprefix(f"{self._base}/")
        if not level.endswith("/eta"):
            return f"{clock} {self._line(message)}"
        heater = message.json
        parts = [
            f"{level}: {heater.get('state')}",
            f"{_degrees(heater.get('actual'))} → {_degrees(heater.get('target'))} °C",
        ]
        if heater.get("eta_seconds") is not None:
            kind = "cool" if heater.get("eta_kind") == "cooling" else "ready"
            parts.append(f"{kind} in {countdown(heater['eta_seconds'])} at {_goal_at(heater)}")
        return f"{clock} {', '.join(parts)}"

    def _line(self, message: Message) -> str:
        text = message.text if len(message.payload) <= 2000 else f"({len(message.payload)} bytes)"
        return f"{message.topic.removeprefix(self._base + '/')} {text}"

    def _printer_line(self) -> str:
        if not self._printer:
            return "not heard of yet"
        ready = self._printer.get("eta_seconds")
        state = str(self._printer.get("state"))
        return f"{state}, all heaters ready at {_clock(self._printer.get('ready_at'))}" if ready else state

    def _table(self, now: float) -> Table:
        table = Table(expand=True)
        for title in ("heater", "actual °C", "target °C"):
            table.add_column(title, justify="left" if title == "heater" else "right")
        table.add_column("state", min_width=11)
        table.add_column("in", justify="right", min_width=7)
        table.add_column("progress", ratio=1)
        table.add_column("ready or cool at", justify="right")
        for name, message in sorted(self._heaters.items()):
            heater = message.json
            state = str(heater.get("state"))
            eta = heater.get("eta_seconds")
            left = None if eta is None else max(0.0, eta - (now - message.at))
            progress = heater.get("progress")
            table.add_row(
                name,
                _degrees(heater.get("actual")),
                _degrees(heater.get("target")),
                Text(state, style=COLOURS.get(state, "")),
                countdown(left),
                "" if progress is None else ProgressBar(total=1.0, completed=progress),
                _goal_at(heater),
            )
        return table


def countdown(seconds: float | None) -> str:
    """Return seconds as m:ss, or h:mm:ss."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _degrees(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _goal_at(heater: dict[str, Any]) -> str:
    return _clock(heater.get("ready_at") or heater.get("cool_at"))


def _clock(stamp: str | None) -> str:
    """Return an RFC 3339 time as this machine's time of day."""
    return "–" if stamp is None else datetime.fromisoformat(stamp).astimezone().strftime("%H:%M:%S")

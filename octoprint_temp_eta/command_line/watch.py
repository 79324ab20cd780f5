"""`temp_eta:watch`: a live table of the printers on the broker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from ..adapters.threads.inbox import now
from ..bridge.protocol.inputs import MessageArrived
from .broker import Context, connected, plain

#: Printers, and heaters of each, at most.
MAX_PRINTERS, MAX_HEATERS = 500, 32
HEADER = ("Printer", "Bridge", "Status", "Heater", "State", "Actual", "Target", "Left", "Done at")
_COLOURS = {"heating": "red", "cooling": "blue", "at_target": "green", "cooled_down": "green", "stalled": "yellow"}


class Table:
    """The newest state of each printer, from messages."""

    def __init__(self, base: str) -> None:
        self._prefix = f"{base}/"
        self._printers: dict[str, dict[str, Any]] = {}

    def update(self, message: MessageArrived) -> bool:
        """Note a message; return whether the table has changed."""
        printer, _, rest = message.topic.removeprefix(self._prefix).partition("/")
        if printer not in self._printers and len(self._printers) >= MAX_PRINTERS:
            return False
        try:
            body = message.payload.decode() if rest == "status" else json.loads(message.payload or b"null")
        except (ValueError, RecursionError):  # RecursionError: nested too deeply
            return False
        known = self._printers.setdefault(printer, {"heaters": {}})
        if rest in ("status", "printer"):
            known[rest] = body
        elif rest.endswith("/eta"):
            heater = rest.removesuffix("/eta")
            if not isinstance(body, dict):
                known["heaters"].pop(heater, None)
            elif heater in known["heaters"] or len(known["heaters"]) < MAX_HEATERS:
                known["heaters"][heater] = body
        return True

    def rows(self, wall: float) -> list[tuple[str, ...]]:
        """Return the rows at the Unix time `wall`: one for each heater, or one for a printer without any."""
        rows = []
        for name, known in sorted(self._printers.items()):
            printer = known.get("printer")
            status = printer.get("status") if isinstance(printer, Mapping) else None
            start = (name, known.get("status") or "?", status or "?")
            heaters = sorted(known["heaters"].items())
            rows += [(*start, heater, *_cells(body, wall)) for heater, body in heaters] or [(*start, *[""] * 6)]
        return [tuple(plain(cell, 40) for cell in row) for row in rows]


def _cells(body: Mapping[str, Any], wall: float) -> tuple[str, ...]:
    eta, timestamp = _number(body.get("eta_seconds")), _number(body.get("timestamp"))
    left = ""
    if eta is not None and timestamp is not None:
        minutes, seconds = divmod(max(0, round(eta - (wall - timestamp))), 60)
        left = f"{minutes}:{seconds:02d}"
    done_at = body.get("ready_at") or body.get("cool_at")
    return str(body.get("state")), _degrees(body.get("actual")), _degrees(body.get("target")), left, _clock(done_at)


def _number(value: object) -> float | None:
    """Return a finite number of a usual size as such, anything else as None."""
    usual = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e11
    return float(value) if usual and isinstance(value, int | float) else None


def _degrees(value: object) -> str:
    number = _number(value)
    return "" if number is None else f"{number:.1f} °C"


def _clock(value: object) -> str:
    try:
        return datetime.fromisoformat(str(value)).astimezone().strftime("%H:%M")
    except (ValueError, OverflowError):
        return ""


def lines(rows: list[tuple[str, ...]]) -> list[str]:
    """Return the table as lines, with colours."""
    widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (HEADER, *rows)]
    shown = [click.style("  ".join(padded[0]), bold=True)]
    for row, cells in zip(rows, padded[1:], strict=True):
        cells[4] = click.style(cells[4], fg=_COLOURS.get(row[4]))
        if row[1] == "offline":
            cells[1] = click.style(cells[1], fg="red")
        shown.append("  ".join(cells).rstrip())
    return shown


def run(context: Context, printer: str | None, *, once: bool) -> int:
    """Show the table until Ctrl-C, or once; return the exit status: 1 if there is no printer."""
    base, which = context.settings.mqtt_base_topic, printer or "+"
    table = Table(base)
    with connected(context) as connection:
        connection.subscribe_all([f"{base}/{which}/{rest}" for rest in ("status", "printer", "+/eta")])
        for message in connection.settled():
            table.update(message)
        _show(table, base)
        while not once:
            news = connection.receive(now().at + 1.0)
            changed = news is not None and table.update(news)
            if changed or click.get_text_stream("stdout").isatty():
                _show(table, base)
    return 0 if table.rows(now().wall) else 1


def _show(table: Table, base: str) -> None:
    if click.get_text_stream("stdout").isatty():
        click.clear()
    rows = table.rows(now().wall)
    click.echo("\n".join(lines(rows)) if rows else f"There is no printer below {base} on this broker.")

"""Encodes domain values as message payloads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..core.estimation.estimator import Estimate
from ..core.heating.accuracy import Accuracy
from ..core.heating.state_machine.states import State, Transition
from ..core.heating.track import HeaterView
from ..core.printer_commands import FAILED
from .decode import Command, CommandError, Transaction

Payload = dict[str, Any]


def encode(body: Any) -> bytes:
    """Return `body` as compact JSON, or as plain text if it is a text."""
    if isinstance(body, str):
        return body.encode(errors="replace")
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(errors="replace")


def instant(wall: float | None) -> str | None:
    """Return Unix seconds as RFC 3339 with this machine's offset, to the second."""
    return None if wall is None else datetime.fromtimestamp(round(wall)).astimezone().isoformat()


def rounded(value: float | None, digits: int = 0) -> float | None:
    """Return `value` rounded, without `digits` as an integer; zero has no sign."""
    if value is None:
        return None
    return round(value, digits) + 0.0 if digits else round(value)


def eta(view: HeaterView) -> Payload:
    """Return the body of `<heater>/eta`, without the keys that change with each message (such as `timestamp`)."""
    return {
        "heater": view.heater,
        "state": view.state.value,
        "target": rounded(view.target, 1),
        "actual": rounded(view.actual, 1),
        "cooldown_target": rounded(view.cooldown_target, 1),
        "eta_seconds": rounded(view.eta),
        "eta_kind": view.direction.value if view.direction else None,
        "eta_low": rounded(view.low),
        "eta_high": rounded(view.high),
        "ready_at": instant(view.ready_at),
        "cool_at": instant(view.cool_at),
        "rate": rounded(view.rate, 3),
        "progress": rounded(view.progress, 3),
        "method": view.method,
        "state_since": instant(view.state_since),
        "extrapolated": view.extrapolated,
    }


def state_change(view: HeaterView, transition: Transition) -> Payload:
    """Return the body of `<heater>/state_change`."""
    return {
        "heater": view.heater,
        "state": transition.state.value,
        "previous_state": transition.previous.value,
        "actual": rounded(view.actual, 1),
        "target": rounded(view.target, 1),
        "extrapolated": view.extrapolated,
    }


def printer(
    views: Sequence[HeaterView],
    *,
    connected: bool,
    state: str | None,
    printing: bool,
    failed: bool = False,
    read: bool = True,
) -> Payload:
    """Return the body of `printer`, which is ready when the last of its heaters is.

    `failed`: the last connection has ended because of an error. `read`: the printer has reported temperatures.
    """
    waiting = [view for view in views if view.pending]
    etas = [view.eta for view in waiting if view.eta is not None]
    times = [view.ready_at for view in waiting if view.ready_at is not None]
    known = bool(waiting) and len(etas) == len(times) == len(waiting)
    return {
        "status": status(views, connected=connected, state=state, printing=printing, failed=failed),
        "ready": connected and read and not waiting,
        "connected": connected,
        "state": state,
        "printing": printing,
        "extrapolated": not connected and any(view.state is not State.UNKNOWN for view in views),
        "ready_at": instant(max(times)) if known else None,
        "eta_seconds": rounded(max(etas)) if known else None,
        "waiting_for": [view.heater for view in waiting],
    }


def status(
    views: Sequence[HeaterView], *, connected: bool, state: str | None, printing: bool, failed: bool = False
) -> str:
    """Return what the printer is doing in one word; `state` is OctoPrint's id of its state."""
    states = {view.state for view in views}
    words = {
        "error": failed or state in FAILED,
        "offline": not connected,
        "paused": state in ("PAUSED", "PAUSING"),
        "printing": printing,
        "heating": any(view.heats for view in views),
        "cooling": State.COOLING in states,
        "ready": State.AT_TARGET in states,
    }
    return next((word for word, applies in words.items() if applies), "idle")


def estimate(value: Estimate | None) -> Payload:
    """Return an estimate for forecasts."""
    eta, low, high = (value.eta, value.low, value.high) if value else (None, None, None)
    return {"eta_seconds": rounded(eta), "eta_low": rounded(low), "eta_high": rounded(high)}


def broker(host: str, port: int, protocol: str, connected_since: float) -> Payload:
    """Return the connected broker; `connected_since` in Unix seconds."""
    return {"host": host, "port": port, "protocol": protocol, "connected_since_at": instant(connected_since)}


def accuracy(value: Accuracy) -> Payload:
    """Return the accuracy of a heater's recent estimates, for `diagnostics`."""
    return {
        "heatups": len(value.scores),
        "mean_error_percent": rounded(value.error, 1),
        "interval_coverage_percent": rounded(value.coverage, 1),
    }


def accepted(command: Command, **more: Any) -> Payload:
    """Return the first reply to a command that takes longer."""
    return _reply(command.name, command.transaction, "accepted", **more)


def stamped(body: Mapping[str, Any], wall: float) -> Payload:
    """Return `body` with `timestamp`, for REST."""
    return {**body, "timestamp": round(wall, 3)}


def completed(command: Command, result: Any = None, **more: Any) -> Payload:
    """Return the reply to a completed command."""
    if result is not None:
        more["result"] = result
    return _reply(command.name, command.transaction, "completed", **more)


def rejected(name: str | None, error: CommandError) -> Payload:
    """Return the reply to a rejected command."""
    problem = {"code": error.code, "message": error.message, "path": error.path}
    return _reply(name, error.transaction, "rejected", error=problem)


def failed(command: Command, code: str, message: str, result: Any = None, **more: Any) -> Payload:
    """Return the reply to a command that failed after its start."""
    if result is not None:
        more["result"] = result
    error = {"code": code, "message": message, "path": None}
    return _reply(command.name, command.transaction, "failed", error=error, **more)


def cancelled(command: Command, **more: Any) -> Payload:
    """Return the reply to a command that was cancelled after its start."""
    return _reply(command.name, command.transaction, "cancelled", **more)


def without_result(body: Payload, size: int, limit: int) -> Payload:
    """Return a short reply in place of `body`, which has `size` bytes as a packet: the broker accepts `limit`."""
    short = {key: value for key, value in body.items() if key != "result"}
    if body["status"] != "completed":
        return short
    message = (
        f"The reply has {size} bytes, the broker accepts {limit}. The command was executed. Raise the broker's limit "
        "(mosquitto: max_packet_size, message_size_limit)."
    )
    return {**short, "status": "failed", "error": {"code": "reply_too_large", "message": message, "path": None}}


def _reply(name: str | None, transaction: Transaction, status: str, **more: Any) -> Payload:
    return {"transaction": transaction, "command": name, "status": status, **more}

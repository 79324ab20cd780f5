"""What went wrong on the way to the broker, in plain words that name the step."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence


def explain(error: Exception, host: str, port: int) -> str:
    """Return which step failed with `error` while `host`:`port` was to be reached, and what to look at."""
    where = f"{host}:{port}"
    for kinds, text in _STEPS:
        if isinstance(error, kinds):
            return text.format(host=host, where=where, why=_why(error))
    return f"The settings of the connection to {where} don't work: {error}"


#: The first row that fits speaks: the special ones stand before their bases.
_STEPS: Sequence[tuple[type[Exception], str]] = (
    (socket.gaierror, "Name look-up: {host!r} is not known ({why})"),
    (ssl.SSLCertVerificationError, "TLS: the certificate of {where} is not trusted: {why}"),
    (ssl.SSLError, "TLS: no encrypted connection with {where} ({why}): does this port speak TLS?"),
    (ConnectionRefusedError, "TCP: {where} refuses the connection: is the broker running?"),
    (ConnectionResetError, "TCP: {where} cuts the connection: is TLS set as this port needs it?"),
    (TimeoutError, "TCP: {where} does not answer"),
    (OSError, "TCP: {where} cannot be reached ({why})"),
)


def _why(error: Exception) -> object:
    """Return the library's own reason, as short as it has one."""
    reasons = (getattr(error, name, None) for name in ("verify_message", "reason", "strerror"))
    return next((reason for reason in reasons if reason), error)

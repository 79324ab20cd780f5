"""What went wrong on the way to the broker, in plain words that name the step."""

from __future__ import annotations

import socket
import ssl


def explain(error: Exception, host: str, port: int) -> str:
    """Return which step failed with `error` while `host`:`port` was to be reached, and what to look at."""
    where = f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        return f"Name look-up: {host!r} is not known ({error.strerror})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: the certificate of {where} is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: no encrypted connection with {where} ({error.reason or error}): does this port speak TLS?"
    if isinstance(error, ConnectionRefusedError):
        return f"TCP: {where} refuses the connection: is the broker running?"
    if isinstance(error, TimeoutError):
        return f"TCP: {where} does not answer"
    if isinstance(error, OSError):
        return f"TCP: {where} cannot be reached ({error.strerror or error})"
    return f"The settings of the connection to {where} don't work: {error}"

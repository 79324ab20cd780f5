"""The first steps of the connection test: name look-up, TCP, TLS."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Mapping
from typing import Any

from ...bridge.broker.connect_settings import not_verified
from ...bridge.protocol.effects import Connect
from ...settings.broker_address import BrokerAddress
from ..threads.inbox import now
from . import client_certificate, tls

#: Timeout of each step, in seconds.
STEP_TIMEOUT_S = 10.0
#: Days before its end at which a certificate is reported as about to expire.
EXPIRES_SOON_DAYS = 14


#: CONNECT of MQTT 3.1.1 with a clean session and the client ID "temp_eta_reach", which has no will.
_CONNECT = b"\x10\x1a\x00\x04MQTT\x04\x02\x00\x05\x00\x0etemp_eta_reach"
_GET = b"GET / HTTP/1.0\r\n\r\n"
_UPGRADE = (
    b"GET %b HTTP/1.1\r\nHost: %b\r\nOrigin: %b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGVtcF9ldGFfcmVhY2gxNg==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)


class StepFailed(Exception):
    """A step failed; the message has the reason and the remedy."""


class StepSkipped(Exception):
    """A step is not needed or not possible; the message has the reason."""


def look_up(address: BrokerAddress) -> str:
    """Return the IP addresses of the host. Raises `OSError`."""
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    return f"The address of {address.host} is {', '.join(addresses)}."


def connect_tcp(address: BrokerAddress) -> str:
    """Connect to the port and close the connection. Raises `OSError`."""
    with _connection(address):
        return f"{address} accepts connections."


def connect_tls(spec: Connect, address: BrokerAddress) -> str:
    """Do the TLS handshake and describe the certificates. Raises `OSError`, `TlsFileError`, `StepSkipped`."""
    if not address.tls:
        raise StepSkipped("TLS is off: the connection is not encrypted.")
    context = tls.make_context(spec)
    with _connection(address) as plain, context.wrap_socket(plain, server_hostname=address.host) as encrypted:
        if spec.tls_insecure:
            text = f"{encrypted.version()}. {not_verified(str(address))}"
        else:
            text = f"{encrypted.version()}. {_describe(encrypted.getpeercert() or {})}"
        return " ".join(filter(None, [text, _describe_own(spec.certificate_file)]))


def expects_tls(address: BrokerAddress) -> bool:
    """Whether the port responds to a TLS handshake, whatever its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _connection(address) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


def answers_without_tls(address: BrokerAddress) -> bool:
    """Whether the port responds to a plain MQTT CONNECT, or HTTP where WebSockets are used."""
    hello, response = (_CONNECT, b"\x20") if address.websocket_path is None else (_GET, b"H")
    try:
        with _connection(address) as plain:
            plain.sendall(hello)
            return plain.recv(1) == response
    except OSError:
        return False


def http_status(spec: Connect, address: BrokerAddress) -> int | None:
    """Return the HTTP status that refuses a WebSocket at the path of the settings, None if there is none."""
    origin = f"{'https' if address.tls else 'http'}://{address}"
    request = _UPGRADE % ((address.websocket_path or "").encode(), str(address).encode(), origin.encode())
    try:
        with contextlib.ExitStack() as stack:
            stream = stack.enter_context(_connection(address))
            if address.tls:
                context = tls.make_context(spec)
                stream = stack.enter_context(context.wrap_socket(stream, server_hostname=address.host))
            stream.sendall(request)
            found = re.match(rb"HTTP/1\.[01] ([2-5]\d\d)\b", stream.recv(64))
    except (OSError, tls.TlsFileError):
        return None
    return int(found[1]) if found else None


def _connection(address: BrokerAddress) -> socket.socket:
    return socket.create_connection((address.host, address.port), STEP_TIMEOUT_S)


def _describe(certificate: Mapping[str, Any]) -> str:
    """Return names and expiry of a certificate, as `getpeercert` returns it."""
    names = [value for _, value in certificate.get("subjectAltName", ())]
    days = _days_until(ssl.cert_time_to_seconds(certificate["notAfter"]))
    text = f"The certificate is for {', '.join(names) or 'no name'} and valid for {days} more days."
    return f"{text} Renew it soon." if days < EXPIRES_SOON_DAYS else text


def _describe_own(file: str) -> str | None:
    """Return what is wrong with the client's certificate, or soon will be; None without it.

    It is no failure: only a broker that requires a certificate looks at it, and then the connection fails.
    """
    if fault := client_certificate.fault(file, now().wall):
        return f"{fault}."
    valid = client_certificate.validity(file)
    if valid is None or (days := _days_until(valid.end)) >= EXPIRES_SOON_DAYS:
        return None
    return f"The client certificate {file!r} is valid for {days} more days. Renew it soon."


def _days_until(wall: float) -> int:
    return int((wall - now().wall) // 86400)

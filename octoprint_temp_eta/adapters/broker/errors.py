"""Why the broker cannot be reached, refuses the client, or ends the connection: in plain words, with the remedy."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Final

from paho.mqtt.client import WebsocketConnectionError

from ...settings.broker_address import BrokerAddress
from .tls import TlsFileError

#: The first reason code of MQTT 5 that is a failure; in a SUBACK of 3.1.1, 0x80 is the only one.
FIRST_FAILURE: Final = 0x80
#: Reason codes that are handled, not only reported.
UNSUPPORTED_PROTOCOL, SERVER_UNAVAILABLE, SERVER_BUSY, SHUTTING_DOWN = 0x84, 0x88, 0x89, 0x8B
SESSION_TAKEN_OVER, PACKET_TOO_LARGE = 0x8E, 0x95
RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED, WILDCARDS_NOT_SUPPORTED = 0x9A, 0x9B, 0xA2
#: In a PUBACK: the broker may accept the same message later.
REFUSED_FOR_NOW: Final = frozenset({0x80, 0x83, 0x97})
#: In place of a reason code: the broker sent a packet that is no valid MQTT.
UNREADABLE: Final = -1

#: With these, no subscription is to blame for the end of the connection: the broker stops or is overloaded, or another
#: client or an administrator has ended it.
NO_SUBSCRIPTION: Final = frozenset(
    {UNREADABLE, SERVER_UNAVAILABLE, SERVER_BUSY, SHUTTING_DOWN, SESSION_TAKEN_OVER, 0x8D, 0x98, 0x9C, 0x9D, 0x9F, 0xA0}
)

#: The CONNACK return codes of MQTT 3.1.1, as reason codes of MQTT 5.
CODES_OF_3_1_1: Final[Mapping[int, int]] = {1: UNSUPPORTED_PROTOCOL, 2: 0x85, 3: SERVER_UNAVAILABLE, 4: 0x86, 5: 0x87}

_SEE_LOG = "See the broker's log"
#: The reason codes of MQTT 5 (2.4) that a broker may send: name and remedy.
REASONS: Final[Mapping[int, tuple[str, str]]] = {
    0x80: ("unspecified error", _SEE_LOG),
    0x81: ("malformed packet", _SEE_LOG),
    0x82: ("protocol error", _SEE_LOG),
    0x83: ("implementation specific error", _SEE_LOG),
    UNSUPPORTED_PROTOCOL: ("unsupported protocol version", "The broker must support MQTT 5 or 3.1.1"),
    0x85: ("client ID not valid", "Set another client ID"),
    0x86: ("bad username or password", "Check username and password"),
    0x87: ("not authorized", "Check username, password, and the user's access rules (ACL)"),
    SERVER_UNAVAILABLE: ("server unavailable", "The bridge keeps trying"),
    SERVER_BUSY: ("server busy", "The bridge keeps trying"),
    0x8A: ("banned", "Ask the broker's administrator"),
    SHUTTING_DOWN: ("server shutting down", "The bridge keeps trying until the broker is back"),
    0x8C: ("bad authentication method", "Check how the broker authenticates its clients"),
    0x8D: ("keep-alive timeout", "Check the network, or set a longer keep-alive"),
    SESSION_TAKEN_OVER: (
        "session taken over",
        "Another client uses the same client ID: give each printer an ID of its own",
    ),
    0x8F: ("topic filter invalid", "Check the base topic"),
    0x90: ("topic name invalid", "Check the base topic and the discovery prefix"),
    0x93: ("receive maximum exceeded", _SEE_LOG),
    0x94: ("topic alias invalid", _SEE_LOG),
    PACKET_TOO_LARGE: (
        "packet too large",
        "Raise the broker's packet limit (mosquitto: max_packet_size, message_size_limit)",
    ),
    0x96: (
        "message rate too high",
        "The bridge sends more slowly from now on. If it goes on, raise the broker's limit",
    ),
    0x97: ("quota exceeded", "Raise the broker's quota"),
    0x98: ("administrative action", "Ask the broker's administrator"),
    0x99: ("payload format invalid", _SEE_LOG),
    RETAIN_NOT_SUPPORTED: ("retain not supported", "Allow retained messages in the broker's settings"),
    QOS_NOT_SUPPORTED: ("QoS not supported", "Allow QoS 1 in the broker's settings"),
    0x9C: ("use another server", "Set the host that the broker's administrator names"),
    0x9D: ("server moved", "Set the host that the broker's administrator names"),
    0x9E: ("shared subscriptions not supported", _SEE_LOG),
    0x9F: ("connection rate exceeded", "The bridge keeps trying"),
    0xA0: ("maximum connect time", "The bridge connects again"),
    0xA1: ("subscription identifiers not supported", _SEE_LOG),
    WILDCARDS_NOT_SUPPORTED: ("wildcard subscriptions not supported", "Commands need a broker that supports wildcards"),
}

_SET_AUTHORITY = "Set the file of the authority that signed it as CA file"
_SET_NAME = "Use a name in the certificate as host, or set it as Server name"
#: What to do about a certificate that is refused, by OpenSSL's code (X509_V_ERR_…).
CERTIFICATE_REMEDIES: Final[Mapping[int, str]] = {
    9: "Check this machine's clock",
    10: "Renew the broker's certificate; check this machine's clock",
    18: _SET_AUTHORITY,
    19: _SET_AUTHORITY,
    20: _SET_AUTHORITY,
    21: _SET_AUTHORITY,
    62: _SET_NAME,
    64: _SET_NAME,
}

#: Refusals that end without anybody's help.
TEMPORARY: Final = frozenset({SERVER_UNAVAILABLE, SERVER_BUSY, SHUTTING_DOWN})


def reason_name(code: int) -> str:
    """Return the name of a reason code."""
    name, _ = REASONS.get(code, (f"reason code 0x{code:02X}", ""))
    return name


def connection_refused(where: BrokerAddress, code: int) -> str:
    """Return what a CONNACK with this code means."""
    return f"CONNACK: {where} refuses the connection: {_with_remedy(code)}"


def no_connack(where: BrokerAddress, protocol: str, certificate_file: str, *, closed: bool) -> str:
    """Return that the broker does not accept `protocol`: it refused it, stayed silent, or closed the connection."""
    if not closed:
        return f"CONNACK: {where} does not answer in MQTT {protocol}"
    check = _check_certificate(certificate_file) if where.tls else "this port expects TLS"
    return f"CONNACK: {where} does not answer in MQTT {protocol}: it closed the connection. Check whether {check}"


def certificate_not_valid(where: BrokerAddress, fault: str) -> str:
    """Return that the broker did not accept a connection with a client certificate that has this `fault`."""
    return f"TLS: {where} does not accept the connection. {fault}"


def expects_tls(where: BrokerAddress) -> str:
    """Return that the port speaks TLS, and the settings have none."""
    if where.websocket_path is not None:
        return f"WebSocket: {where} expects TLS. Turn on Use TLS, or begin the URL with wss://"
    remedy = "Turn on Use TLS, or begin the URL with mqtts://, or set the port without TLS (usually 1883)"
    return f"CONNACK: {where} expects TLS. {remedy}"


def websocket_refused(where: BrokerAddress, status: int) -> str:
    """Return what a reply of a web server or proxy with this HTTP status means, where MQTT was to follow."""
    if status in (401, 403, 407):
        remedy = "A proxy lets nobody in without a login, which the plugin does not have: exempt the path at the proxy"
    elif status in (502, 503, 504):
        remedy = "A proxy answers, but the broker behind it does not: is the broker running?"
    else:
        remedy = "Check the port and the path"
    return f"WebSocket: {where} answers with the HTTP status {status}. {remedy}"


def no_tls(where: BrokerAddress) -> str:
    """Return that the port does not speak TLS, and the settings have it."""
    if where.websocket_path is not None:
        return f"TLS: {where} does not speak TLS. Turn off Use TLS, or begin the URL with ws://"
    remedy = "Turn off Use TLS, or begin the URL with mqtt://, or set the port with TLS (usually 8883)"
    return f"TLS: {where} does not speak TLS. {remedy}"


def no_retained_messages(where: BrokerAddress) -> str:
    """Return what is missing with a broker that does not keep retained messages."""
    return (
        f"{where} does not keep retained messages: clients that connect later see no states, and Home Assistant loses "
        f"the printer when it restarts. {remedy(RETAIN_NOT_SUPPORTED)}."
    )


def sentence(text: str) -> str:
    """Return `text` with a full stop, unless it ends with a question."""
    return text if text.endswith((".", "?")) else f"{text}."


def connection_lost(where: BrokerAddress, code: int | None) -> str:
    """Return that the connection ended; `code` is the reason in the broker's DISCONNECT or UNREADABLE, None without."""
    if code == UNREADABLE:
        return f"{where} sent a packet that is no valid MQTT. Check what answers at this port, and the broker's log"
    if code is None or code < FIRST_FAILURE:
        return f"The connection to {where} is lost"
    return f"{where} closed the connection: {_with_remedy(code)}"


def publish_refused(topic: str, code: int) -> str:
    """Return that the broker refused a message on `topic`."""
    if code == PACKET_TOO_LARGE:
        return (
            f"The broker refuses the message on {topic}: it is too large. Raise the broker's limit (mosquitto: "
            "message_size_limit)."
        )
    why = _with_remedy(code)
    return f"Not permitted to publish to {topic}: {why}"


def subscription_refused(topic: str, why: str) -> str:
    """Return that there is no subscription to `topic`."""
    if why == reason_name(WILDCARDS_NOT_SUPPORTED):
        return f"Not permitted to subscribe to {topic} ({why}). {remedy(WILDCARDS_NOT_SUPPORTED)}."
    return f"Not permitted to subscribe to {topic} ({why}). Allow the user to read this topic (ACL)."


def explain(error: Exception, address: BrokerAddress, certificate_file: str) -> str:
    """Return which step failed with `error` when connecting to `address`, and what to check."""
    if address.websocket_path is not None and isinstance(error, ConnectionResetError):
        error = WebsocketConnectionError()  # what a port without HTTP does
    for kinds, text in _STEPS:
        if isinstance(error, kinds):
            check = _check_certificate(certificate_file)
            sentence = text.format(host=address.host, where=address, why=_why(error), check=check)
            advice = CERTIFICATE_REMEDIES.get(getattr(error, "verify_code", 0))
            return f"{sentence}. {advice}" if advice else sentence
    return f"The settings of the connection to {address} don't work: {error}"


#: The first row that fits is used: special errors come before their bases.
_STEPS: Sequence[tuple[type[Exception], str]] = (
    (TlsFileError, "TLS: {why}"),
    (
        WebsocketConnectionError,
        "WebSocket: {where} does not accept MQTT at the path of the settings. Check the port and the path",
    ),
    (socket.gaierror, "Name look-up: {host!r} is not known ({why})"),
    (ssl.SSLCertVerificationError, "TLS: the certificate of {where} is not trusted: {why}"),
    (
        ssl.SSLError,
        "TLS: no encrypted connection with {where} ({why}). Check whether this port uses TLS, and whether {check}",
    ),
    (ConnectionRefusedError, "TCP: {where} refuses the connection: is the broker running?"),
    (ConnectionResetError, "TCP: {where} closed the connection; check the port, and whether it expects TLS"),
    (TimeoutError, "TCP: {where} does not answer"),
    (OSError, "TCP: {where} cannot be reached ({why})"),
)


def _check_certificate(file: str) -> str:
    return f"the broker accepts the client certificate {file!r}" if file else "the broker requires a client certificate"


def _with_remedy(code: int) -> str:
    return f"{reason_name(code)}. {remedy(code)}."


def remedy(code: int) -> str:
    """Return what to do about a reason code, without a full stop."""
    _, text = REASONS.get(code, ("", _SEE_LOG))
    return text


def _why(error: Exception) -> str:
    """Return the library's own reason, as short as it has one."""
    if verification := getattr(error, "verify_message", ""):
        return str(verification).removesuffix(".")
    reasons = (getattr(error, name, None) for name in ("reason", "strerror"))
    return str(next((reason for reason in reasons if reason), error))

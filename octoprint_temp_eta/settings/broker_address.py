"""The address of a broker, as users write it: a host name, an IP address, or a URL such as `mqtts://broker:8883`."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

from ..core.frozen import frozen

#: By URL scheme: the default port, whether TLS is used, and whether WebSockets are.
SCHEMES = {
    "mqtt": (1883, False, False),
    "tcp": (1883, False, False),
    "mqtts": (8883, True, False),
    "ssl": (8883, True, False),
    "tls": (8883, True, False),
    "ws": (80, False, True),
    "wss": (443, True, True),
}
#: The path that brokers use for MQTT over WebSockets.
DEFAULT_PATH = "/mqtt"
#: Addresses in a list, at most.
MAX_ADDRESSES = 16

_HOST = re.compile(r"[^\s/?#@:\[\],%\\\"'<>]{1,253}")
_PATH = re.compile(r"/[!-~]*")


class InvalidAddress(ValueError):
    """A text that is no address of a broker; the message has the rule."""


@frozen
class BrokerAddress:
    """Where a broker is, and how to connect to it: `websocket_path` is None for MQTT over plain TCP or TLS.

    `username` is empty unless the address has one.
    """

    host: str
    port: int
    tls: bool = False
    websocket_path: str | None = None
    username: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


#: For addresses of which only what they have themselves counts.
_NOWHERE = BrokerAddress("", 1883)


def parse_addresses(text: str, default: BrokerAddress) -> tuple[BrokerAddress, ...]:
    """Return the addresses in `text`, separated by commas; empty text has none.

    What an address without a scheme lacks comes from `default`. Raises `InvalidAddress`.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MAX_ADDRESSES:
        raise InvalidAddress(f"must have at most {MAX_ADDRESSES} brokers")
    return tuple(_parse(part, default) for part in parts)


def hosts(text: str) -> frozenset[str]:
    """Return the hosts in `text`, which has valid addresses, in lower case."""
    return frozenset(address.host.lower() for address in parse_addresses(text, _NOWHERE))


def has_username(text: str) -> bool:
    """Return whether an address in `text` has a user name."""
    return any(address.username for address in parse_addresses(text, _NOWHERE))


def _parse(text: str, default: BrokerAddress) -> BrokerAddress:
    if "://" not in text:
        return _without_scheme(text, default)
    scheme, _, rest = text.partition("://")
    if scheme.lower() not in SCHEMES:
        raise InvalidAddress(f"must start with one of {', '.join(f'{name}://' for name in SCHEMES)}, or have no scheme")
    port, tls, websocket = SCHEMES[scheme.lower()]
    url = _split(rest)
    if url.query or url.fragment:
        raise InvalidAddress("must end with the path of the URL, without '?' and '#'")
    path = None
    if websocket:
        path = url.path if url.path not in ("", "/") else DEFAULT_PATH
        check_path(path)
    elif url.path not in ("", "/"):
        raise InvalidAddress("must have no path unless it starts with ws:// or wss://")
    return BrokerAddress(_host(url), _port(url, port), tls, path, _username(url))


def _without_scheme(text: str, default: BrokerAddress) -> BrokerAddress:
    if _is_ipv6(text):
        return BrokerAddress(text, default.port, default.tls, default.websocket_path)
    url = _split(text)
    if url.path or url.query or url.fragment:
        raise InvalidAddress("must be a host name or IP address; a path needs a URL that starts with ws:// or wss://")
    return BrokerAddress(_host(url), _port(url, default.port), default.tls, default.websocket_path, _username(url))


def check_path(path: str) -> None:
    """Raise `InvalidAddress` unless `path` is the path of a URL."""
    if not _PATH.fullmatch(path):
        raise InvalidAddress("must be a path that starts with '/', without blanks")


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(f"//{text}")
    except ValueError:
        raise InvalidAddress("must have an IPv6 address in brackets, such as [::1]") from None


def _host(url: SplitResult) -> str:
    host = url.hostname or ""
    if _is_ipv6(host):
        return host
    if not _HOST.fullmatch(host):
        raise InvalidAddress("must be a host name, an IP address or a URL, such as broker.local or mqtts://broker:8883")
    return host


def _port(url: SplitResult, default: int) -> int:
    try:
        port = default if url.port is None else url.port
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise InvalidAddress("must have a port from 1 to 65535")
    return port


def _username(url: SplitResult) -> str:
    if url.password is not None:
        raise InvalidAddress("must have no password: it would be shown; enter it in the field Password")
    name = unquote(url.username or "")
    if not name.isprintable():
        raise InvalidAddress("must have a user name without control characters")
    return name


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True

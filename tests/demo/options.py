"""The demo's environment variables, validated before anything is started."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"
#: Port by scheme of MQTT_URL, and whether the scheme means TLS.
SCHEMES = {"mqtt": (1883, False), "tcp": (1883, False), "mqtts": (8883, True), "ssl": (8883, True)}


class OptionError(ValueError):
    """A variable or its value is invalid; the message is one line for the user."""


@dataclass(frozen=True)
class Endpoint:
    """Address of the broker, and our credentials."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False

    def __str__(self) -> str:
        return f"mqtt{'s' if self.tls else ''}://{self.host}:{self.port}"


@dataclass(frozen=True)
class Options:
    """`external` is the user's own broker, None to start one; `seconds` is None to run until Ctrl-C."""

    http_port: int
    mqtt_port: int
    external: Endpoint | None
    seconds: float | None

    @property
    def broker(self) -> Endpoint:
        return self.external or Endpoint(HOST, self.mqtt_port)


def read(environment: Mapping[str, str]) -> Options:
    """Return the options. Raises OptionError, naming the variable and the rule."""
    url = environment.get("MQTT_URL", "")
    seconds = environment.get("DEMO_SECONDS", "")
    return Options(
        http_port=_port(environment, "DEMO_HTTP_PORT", 5000),
        mqtt_port=_port(environment, "DEMO_MQTT_PORT", 1883),
        external=_endpoint(url) if url else None,
        seconds=_seconds(seconds) if seconds else None,
    )


def require_free_ports(options: Options) -> None:
    """Raise OptionError for the first port that is not free."""
    require_free("DEMO_HTTP_PORT", options.http_port)
    if options.external is None:
        require_free("DEMO_MQTT_PORT", options.mqtt_port)


def _port(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable) or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise OptionError(f"{variable} must be a port from 1 to 65535, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e6:
        raise OptionError(f"DEMO_SECONDS must be a number of seconds, not {text!r}")
    return seconds


def _endpoint(url: str) -> Endpoint:
    # The URL may contain a password, so no message repeats it.
    rule = f"MQTT_URL must look like mqtt://user:password@host:1883, with {', '.join(SCHEMES)} for mqtt"
    try:
        parts = urlsplit(url)
        default_port, tls = SCHEMES[parts.scheme]
        port = parts.port or default_port
    except (KeyError, ValueError):
        raise OptionError(rule) from None
    if not parts.hostname:
        raise OptionError(rule)
    return Endpoint(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


def require_free(variable: str, port: int) -> None:
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise OptionError(f"port {port} {why}: set {variable} to another one") from None

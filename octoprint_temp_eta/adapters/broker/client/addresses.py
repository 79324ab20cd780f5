"""The order in which the addresses of a broker's name are tried, over several attempts to connect."""

from __future__ import annotations

import socket
from collections.abc import Callable


class Addresses:
    """Starts with the address that has worked last, or else goes on where the last attempt was out of time.

    An address may not answer at all, such as one of IPv6 on a network without it. Then each takes its whole timeout,
    and an attempt has no time for many of them. Belongs to the connection's thread.
    """

    def __init__(self) -> None:
        self._first: dict[str, object] = {}

    def connect(self, host: str, port: int, timeout: float, goes_on: Callable[[], bool]) -> socket.socket:
        """Return a connection to the first address that accepts one within `timeout` s, while `goes_on`.

        Raises `OSError`: none did, or the name is unknown.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses: list[object] = [each[4] for each in found]
        start = addresses.index(self._first[host]) if self._first.get(host) in addresses else 0
        failure = OSError()
        for family, kind, protocol, _, address in (*found[start:], *found[:start]):
            self._first[host] = address
            if not goes_on():
                break
            try:
                return _connected(socket.socket(family, kind, protocol), address, timeout)
            except OSError as error:  # also on a system without IPv6
                failure = error
        else:
            self._first.pop(host)
        raise failure


def _connected(connection: socket.socket, address: object, timeout: float) -> socket.socket:
    try:
        connection.settimeout(timeout)
        connection.connect(address)  # type: ignore[arg-type]
    except OSError:
        connection.close()
        raise
    return connection

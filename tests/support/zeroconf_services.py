"""Services as servers announce them with zeroconf, on the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from zeroconf import ServiceInfo, Zeroconf

LOOPBACK = "127.0.0.1"


def service(kind: str, name: str, port: int) -> ServiceInfo:
    """Return a service; `kind` is its type, such as _mqtt._tcp.local."""
    address = socket.inet_aton(LOOPBACK)
    return ServiceInfo(kind, f"{name}.{kind}", addresses=[address], port=port, server=f"{name}.local.")


@contextmanager
def announced(*services: ServiceInfo) -> Iterator[None]:
    """Announce the services in a thread of its own: zeroconf blocks in one with an event loop, such as Playwright's."""
    with ThreadPoolExecutor(1) as thread:
        network = thread.submit(lambda: Zeroconf(interfaces=[LOOPBACK])).result()
        try:
            for each in services:
                thread.submit(network.register_service, each).result()
            yield
        finally:
            thread.submit(network.close).result()

"""A TCP proxy before a server that behaves like a bad network on request: slow, frozen, cut, half-open, refusing."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time
from typing import Self

#: Bytes that are forwarded at once, and how many such parts wait for a slow or frozen network in each direction.
PART_BYTES, WAITING_PARTS = 4096, 256


class TcpProxy:
    """Forwards 127.0.0.1:`port` to `server_port` inside the context, while it is open.

    `latency` (s) and `bytes_per_second` (None: without a limit) hold for each direction, also of existing connections.
    """

    def __init__(self, server_port: int) -> None:
        self.latency = 0.0
        self.bytes_per_second: float | None = None
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._open = True
        self._flows = threading.Event()
        self._flows.set()
        self._links: list[_Link] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.thaw()
        self._listener.close()

    def open(self) -> None:
        """Accept connections again."""
        with self._lock:
            self._open = True

    def close(self) -> None:
        """Cut all connections and refuse new ones."""
        with self._lock:
            self._open = False
        self.cut()

    def cut(self) -> None:
        """Reset all connections on both sides."""
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            link.reset()

    def half_open(self) -> None:
        """End the connections to the server. The clients do not notice: what they send is lost, and nothing comes."""
        with self._lock:
            links = [*self._links]
        for link in links:
            link.abandon()

    def freeze(self) -> None:
        """Forward nothing, not even the end of a connection; all connections stay open."""
        self._flows.clear()

    def thaw(self) -> None:
        """Forward again, with what was sent meanwhile."""
        self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                server = self._connect() if self._open else None
                if server is None:
                    _reset(client)
                    continue
                link = _Link(client, server)
                self._links.append(link)
            for source, sink in ((client, server), (server, client)):
                parts: queue.Queue[tuple[float, bytes]] = queue.Queue(WAITING_PARTS)
                for target in (self._receive, self._send):
                    end = source if target == self._receive else sink
                    threading.Thread(target=target, args=(link, end, parts), name="proxy", daemon=True).start()

    def _connect(self) -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", self._server_port))
        except OSError:
            return None

    def _receive(self, link: _Link, source: socket.socket, parts: queue.Queue[tuple[float, bytes]]) -> None:
        data = b"first"
        while data:
            try:
                data = source.recv(PART_BYTES)
            except OSError:
                data = b""
            parts.put((time.monotonic() + self.latency, data))

    def _send(self, link: _Link, sink: socket.socket, parts: queue.Queue[tuple[float, bytes]]) -> None:
        while True:
            at, data = parts.get()
            time.sleep(max(0.0, at - time.monotonic()))
            self._flows.wait()
            if not data:
                link.end(sink)
                return
            rate = self.bytes_per_second
            if rate is not None:
                time.sleep(len(data) / rate)
            if not link.abandoned:
                with contextlib.suppress(OSError):
                    sink.sendall(data)


class _Link:
    """Both sides of a connection."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.abandoned = False
        self._client, self._server = client, server

    def abandon(self) -> None:
        self.abandoned = True
        _reset(self._server)

    def reset(self) -> None:
        _reset(self._client)
        _reset(self._server)

    def end(self, sink: socket.socket) -> None:
        """Note that one side has ended: so does the other, unless it is not to notice."""
        if not (self.abandoned and sink is self._client):
            _close(self._client)
            _close(self._server)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _close(end)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

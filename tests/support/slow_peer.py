"""Peers that keep a client waiting: one sends the same few bytes again and again, one does not even accept."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class SlowPeer:
    """Sends `chunk` every `pause` seconds on each connection, as a context manager."""

    def __init__(self, chunk: bytes, pause: float) -> None:
        self._chunk = chunk
        self._pause = pause
        self._server = socket.create_server(("127.0.0.1", 0))
        self._ends = threading.Event()
        self.port: int = self._server.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._send, args=(connection,), daemon=True).start()

    def _send(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while not self._ends.wait(self._pause):
                connection.sendall(self._chunk)


class DeadEnd:
    """A port at which connections are neither accepted nor refused, as a context manager: its queue is full."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port: int = self._server.getsockname()[1]
        self._waiting: list[socket.socket] = []

    def __enter__(self) -> Self:
        with contextlib.suppress(TimeoutError):
            while True:
                self._waiting.append(socket.create_connection(("127.0.0.1", self.port), 0.2))
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._server, *self._waiting):
            each.close()

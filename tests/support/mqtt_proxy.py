"""A proxy before a broker that misbehaves on demand: refuses versions, changes replies, delays, drops, cuts."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Final, Literal, Self

from tests.support.broker_programs import Listener

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = (kind << 4 for kind in (1, 2, 3, 4, 8, 9))
#: MQTT 5's CONNACK "unsupported protocol version", as brokers without it send.
UNSUPPORTED = b"\x20\x03\x00\x84\x00"
#: For `version_5`: close the connection without a CONNACK, as RabbitMQ 3.10 does.
CLOSE: Final = "close"

#: Gets a packet and returns what is passed on instead; None: nothing.
Edit = Callable[[bytes], bytes | None]


def kind_of(packet: bytes) -> int:
    """Return the type of a packet, as in the constants."""
    return packet[0] & 0xF0


def disconnect(code: int) -> bytes:
    """Return the DISCONNECT of an MQTT 5 broker with a reason code."""
    return bytes([0xE0, 2, code, 0])


class Proxy:
    """Forwards to `broker` as a context manager; without a broker it accepts connections and stays silent.

    `version_5` is what happens to an MQTT 5 CONNECT: None passes it on, bytes are sent back instead, CLOSE closes the
    connection. `delay` is how many seconds each packet takes in either direction.
    """

    def __init__(
        self, broker: Listener | None, *, version_5: bytes | Literal["close"] | None = None, delay: float = 0.0
    ) -> None:
        self.version_5 = version_5
        #: What is done to the packets of either direction.
        self.to_client: Edit = lambda packet: packet
        self.to_broker: Edit = lambda packet: packet
        #: The packets that have come from clients.
        self.received: list[bytes] = []
        self._broker = broker
        self._delay = delay
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._clients: set[socket.socket] = set()

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Cut all connections without a packet, as a network does that goes away."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RDWR)

    def end(self, last: bytes = b"") -> None:
        """Send `last` to the clients and close their connections, as a broker does that ends them."""
        for each in list(self._clients):
            with contextlib.suppress(OSError):
                each.sendall(last)
                each.shutdown(socket.SHUT_RDWR)

    def inject(self, packet: bytes) -> None:
        """Send a packet to the clients, in place of the broker."""
        for each in list(self._clients):
            each.sendall(packet)

    def count(self, kind: int) -> int:
        """Return how many packets of a type have come from clients."""
        return sum(kind_of(packet) == kind for packet in self.received)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._open.add(client)
                threading.Thread(target=self._serve, args=(client,), name="proxy client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            first = self._read(client)
            version_5 = self.version_5 if b"MQTT\x05" in first else None
            if version_5 == CLOSE:
                return
            if self._broker is None or version_5 is not None:
                client.sendall(version_5 if isinstance(version_5, bytes) else b"")
                while client.recv(4096):
                    pass
                return
            self._forward(client, self._broker, first)
        self._open.discard(client)

    def _forward(self, client: socket.socket, listener: Listener, first: bytes) -> None:
        with socket.create_connection((listener.host, listener.port)) as broker:
            self._open.add(broker)
            self._clients.add(client)
            sender = self._sender(broker)
            sender(self.to_broker(first))
            back = threading.Thread(target=self._pass, args=(broker, client), name="proxy broker", daemon=True)
            back.start()
            while packet := self._read(client):
                sender(self.to_broker(packet))
            self._clients.discard(client)

    def _pass(self, broker: socket.socket, client: socket.socket) -> None:
        sender = self._sender(client)
        with contextlib.suppress(OSError):
            while packet := _read_packet(broker):
                sender(self.to_client(packet))
        if not self._delay:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self._open.discard(broker)

    def _read(self, client: socket.socket) -> bytes:
        packet = _read_packet(client)
        if packet:
            self.received.append(packet)
        return packet

    def _sender(self, target: socket.socket) -> Callable[[bytes | None], None]:
        """Return a function that sends to `target`, after the delay and in order."""
        if not self._delay:
            return lambda packet: target.sendall(packet or b"")
        waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def send_late() -> None:
            with contextlib.suppress(OSError):
                while True:
                    at, packet = waiting.get()
                    time.sleep(max(0.0, at - time.monotonic()))
                    target.sendall(packet)

        threading.Thread(target=send_late, name="proxy delay", daemon=True).start()
        return lambda packet: waiting.put((time.monotonic() + self._delay, packet or b""))


def _read_packet(source: socket.socket) -> bytes:
    """Return the next packet whole, b"" at the end."""
    header = source.recv(1)
    length = shift = 0
    while header:
        digit = source.recv(1)
        if not digit:
            return b""
        header += digit
        length |= (digit[0] & 0x7F) << shift
        shift += 7
        if digit[0] < 0x80:
            break
    body = b""
    while len(body) < length:
        part = source.recv(length - len(body))
        if not part:
            return b""
        body += part
    return header + body

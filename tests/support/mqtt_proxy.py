"""A proxy before a broker that misbehaves on demand: refuses versions, changes answers, swallows, cuts."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

from tests.support.broker_programs import Listener

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = (kind << 4 for kind in (1, 2, 3, 4, 8, 9))
#: MQTT 5's CONNACK "unsupported protocol version", as brokers without it send.
UNSUPPORTED = b"\x20\x03\x00\x84\x00"

#: Takes a packet and returns what goes on in its place; None: nothing.
Edit = Callable[[bytes], bytes | None]


def kind_of(packet: bytes) -> int:
    """Return the type of a packet, as in the constants."""
    return packet[0] & 0xF0


class Proxy:
    """Stands before `broker` from entering to leaving; without a broker it accepts connections and says nothing.

    `version_5` is what becomes of an MQTT 5 CONNECT: None passes it on, bytes are sent back in its place.
    """

    def __init__(self, broker: Listener | None, *, version_5: bytes | None = None) -> None:
        self.version_5 = version_5
        #: What is done to the packets of either direction.
        self.to_client: Edit = lambda packet: packet
        self.to_broker: Edit = lambda packet: packet
        #: The packets that have come from clients.
        self.received: list[bytes] = []
        self._broker = broker
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()

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
        """Cut all connections, as a network does that goes away: without a word."""
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RDWR)

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
            if self._broker is None or (self.version_5 is not None and b"MQTT\x05" in first):
                client.sendall(self.version_5 or b"")
                while client.recv(4096):
                    pass
                return
            with socket.create_connection((self._broker.host, self._broker.port)) as broker:
                self._open.add(broker)
                broker.sendall(first)
                back = threading.Thread(target=self._pass, args=(broker, client), name="proxy broker", daemon=True)
                back.start()
                while packet := self._read(client):
                    self._send(broker, self.to_broker(packet))
        self._open.discard(client)

    def _pass(self, broker: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while packet := _read_packet(broker):
                self._send(client, self.to_client(packet))
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        self._open.discard(broker)

    def _read(self, client: socket.socket) -> bytes:
        packet = _read_packet(client)
        if packet:
            self.received.append(packet)
        return packet

    @staticmethod
    def _send(target: socket.socket, packet: bytes | None) -> None:
        if packet is not None:
            target.sendall(packet)


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

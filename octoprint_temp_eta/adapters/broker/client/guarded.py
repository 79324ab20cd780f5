"""paho's client, whose thread survives packets that the library cannot read, and which connects in limited time.

Otherwise the thread ends without a callback. Any client of the broker can cause that: mosquitto passes on a response
topic with U+FEFF, which the library refuses. The overridden methods are not public, but the same in 1.6 and 2.x.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt

from ....bridge.protocol.effects import LARGEST_PACKET
from ..errors import FIRST_FAILURE, PACKET_TOO_LARGE
from .addresses import Addresses

#: Bytes that are read at once.
CHUNK = 65536
_PUBLISH, _QOS_1, _QOS_2 = 0x30, 1, 2
_log = logging.getLogger(__name__)


class GuardedClient(mqtt.Client):
    """Drops messages that cannot be read, and ends a connection on which any other packet cannot be read."""

    #: Called for each message that is dropped.
    on_malformed: Callable[[], None] = staticmethod(lambda: None)
    #: Whether the broker sent a packet that ends the connection.
    unreadable = False
    #: The largest packet in bytes; of a larger one only the beginning is kept.
    largest_packet = LARGEST_PACKET

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        #: The order of the addresses, also of other attempts.
        self.addresses = Addresses()
        #: Held while packets are written, so that they are neither mixed nor sent in another order.
        self._writing = threading.Lock()
        self._ends = False
        #: Whether the message that is being read has QoS 2, so that it is acknowledged with PUBREC.
        self._has_qos_2 = False
        #: The packet ids of messages that the broker refused as too large.
        self.too_large: set[int] = set()
        #: While it connects: the TCP connection, to be ended from another thread, and whether there is no time left.
        self._opening: socket.socket | None = None
        self._too_late = False

    def connect_within(self, seconds: float, *arguments: Any, **options: Any) -> None:
        """Connect like `connect`, but for all steps together at most `seconds` after the name look-up.

        The library limits each read, and a peer that sends byte by byte would keep its thread for ever.

        Raises:
            TimeoutError: there was no connection in time.
            OSError: and whatever else `connect` raises.
        """
        timer = threading.Timer(seconds, self.give_up)
        timer.name, timer.daemon = "temp_eta-mqtt-timeout", True
        timer.start()
        try:
            self.connect(*arguments, **options)
        except Exception as error:
            if self._too_late:
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
            if self._opening is not None:
                self._opening.close()

    def give_up(self) -> None:
        """End the TCP connection, or the one that is still to be made, so that connecting fails; from any thread."""
        self._too_late = True
        if self._opening is not None:
            with contextlib.suppress(OSError):
                self._opening.shutdown(socket.SHUT_RDWR)

    def write_now(self) -> None:
        """Write the packets in the queue, as far as the socket accepts them without waiting; from any thread.

        The library's thread does that, too, but has to wait for the interpreter until the caller pauses, at least 5 ms
        if it computes. With TLS and WebSockets only that thread writes: their connections are for one thread at a time.
        """
        if type(self.socket()) is not socket.socket or not self._writing.acquire(blocking=False):
            return
        try:
            if not self._ends:
                super()._packet_write()  # the library's thread notices the same error at its next attempt
        finally:
            self._writing.release()

    def disconnect(self, *arguments: Any, **options: Any) -> Any:
        """End the connection; the library's thread does that after DISCONNECT, so it alone writes from now on."""
        with self._writing:
            self._ends = True
        return super().disconnect(*arguments, **options)

    def _create_socket_connection(self) -> socket.socket:
        connection = self._connection()
        self._opening = connection.dup()  # TLS takes the descriptor of the first one
        if self._too_late:
            self.give_up()
        return connection

    def _connection(self) -> socket.socket:
        if self._get_proxy():  # type: ignore[no-untyped-call,unused-ignore]
            connection: socket.socket = super()._create_socket_connection()
            return connection
        return self.addresses.connect(self._host, self._port, self._connect_timeout, lambda: not self._too_late)

    def _packet_write(self) -> Any:
        with self._writing:
            return super()._packet_write()

    def _sock_recv(self, bufsize: int) -> bytes:
        return bytes(super()._sock_recv(min(bufsize, CHUNK)))

    def _packet_read(self) -> Any:
        result = super()._packet_read()
        del self._in_packet["packet"][self.largest_packet :]
        return result

    def _packet_handle(self) -> Any:
        try:
            result = super()._packet_handle()
        except Exception:  # whatever it raises would end the thread
            _log.debug("A packet from the broker cannot be read", exc_info=True)
            if self._in_packet["command"] & 0xF0 == _PUBLISH:
                return self._drop()
            return self._end()
        return self._end() if result == mqtt.MQTT_ERR_PROTOCOL else result

    def _handle_publish(self) -> Any:
        # The subscriptions have QoS 1, but aedes uses the sender's QoS. The library would keep each message with QoS 2
        # until it is released.
        self._has_qos_2 = self._in_packet["command"] >> 1 & 3 == _QOS_2
        if self._has_qos_2:
            self._in_packet["command"] -= (_QOS_2 - _QOS_1) << 1
        return super()._handle_publish()  # type: ignore[no-untyped-call,unused-ignore]

    def _send_puback(self, mid: int) -> Any:
        return self._send_pubrec(mid) if self._has_qos_2 else super()._send_puback(mid)

    def _handle_pubackcomp(self, cmd: Any) -> Any:
        # Mosquitto refuses a message beyond its message_size_limit with a reason code that no PUBACK may have.
        packet = self._in_packet["packet"]
        if cmd == "PUBACK" and packet[2:3] == bytes([PACKET_TOO_LARGE]):
            self.too_large.add(int.from_bytes(packet[:2], "big"))
            packet[2] = FIRST_FAILURE
        return super()._handle_pubackcomp(cmd)

    def _drop(self) -> Any:
        """Acknowledge a message that cannot be read, so that the broker does not send it again."""
        packet = self._in_packet["packet"]
        self.on_malformed()
        if self._in_packet["command"] >> 1 & 3 != _QOS_1:
            return mqtt.MQTT_ERR_SUCCESS
        try:
            (length,) = struct.unpack_from("!H", packet)
            (mid,) = struct.unpack_from("!H", packet, 2 + length)
        except struct.error:
            return self._end()
        return self._send_puback(mid)

    def _end(self) -> Any:
        self.unreadable = True
        return mqtt.MQTT_ERR_PROTOCOL

"""What the library needs to be told about its sockets."""

from __future__ import annotations

import socket

import paho.mqtt.client as library

from octoprint_temp_eta.adapters.broker.client.paho import _opened

#: In 1.6 without the underscore.
WRAPPER = getattr(library, "_WebsocketWrapper", None) or library.WebsocketWrapper


def test_a_websocket_answers_a_ping_with_a_masked_frame():
    """The library does not mask it, and a server that pings would end the connection each time."""
    wrapper = object.__new__(WRAPPER)
    with socket.socket() as wrapper._socket:
        _opened(None, None, wrapper)
        frame = wrapper._create_frame(WRAPPER.OPCODE_PONG, bytearray(b"ping"), 0)
    assert frame[1] & 0x80

"""One interface to paho-mqtt 1.6 and 2.x: nothing else depends on which one is installed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ....bridge.protocol.effects import Connect, Publish
from ....bridge.protocol.inputs import MalformedMessage, MessageArrived
from ....core.frozen import frozen
from ....settings.broker_address import BrokerAddress
from .. import tls
from ..errors import CODES_OF_3_1_1, PACKET_TOO_LARGE, UNREADABLE
from .guarded import GuardedClient

#: MQTT versions by name.
PROTOCOLS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}
#: Returned by the library for a sent message.
MessageInfo = mqtt.MQTTMessageInfo
#: Seconds for the TCP connection, and for each step of the TLS handshake.
TCP_TIMEOUT_S = 15.0
#: Seconds for TCP, TLS and WebSocket together: TLS 1.2 over a link with 3 s each way needs 24.
OPEN_TIMEOUT_S = 40.0
#: Seconds for which the broker keeps a session after the connection has ended, where the settings want one.
SESSION_EXPIRY_S = 3600


@frozen
class Limits:
    """What the broker supports, from its CONNACK; 3.1.1 cannot announce it."""

    maximum_packet_size: int | None = None
    receive_maximum: int | None = None
    maximum_qos: int = 2
    retain: bool = True

    def fit(self, publish: Publish) -> tuple[int, bool]:
        """Return the QoS and the retain flag with which the broker accepts `publish`."""
        return min(publish.qos, self.maximum_qos), publish.retain and self.retain


def make_client(spec: Connect, address: BrokerAddress, protocol: str, limits: Limits) -> GuardedClient:
    """Return a client for one connection only. Raises `TlsFileError`, and `OSError` for the system's certificates."""
    transport = "tcp" if address.websocket_path is None else "websockets"
    options: dict[str, Any] = {"client_id": spec.client_id, "protocol": PROTOCOLS[protocol], "transport": transport}
    if protocol != "5":
        options["clean_session"] = spec.clean_start
    if hasattr(mqtt, "CallbackAPIVersion"):
        options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2
    client = GuardedClient(reconnect_on_failure=False, **options)
    client.largest_packet = spec.largest_packet
    client._connect_timeout = TCP_TIMEOUT_S  # 1.6 has no public name for it
    username = address.username or spec.username
    if username:
        client.username_pw_set(username, spec.password or None)
    if address.tls:
        client.tls_set_context(tls.make_context(spec))
        client.tls_insecure_set(spec.tls_insecure)
    if address.websocket_path is not None:
        client.ws_set_options(path=address.websocket_path)
    will = spec.will
    qos, retain = limits.fit(will)
    client.will_set(will.topic, will.payload, qos, retain, properties=properties_of(will, protocol, "will"))
    client.on_socket_open = _opened
    return client


def open_connection(client: GuardedClient, spec: Connect, address: BrokerAddress, protocol: str) -> None:
    """Resolve, connect and send CONNECT; blocks until TCP and TLS are up. Raises `OSError`."""
    options: dict[str, Any] = {}
    if protocol == "5":
        options["clean_start"] = spec.clean_start
        options["properties"] = properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = spec.largest_packet
        if not spec.clean_start:
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
    client.connect_within(OPEN_TIMEOUT_S, address.host, address.port, spec.keepalive, **options)


def subscribe(client: mqtt.Client, topic: str, qos: int, protocol: str) -> int:
    """Subscribe and return the packet's id.

    With MQTT 5 the retain flag is kept, which distinguishes a retained command from a live one.
    """
    if protocol == "5":
        _, mid = client.subscribe([(topic, SubscribeOptions(qos=qos, retainAsPublished=True))])
    else:
        _, mid = client.subscribe([(topic, qos)])
    return int(mid or 0)


def properties_of(publish: Publish, protocol: str, packet: str = "publish") -> Properties | None:
    """Return the MQTT 5 properties of a message, None for older versions."""
    if protocol != "5":
        return None
    kind = PacketTypes.WILLMESSAGE if packet == "will" else PacketTypes.PUBLISH
    properties = Properties(kind)  # type: ignore[no-untyped-call]
    if publish.content_type:
        properties.ContentType = publish.content_type
    if publish.expiry_seconds:
        properties.MessageExpiryInterval = publish.expiry_seconds
    if publish.correlation is not None:
        properties.CorrelationData = publish.correlation
    return properties


def arrived(message: mqtt.MQTTMessage, largest: int) -> MessageArrived:
    """Return a received message as an input, with at most `largest` bytes of its payload."""
    properties = getattr(message, "properties", None)
    return MessageArrived(
        message.topic,
        bytes(message.payload[:largest]),
        bool(message.retain),
        getattr(properties, "ResponseTopic", None),
        getattr(properties, "CorrelationData", None),
        int(message.qos),
        int(message.mid) if message.qos else 0,
        bool(message.dup),
    )


def listen(
    client: GuardedClient,
    *,
    connected: Callable[[int, Limits], None],
    ended: Callable[[int | None], None],
    subscribed: Callable[[int, list[int]], None],
    delivered: Callable[[int, int], None],
    message: Callable[[MessageArrived | MalformedMessage], None],
) -> None:
    """Set the client's callbacks, which run on its thread.

    `connected` gets CONNACK's reason code and the broker's limits, `ended` the reason code of the broker's DISCONNECT,
    None without one, or UNREADABLE. `subscribed` gets SUBACK's packet id and reason codes, `delivered` a message's
    packet id and the reason code of its PUBACK, 0 without one. All codes are those of MQTT 5.
    """

    def on_connect(_: Any, __: Any, ___: Any, code: Any, properties: Any = None, *____: Any) -> None:
        connected(_number(code) if not isinstance(code, int) else CODES_OF_3_1_1.get(code, code), _limits(properties))

    def on_disconnect(_: Any, __: Any, *values: Any) -> None:
        # 1.6: a number of the library's own, or the code, and the properties. 2.x: flags, code, properties.
        code = values[1] if len(values) > 2 else values[0]
        if client.unreadable:
            ended(UNREADABLE)
            return
        ended(None if isinstance(code, int) or not _sent_by_broker(values[0]) else _number(code))

    def on_subscribe(_: Any, __: Any, mid: int, codes: Any, *____: Any) -> None:
        subscribed(mid, [_number(code) for code in codes])

    def on_publish(_: Any, __: Any, mid: int, code: Any = None, *___: Any) -> None:
        if mid in client.too_large:
            client.too_large.remove(mid)
            delivered(mid, PACKET_TOO_LARGE)
        else:
            delivered(mid, 0 if code is None else _number(code))

    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.on_subscribe = on_subscribe
    client.on_publish = on_publish
    client.on_malformed = lambda: message(MalformedMessage())
    client.on_message = lambda _, __, received: message(arrived(received, client.largest_packet))


def _limits(properties: Any) -> Limits:
    """Return what CONNACK's properties announce; absent ones have no limit."""
    return Limits(
        getattr(properties, "MaximumPacketSize", None),
        getattr(properties, "ReceiveMaximum", None),
        getattr(properties, "MaximumQoS", 2),
        bool(getattr(properties, "RetainAvailable", 1)),
    )


def _sent_by_broker(flags: Any) -> bool:
    """Whether the broker sent a DISCONNECT; 1.6 has no flags, and gives a code object only then."""
    return bool(getattr(flags, "is_disconnect_packet_from_server", True))


def _number(code: Any) -> int:
    """Return a reason code as a number: 1.6 gives numbers or objects, 2.x objects."""
    return int(getattr(code, "value", code))


def _opened(_: Any, __: Any, connection: Any) -> None:
    """Turn off Nagle's algorithm, which holds back small messages that follow each other for 40 ms.

    With WebSockets the library wraps the socket, and answers a PING with a frame that is not masked, which RFC 6455
    forbids: servers end the connection.
    """
    getattr(connection, "_socket", connection).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    create = getattr(connection, "_create_frame", None)
    if create is not None:
        connection._create_frame = lambda opcode, data, *_: create(opcode, data)

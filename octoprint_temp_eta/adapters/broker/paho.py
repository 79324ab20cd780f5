"""paho-mqtt 1.6 and 2.x behind one face: the differences of the two end in this file."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ...bridge.protocol.effects import Connect, Publish
from ...bridge.protocol.inputs import MessageArrived

#: MQTT versions by the names that people give them.
PROTOCOLS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}
#: First of the codes in CONNACK, SUBACK and PUBACK that mean a failure (MQTT 5, 2.4; for 3.1.1's SUBACK 0x80 alone).
FAILURE = 0x80
#: "Unsupported protocol version": of MQTT 5, and of 3.1.1, as which old brokers answer.
UNSUPPORTED_PROTOCOL = (0x84, 1)


def make_client(spec: Connect, protocol: str) -> mqtt.Client:
    """Return a client for one connection only. Raises `OSError` where the system's certificates can't be read."""
    version = PROTOCOLS[protocol]
    options: dict[str, Any] = {"client_id": spec.client_id, "protocol": version, "reconnect_on_failure": False}
    if version != mqtt.MQTTv5:
        options["clean_session"] = True
    if hasattr(mqtt, "CallbackAPIVersion"):
        options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2
    client = mqtt.Client(**options)
    if spec.username:
        client.username_pw_set(spec.username, spec.password or None)
    if spec.tls:
        client.tls_set(cert_reqs=ssl.CERT_NONE if spec.tls_insecure else ssl.CERT_REQUIRED)
    will = spec.will
    client.will_set(will.topic, will.payload, will.qos, will.retain, properties=properties_of(will, protocol, "will"))
    client.on_socket_open = _send_at_once
    return client


def open_connection(client: mqtt.Client, spec: Connect, protocol: str) -> None:
    """Resolve, connect and send CONNECT; blocks for some seconds at most. Raises `OSError`."""
    if protocol == "5":
        client.connect(spec.host, spec.port, spec.keepalive, clean_start=True)
    else:
        client.connect(spec.host, spec.port, spec.keepalive)


def subscribe(client: mqtt.Client, topics: Sequence[str], protocol: str) -> None:
    """Subscribe with QoS 1; with MQTT 5 the retain flag is kept, so that a retained command is told from a live one."""
    if protocol == "5":
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        client.subscribe([(topic, options) for topic in topics])
    else:
        client.subscribe([(topic, 1) for topic in topics])


def properties_of(publish: Publish, protocol: str, packet: str = "publish") -> Properties | None:
    """Return MQTT 5's properties of a message, None for older versions."""
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


def arrived(message: mqtt.MQTTMessage) -> MessageArrived:
    """Return a received message as an input."""
    properties = getattr(message, "properties", None)
    return MessageArrived(
        message.topic,
        bytes(message.payload),
        bool(message.retain),
        getattr(properties, "ResponseTopic", None),
        getattr(properties, "CorrelationData", None),
    )


def listen(
    client: mqtt.Client,
    *,
    connected: Callable[[int, str], None],
    ended: Callable[[], None],
    subscribed: Callable[[list[int]], None],
    delivered: Callable[[int, str | None], None],
    message: Callable[[MessageArrived], None],
) -> None:
    """Have the functions called on the client's thread, whatever the library's version gives its callbacks.

    `connected` gets CONNACK's code and its wording, `subscribed` SUBACK's codes, `delivered` a message's
    id and why it was refused, or None.
    """

    def on_connect(_: Any, __: Any, ___: Any, code: Any, *____: Any) -> None:
        connected(_number(code), mqtt.connack_string(code) if isinstance(code, int) else str(code))

    def on_subscribe(_: Any, __: Any, ___: Any, codes: Any, *____: Any) -> None:
        subscribed([_number(code) for code in codes])

    def on_publish(_: Any, __: Any, mid: int, code: Any = None, *___: Any) -> None:
        delivered(mid, str(code) if code is not None and _number(code) >= FAILURE else None)

    client.on_connect = on_connect
    client.on_disconnect = lambda *_: ended()
    client.on_subscribe = on_subscribe
    client.on_publish = on_publish
    client.on_message = lambda _, __, received: message(arrived(received))


def _number(code: Any) -> int:
    """Return a reason code as a number: 1.6 gives numbers or objects, 2.x objects."""
    return int(getattr(code, "value", code))


def _send_at_once(_: Any, __: Any, connection: Any) -> None:
    """Turn off Nagle's algorithm: it holds small messages that follow each other back for 40 ms."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

"""The size of a PUBLISH packet, for brokers that limit it (MQTT 5, 3.1.2.11.4: Maximum Packet Size)."""

from __future__ import annotations

from ..protocol.effects import Publish


def packet_size(publish: Publish, protocol: str) -> int:
    """Return how many bytes the PUBLISH packet of `publish` has with MQTT `protocol`."""
    packet_id = 2 if publish.qos else 0
    length = 2 + len(publish.topic.encode()) + packet_id + len(publish.payload)
    if protocol == "5":
        properties = _properties(publish)
        length += _variable_length(properties) + properties
    return 1 + _variable_length(length) + length


def _properties(publish: Publish) -> int:
    """Return the length of the properties, each with its identifier."""
    length = 0
    if publish.content_type:
        length += 1 + 2 + len(publish.content_type.encode())
    if publish.expiry_seconds:
        length += 1 + 4
    if publish.correlation is not None:
        length += 1 + 2 + len(publish.correlation)
    return length


def _variable_length(value: int) -> int:
    """Return how many bytes a Variable Byte Integer takes."""
    return 1 + (value > 0x7F) + (value > 0x3FFF) + (value > 0x1FFFFF)

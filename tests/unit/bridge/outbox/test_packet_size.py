"""The size of a PUBLISH packet equals what the library writes."""

from __future__ import annotations

from typing import Any

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.adapters.broker.client import paho
from octoprint_temp_eta.bridge.outbox.packet_size import packet_size
from octoprint_temp_eta.bridge.protocol.effects import Publish


def written(publish: Publish, protocol: str) -> int:
    """Return how many bytes paho puts on the wire."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=paho.PROTOCOLS[protocol])
    packets: list[bytes] = []
    client._packet_queue = lambda _, packet, *__: packets.append(bytes(packet))  # type: ignore[method-assign]
    properties = paho.properties_of(publish, protocol)
    client._sock = object()  # type: ignore[assignment]
    client._send_publish(
        1, publish.topic.encode(), publish.payload, publish.qos, publish.retain, False, None, properties
    )
    client._sock = None
    return len(packets[0])


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@given(
    topic=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=50),
    length=st.sampled_from([0, 1, 100, 127, 128, 16_000, 16_383, 16_384, 20_000]),
    options=st.fixed_dictionaries(
        {
            "qos": st.sampled_from([0, 1]),
            "content_type": st.sampled_from([None, "text/plain"]),
            "expiry_seconds": st.sampled_from([None, 300]),
            "correlation": st.one_of(st.none(), st.binary(max_size=200)),
        }
    ),
)
def test_the_size_is_what_is_sent(protocol: str, topic: str, length: int, options: dict[str, Any]):
    publish = Publish(topic, b"x" * length, **options)
    assert packet_size(publish, protocol) == written(publish, protocol)

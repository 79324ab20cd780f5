"""Brokers that refuse: a password, a version, a subscription, a message, a certificate."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import (
    Answer,
    BrokerConnected,
    BrokerLost,
    BrokerRefused,
    Delivered,
    MessageArrived,
)
from tests.support.broker import Broker
from tests.support.broker_programs import Certificates
from tests.support.certificates import make_certificates
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import (
    OFFLINE,
    OLD_LIBRARY,
    STATUS,
    TIMEOUT,
    Link,
    impatient,
    impatient_with_silence,
    link,
    peer,
    spec,
)
from tests.support.mqtt_proxy import PUBACK, SUBACK, SUBSCRIBE, UNSUPPORTED, Proxy, kind_of
from tests.support.waiting import eventually

__all__ = ["impatient", "impatient_with_silence", "link", "peer"]


def test_a_wrong_password_is_reported_without_the_password(link: Link):
    with Broker(username="printer", password="right") as broker:
        link.mqtt.connect(spec(broker.port, username="printer", password="wrong-and-secret"))
        reason = link.wait_for(BrokerLost).reason
        assert reason.startswith(f"CONNACK: 127.0.0.1:{broker.port} refuses the connection: ")
        assert "authori" in reason
        assert "secret" not in repr(link.posted)
        link.connect(broker.port, username="printer", password="right")


@pytest.mark.usefixtures("impatient_with_silence")
@pytest.mark.parametrize("reply", [UNSUPPORTED, b"", b"\x20\x02\x00\x01"], ids=["0x84", "silence", "0x01"])
def test_a_broker_without_mqtt_5_is_connected_to_with_3_1_1(link: Link, broker: Broker, peer: Observer, reply: bytes):
    with Proxy(broker.listener, version_5=reply) as proxy:
        assert link.connect(proxy.port).protocol == "3.1.1"
        assert link.all(BrokerLost)[0].reason == f"CONNACK: 127.0.0.1:{proxy.port} does not answer in MQTT 5"
        link.mqtt.publish(
            Publish("test/x", b"x", content_type="text/plain", expiry_seconds=5, correlation=b"1", token=9)
        )
        assert link.wait_for(Delivered).token == 9
        peer.publish("test/command/reset", b"{}")
        assert link.wait_for(MessageArrived) == MessageArrived("test/command/reset", b"{}")
        link.mqtt.disconnect(Disconnect((OFFLINE,)))
        link.mqtt.close(TIMEOUT)
    peer.wait_for(STATUS, lambda message: message.text == "offline")


@pytest.mark.usefixtures("impatient_with_silence")
def test_a_silent_broker_is_tried_in_both_versions_for_ever(link: Link):
    with Proxy(None) as silent:
        link.mqtt.connect(spec(silent.port))
        reasons = [link.wait_for(BrokerLost).reason for _ in range(4)]
    assert [reason.rsplit(" ", 1)[1] for reason in reasons] == ["5", "3.1.1", "5", "3.1.1"]


@pytest.mark.parametrize("version_5", [None, UNSUPPORTED], ids=["5", "3.1.1"])
def test_a_refused_subscription_is_reported_and_retried_until_granted(
    link: Link, broker: Broker, version_5: bytes | None
):
    with Proxy(broker.listener, version_5=version_5) as proxy:
        proxy.to_client = lambda packet: packet[:-1] + b"\x80" if kind_of(packet) == SUBACK else packet
        link.connect(proxy.port)
        assert "Not permitted to subscribe" in link.wait_for(BrokerRefused).reason
        before = proxy.count(SUBSCRIBE)
        eventually(lambda: proxy.count(SUBSCRIBE) >= before + 2, "more attempts")
        link.mqtt.publish(Publish("test/x", b"x", token=3))
        assert link.wait_for(Delivered).token == 3, "the rest goes on"
        proxy.to_client = lambda packet: packet
        granted = proxy.count(SUBSCRIBE)
        eventually(lambda: proxy.count(SUBSCRIBE) > granted, "the attempt that succeeds")
        with Observer(broker.listener, filters=("my/#",)) as other:
            other.publish("test/command/reset", b"{}")
        assert link.wait_for(MessageArrived).payload == b"{}"
        assert link.all(BrokerLost)[1:] == []


def test_it_can_be_closed_while_a_subscription_is_refused(link: Link, broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: packet[:-1] + b"\x80" if kind_of(packet) == SUBACK else packet
        link.connect(proxy.port)
        link.wait_for(BrokerRefused)
        link.mqtt.close(TIMEOUT)
        assert "temp_eta-mqtt" not in [thread.name for thread in threading.enumerate()]


def test_a_connection_lost_while_a_subscription_is_refused_is_noticed(link: Link, broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: packet[:-1] + b"\x80" if kind_of(packet) == SUBACK else packet
        link.connect(proxy.port)
        link.wait_for(BrokerRefused)
        proxy.cut()
        link.wait_for(BrokerLost)
        link.wait_for(BrokerConnected)


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report why a message was refused")
@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (0x10, Answer.ACCEPTED),
        (0x80, Answer.REFUSED_FOR_NOW),
        (0x83, Answer.REFUSED_FOR_NOW),
        (0x87, Answer.REFUSED),
        (0x97, Answer.REFUSED_FOR_NOW),
    ],
)
def test_a_refused_message_is_reported_with_whether_it_may_be_accepted_later(
    link: Link, broker: Broker, code: int, answer: Answer
):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: (
            b"\x40\x03" + packet[2:4] + bytes([code]) if kind_of(packet) == PUBACK else packet
        )
        connected = link.connect(proxy.port)
        link.mqtt.publish(Publish("test/x", b"x", token=3))
        assert link.wait_for(Delivered) == Delivered(connected.link, 3, answer)
        assert ("Not permitted to publish" in str(link.all(BrokerRefused))) == (answer is not Answer.ACCEPTED)


# Encrypted


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def encrypted(certificates: Certificates) -> Iterator[Broker]:
    with Broker(certificates=certificates) as broker:
        yield broker


def test_a_certificate_of_an_authority_of_the_system_is_trusted(
    link: Link, encrypted: Broker, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    assert link.connect(encrypted.port, tls=True).port == encrypted.port


def test_a_certificate_of_an_unknown_authority_is_refused_with_the_reason(link: Link, encrypted: Broker):
    link.mqtt.connect(spec(encrypted.port, tls=True))
    reason = link.wait_for(BrokerLost).reason
    assert reason.startswith(f"TLS: the certificate of 127.0.0.1:{encrypted.port} is not trusted: ")


def test_a_certificate_for_another_name_is_refused_with_the_reason(
    link: Link, encrypted: Broker, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    link.mqtt.connect(spec(encrypted.port, host="127.1", tls=True))  # another spelling of 127.0.0.1
    reason = link.wait_for(BrokerLost).reason
    assert reason.startswith(f"TLS: the certificate of 127.1:{encrypted.port} is not trusted: ")
    assert "ismatch" in reason


def test_without_verification_any_certificate_is_accepted(link: Link, encrypted: Broker):
    assert link.connect(encrypted.port, tls=True, tls_insecure=True).port == encrypted.port


def test_tls_to_a_port_without_it_is_reported(link: Link, broker: Broker):
    link.mqtt.connect(spec(broker.port, tls=True))
    reason = link.wait_for(BrokerLost).reason
    assert reason.startswith(f"TLS: 127.0.0.1:{broker.port} does not speak TLS. Turn off Use TLS")


def test_no_tls_to_a_port_with_it_does_not_connect(link: Link, encrypted: Broker):
    link.mqtt.connect(spec(encrypted.port))
    assert "does not answer in MQTT" in link.wait_for(BrokerLost).reason

"""TLS files, WebSockets, IPv6, and lists of brokers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters.broker.client import paho
from octoprint_temp_eta.bridge.protocol.effects import Disconnect, Publish
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected, BrokerLost, Delivered, MessageArrived
from octoprint_temp_eta.settings.broker_address import BrokerAddress
from tests.support.broker import Broker
from tests.support.broker_programs import Certificates
from tests.support.certificates import make_certificates, make_client_certificate
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import OLD_LIBRARY, Link, impatient, link, spec
from tests.support.slow_peer import DeadEnd, SlowPeer
from tests.support.waiting import free_port

__all__ = ["impatient", "link"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def certificates(folder: Path) -> Certificates:
    return make_certificates(folder)


@pytest.fixture(scope="module")
def encrypted(certificates: Certificates) -> Iterator[Broker]:
    with Broker(certificates=certificates) as broker:
        yield broker


def works(link: Link) -> None:
    link.mqtt.publish(Publish("test/x", b"x", token=1))
    assert link.wait_for(Delivered).token == 1


# TLS


def test_an_own_authority_is_trusted(link: Link, encrypted: Broker, certificates: Certificates):
    link.connect(encrypted.port, tls=True, ca_file=str(certificates.authority))
    works(link)


def test_a_server_name_replaces_the_host(link: Link, encrypted: Broker, certificates: Certificates):
    authority = str(certificates.authority)
    link.connect(encrypted.port, host="127.1", tls=True, ca_file=authority, server_name="localhost")
    link.mqtt.connect(spec(encrypted.port, tls=True, ca_file=authority, server_name="broker.test"))
    assert "ismatch" in link.wait_for(BrokerLost).reason


def test_a_client_certificate_is_presented(link: Link, folder: Path, certificates: Certificates):
    certificate, key = make_client_certificate(folder)
    with Broker(certificates=certificates, tls_options=("require_certificate true",)) as broker:
        files = {"certificate_file": str(certificate), "key_file": str(key)}
        link.connect(broker.port, tls=True, ca_file=str(certificates.authority), **files)
        works(link)
        link.mqtt.connect(spec(broker.port, tls=True, ca_file=str(certificates.authority)))
        reason = link.wait_for(BrokerLost).reason
        # 1.6 may not notice that the broker ended the TLS connection.
        assert "whether the broker requires a client certificate" in reason or OLD_LIBRARY


def test_an_expired_client_certificate_is_named(link: Link, folder: Path, certificates: Certificates):
    certificate, key = make_client_certificate(folder, days=-1)
    files = {"certificate_file": str(certificate), "key_file": str(key)}
    for version in ("tlsv1.3", "tlsv1.2"):  # the handshake succeeds, and fails
        options = ("require_certificate true", f"tls_version {version}")
        with Broker(certificates=certificates, tls_options=options) as broker:
            link.mqtt.connect(spec(broker.port, tls=True, ca_file=str(certificates.authority), **files))
            # Before it tries MQTT 3.1.1, it does not look for the reason. 1.6 may not notice that the broker hangs up.
            reason = link.wait_for(BrokerLost, lambda lost: not lost.at_once).reason
            assert f"The client certificate {str(certificate)!r} has expired on " in reason or OLD_LIBRARY
            link.mqtt.disconnect(Disconnect())
        link.all(BrokerLost)
        assert not any("requires" in lost.reason for lost in link.all(BrokerLost))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca_file": "missing.crt"}, "The CA file 'missing.crt' does not exist."),
        ({"ca_file": "server.key"}, "The CA file 'server.key' contains no certificate"),
        ({"ca_file": "authority.crt", "key_file": "client.key"}, "The key file has no certificate file: set both."),
        (
            {"ca_file": "authority.crt", "certificate_file": "server.crt", "key_file": "authority.key"},
            "The certificate file 'server.crt' and the key file 'authority.key' don't belong together",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    link: Link, encrypted: Broker, folder: Path, files: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder)
    link.mqtt.connect(spec(encrypted.port, tls=True, **files))
    reason = link.wait_for(BrokerLost).reason
    assert reason.startswith("TLS: ")
    assert words in reason


# WebSockets


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_mqtt_over_websockets(link: Link, certificates: Certificates, tls: bool):
    with Broker(certificates=certificates if tls else None, websockets=True) as broker:
        authority = str(certificates.authority)
        link.connect(broker.websocket_port, tls=tls, ca_file=authority, websocket_path="/mqtt")
        works(link)


def test_a_port_without_websockets_is_reported(link: Link, broker: Broker):
    link.mqtt.connect(spec(broker.port, websocket_path="/mqtt"))
    assert (
        "does not accept MQTT at the path of the settings. Check the port and the path"
        in link.wait_for(BrokerLost).reason
    )


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (404, "status 404. Check the port and the path"),
        (502, "status 502. A proxy answers, but the broker behind it does not"),
        (401, "status 401. A proxy lets nobody in without a login"),
        (200, "status 200. Check the port and the path"),
    ],
)
def test_the_http_status_of_a_proxy_is_named(link: Link, status: int, text: str):
    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/mqtt" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        link.mqtt.connect(spec(server.server_port, websocket_path="/mqtt"))
        assert f"answers with the HTTP {text}" in link.wait_for(BrokerLost).reason
        server.shutdown()


# A peer that keeps the connection busy


@pytest.mark.parametrize(
    ("chunk", "pause"),
    [(b"a", 0.05), (b"X: y\r\n", 0.05), (b"a" * 4096, 0.001)],
    ids=["bytes", "headers", "endless"],
)
def test_a_peer_that_never_ends_its_answer_does_not_keep_the_attempt(
    link: Link, monkeypatch: pytest.MonkeyPatch, chunk: bytes, pause: float
):
    monkeypatch.setattr(paho, "OPEN_TIMEOUT_S", 0.5)
    with SlowPeer(chunk, pause) as peer:
        link.mqtt.connect(spec(peer.port, websocket_path="/mqtt"))
        for _ in range(2):
            link.wait_for(BrokerLost)


# Addresses


def test_an_ipv6_address(link: Link):
    with Broker(host="::1") as broker:
        connected = link.connect(broker.port, host="::1")
        assert connected == BrokerConnected(1, "::1", broker.port, "5")


def test_a_list_of_brokers_is_tried_in_turn(link: Link):
    down, ports = free_port(), (free_port(), free_port())
    with Broker(port=ports[0]) as first:
        more = tuple(BrokerAddress("127.0.0.1", port) for port in ports)
        assert link.connect(down, more_addresses=more).port == ports[0]
        with Broker(port=ports[1]):
            first.stop()
            assert link.wait_for(BrokerConnected).port == ports[1]
            works(link)
        first.start()
        assert link.wait_for(BrokerConnected).port == ports[0]


def test_only_after_the_last_of_a_list_there_is_a_pause(link: Link):
    more = tuple(BrokerAddress("127.0.0.1", free_port()) for _ in range(2))
    link.mqtt.connect(spec(free_port(), more_addresses=more))
    pauses = [link.wait_for(BrokerLost).pause > 0 for _ in range(6)]
    assert pauses == [False, False, True, False, False, True]


# Sessions


@pytest.mark.parametrize("clean_start", [True, False])
def test_a_session_is_kept_only_if_wanted(link: Link, broker: Broker, clean_start: bool):
    client_id = f"temp_eta_session_{clean_start}"
    link.connect(broker.port, clean_start=clean_start, client_id=client_id)
    link.mqtt.close(10)
    with Observer(broker.listener, filters=("my/#",)) as other:
        other.publish("test/command/late", b"x")
    link.connect(broker.port, clean_start=clean_start, client_id=client_id)
    works(link)
    received = [message.topic for message in link.all(MessageArrived)]
    assert ("test/command/late" in received) is not clean_start
    link.connect(broker.port, client_id=client_id)


def test_addresses_that_do_not_answer_do_not_keep_the_one_that_does_from_its_turn(
    link: Link, broker: Broker, monkeypatch: pytest.MonkeyPatch
):
    """Such as those of IPv6, on a network that has only IPv4."""
    look_up = socket.getaddrinfo

    def several(host: str, port: int, *arguments: Any, **options: Any) -> Any:
        if host != "several.test":
            return look_up(host, port, *arguments, **options)
        ports = (*(each.port for each in dead), broker.port)
        return [found for each in ports for found in look_up("127.0.0.1", each, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", several)
    monkeypatch.setattr(paho, "TCP_TIMEOUT_S", 0.5)
    monkeypatch.setattr(paho, "OPEN_TIMEOUT_S", 1.2)
    with DeadEnd() as first, DeadEnd() as second, DeadEnd() as third:
        dead = (first, second, third)
        link.mqtt.connect(spec(broker.port, host="several.test"))
        assert "does not answer" in link.wait_for(BrokerLost).reason
        assert link.wait_for(BrokerConnected).host == "several.test"
        assert len(link.all(BrokerLost)) <= 2

"""Words for a failed attempt to connect, after a look at what the port speaks."""

from __future__ import annotations

import ssl

import pytest
from paho.mqtt.client import WebsocketConnectionError

from octoprint_temp_eta.adapters.broker import client_certificate, diagnosis, errors, reach
from octoprint_temp_eta.settings.broker_address import BrokerAddress
from tests.support.mqtt_link import spec

PLAIN, TLS = BrokerAddress("host", 1883), BrokerAddress("host", 8883, tls=True)
HANDSHAKE = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]")


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """What the port speaks; each look at it is an error unless a test expects it."""
    speaks: dict[str, bool] = {}
    monkeypatch.setattr(reach, "answers_without_tls", lambda _: speaks["plain"])
    monkeypatch.setattr(reach, "expects_tls", lambda _: speaks["tls"])
    return speaks


@pytest.mark.parametrize("error", [HANDSHAKE, ConnectionResetError()])
def test_a_port_that_answers_without_tls_has_none(port: dict[str, bool], error: OSError):
    port["plain"] = True
    assert diagnosis.failure(error, TLS, spec(1883)) == errors.no_tls(TLS)


def test_a_port_that_does_not_answer_has_the_handshakes_error(port: dict[str, bool]):
    port["plain"] = False
    assert diagnosis.failure(HANDSHAKE, TLS, spec(1883)) == errors.explain(HANDSHAKE, TLS, "")


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    ("error", "address"),
    [
        (ssl.SSLCertVerificationError("self-signed"), TLS),
        (ConnectionRefusedError(), TLS),
        (ConnectionResetError(), PLAIN),
    ],
)
def test_another_error_explains_itself(error: OSError, address: BrokerAddress):
    assert diagnosis.failure(error, address, spec(1883)) == errors.explain(error, address, "")


def test_a_port_that_closes_a_plain_connection_may_expect_tls(port: dict[str, bool]):
    port["tls"] = True
    assert diagnosis.no_connack(PLAIN, "5", "", closed=True) == errors.expects_tls(PLAIN)
    port["tls"] = False
    assert diagnosis.no_connack(PLAIN, "5", "", closed=True) == errors.no_connack(PLAIN, "5", "", closed=True)


@pytest.mark.parametrize("error", [ConnectionResetError(), WebsocketConnectionError()])
def test_a_websocket_without_tls_to_a_port_with_it(
    port: dict[str, bool], monkeypatch: pytest.MonkeyPatch, error: Exception
):
    monkeypatch.setattr(reach, "http_status", lambda *_: None)
    address = BrokerAddress("host", 443, websocket_path="/mqtt")
    port["tls"] = True
    assert diagnosis.failure(error, address, spec(443)) == errors.expects_tls(address)
    assert errors.expects_tls(address).startswith("WebSocket: host:443 expects TLS.")
    port["tls"] = False
    assert diagnosis.failure(error, address, spec(443)) == errors.explain(error, address, "")


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(("address", "closed"), [(PLAIN, False), (TLS, True)])
def test_no_connack_for_another_reason(address: BrokerAddress, closed: bool):
    assert diagnosis.no_connack(address, "5", "", closed=closed) == errors.no_connack(address, "5", "", closed=closed)


FAULT = "The client certificate 'client.crt' has expired on 2026-01-31"


@pytest.fixture
def expired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_certificate, "fault", lambda *_: FAULT)


@pytest.mark.usefixtures("expired")
def test_a_client_certificate_that_is_not_valid_is_named(port: dict[str, bool]):
    port["plain"] = False
    named = errors.certificate_not_valid(TLS, FAULT)
    assert named == f"TLS: host:8883 does not accept the connection. {FAULT}"
    assert diagnosis.no_connack(TLS, "5", "client.crt", closed=True) == named
    # With TLS 1.2, the handshake fails.
    assert diagnosis.failure(HANDSHAKE, TLS, spec(1883, certificate_file="client.crt")) == named


@pytest.mark.usefixtures("expired")
def test_a_connection_for_which_it_does_not_matter_does_not_name_it(port: dict[str, bool]):
    port["tls"], port["plain"] = False, True
    assert FAULT not in diagnosis.no_connack(PLAIN, "5", "client.crt", closed=True)
    assert FAULT not in diagnosis.no_connack(TLS, "5", "client.crt", closed=False)
    assert FAULT not in diagnosis.failure(HANDSHAKE, TLS, spec(1883, certificate_file="client.crt"))
    assert FAULT not in diagnosis.failure(
        ssl.SSLCertVerificationError("self-signed"), TLS, spec(1883, certificate_file="client.crt")
    )

"""Each failure to connect to the broker is reported in plain words that name the step."""

from __future__ import annotations

import socket
import ssl

import pytest
from paho.mqtt.client import WebsocketConnectionError

from octoprint_temp_eta.adapters.broker.errors import (
    REASONS,
    connection_lost,
    connection_refused,
    explain,
    no_connack,
    publish_refused,
    reason_name,
    sentence,
    subscription_refused,
)
from octoprint_temp_eta.adapters.broker.tls import TlsFileError
from octoprint_temp_eta.settings.broker_address import BrokerAddress

ADDRESS = BrokerAddress("broker.test", 1883)


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_message = "self-signed certificate in certificate chain"
    return error


@pytest.mark.parametrize(
    ("code", "advice"),
    [(10, "Renew the broker's certificate"), (18, "as CA file"), (62, "set it as Server name")],
)
def test_a_certificate_that_is_refused_has_a_remedy(code: int, advice: str):
    error = untrusted()
    error.verify_code = code
    assert advice in explain(error, ADDRESS, "")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TlsFileError("The CA file 'x' does not exist."), "TLS: The CA file 'x' does not exist."),
        (
            socket.gaierror(-2, "Name or service not known"),
            "Name look-up: 'broker.test' is not known (Name or service not known)",
        ),
        (
            ConnectionRefusedError(111, "Connection refused"),
            "TCP: broker.test:1883 refuses the connection: is the broker running?",
        ),
        (
            ConnectionResetError(104, "Connection reset by peer"),
            "TCP: broker.test:1883 closed the connection; check the port, and whether it expects TLS",
        ),
        (TimeoutError("timed out"), "TCP: broker.test:1883 does not answer"),
        (OSError(113, "No route to host"), "TCP: broker.test:1883 cannot be reached (No route to host)"),
        (OSError("odd"), "TCP: broker.test:1883 cannot be reached (odd)"),
        (
            untrusted(),
            "TLS: the certificate of broker.test:1883 is not trusted: self-signed certificate in certificate chain",
        ),
        (
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            "TLS: no encrypted connection with broker.test:1883 "
            "([SSL: WRONG_VERSION_NUMBER] wrong version number). Check whether this port uses TLS, "
            "and whether the broker requires a client certificate",
        ),
        (ValueError("Invalid host."), "The settings of the connection to broker.test:1883 don't work: Invalid host."),
    ],
)
def test_a_failure_is_explained_in_plain_words(error: Exception, sentence: str):
    assert explain(error, ADDRESS, "") == sentence


@pytest.mark.parametrize("error", [WebsocketConnectionError("WebSocket handshake error"), ConnectionResetError()])
def test_a_port_without_websockets_is_explained(error: Exception):
    assert explain(error, BrokerAddress("broker.test", 1883, websocket_path="/mqtt"), "") == (
        "WebSocket: broker.test:1883 does not accept MQTT at the path of the settings. Check the port and the path"
    )


@pytest.mark.parametrize("code", REASONS)
def test_each_reason_code_has_a_name_and_a_remedy(code: int):
    name, remedy = REASONS[code]
    text = connection_refused(ADDRESS, code)
    assert text == f"CONNACK: broker.test:1883 refuses the connection: {name}. {remedy}."
    assert name
    assert remedy[0].isupper()
    assert not remedy.endswith(".")


def test_an_unknown_reason_code_is_reported_with_its_number():
    assert reason_name(0xEE) == "reason code 0xEE"
    assert connection_lost(ADDRESS, 0xEE) == (
        "broker.test:1883 closed the connection: reason code 0xEE. See the broker's log."
    )


@pytest.mark.parametrize("code", [None, 0x00, 0x04])
def test_a_connection_without_a_reason_is_lost(code: int | None):
    assert connection_lost(ADDRESS, code) == "The connection to broker.test:1883 is lost"


def test_a_connection_that_was_taken_over_is_reported_with_the_remedy():
    assert connection_lost(ADDRESS, 0x8E) == (
        "broker.test:1883 closed the connection: session taken over. "
        "Another client uses the same client ID: give each printer an ID of its own."
    )


def test_a_missing_connack_is_reported_with_the_version():
    assert no_connack(ADDRESS, "5", "", closed=False) == "CONNACK: broker.test:1883 does not answer in MQTT 5"
    assert no_connack(ADDRESS, "5", "", closed=True) == (
        "CONNACK: broker.test:1883 does not answer in MQTT 5: it closed the connection. "
        "Check whether this port expects TLS"
    )
    encrypted = BrokerAddress("broker.test", 8883, tls=True)
    text = no_connack(encrypted, "5", "", closed=True)
    assert text.endswith("Check whether the broker requires a client certificate")


def test_who_has_set_a_client_certificate_is_not_asked_whether_one_is_required():
    encrypted = BrokerAddress("broker.test", 8883, tls=True)
    for text in (
        no_connack(encrypted, "5", "client.crt", closed=True),
        explain(ssl.SSLError(1, "unknown ca"), encrypted, "client.crt"),
    ):
        assert text.endswith("whether the broker accepts the client certificate 'client.crt'")


def test_a_refused_message_or_subscription_is_reported_with_its_topic():
    assert publish_refused("a/b", 0x87).startswith("Not permitted to publish to a/b: not authorized. ")
    assert subscription_refused("a/#", "not authorized") == (
        "Not permitted to subscribe to a/# (not authorized). Allow the user to read this topic (ACL)."
    )
    assert subscription_refused("a/#", reason_name(0xA2)) == (
        "Not permitted to subscribe to a/# (wildcard subscriptions not supported). "
        "Commands need a broker that supports wildcards."
    )


@pytest.mark.parametrize("text", ["refused: is it running?", "It does not answer."])
def test_a_sentence_that_ends_stays_as_it_is(text: str) -> None:
    assert sentence(text) == text


def test_a_sentence_gets_its_full_stop() -> None:
    assert sentence("It does not answer") == "It does not answer."

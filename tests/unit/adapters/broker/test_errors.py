"""Each failure on the way to the broker is said in words that name the step."""

from __future__ import annotations

import socket
import ssl

import pytest

from octoprint_temp_eta.adapters.broker.errors import explain


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_message = "self-signed certificate in certificate chain"
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
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
            "TCP: broker.test:1883 cuts the connection: is TLS set as this port needs it?",
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
            "([SSL: WRONG_VERSION_NUMBER] wrong version number): does this port speak TLS?",
        ),
        (ValueError("Invalid host."), "The settings of the connection to broker.test:1883 don't work: Invalid host."),
    ],
)
def test_a_failure_is_said_in_plain_words(error: Exception, sentence: str):
    assert explain(error, "broker.test", 1883) == sentence

"""The TLS settings of a connection."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters.broker.tls import TlsFileError, make_context
from octoprint_temp_eta.bridge.protocol.effects import Connect, Publish


def spec(**files: Any) -> Connect:
    return Connect("host", 8883, "id", Publish("t", b""), (), tls=True, **files)


def test_the_broker_is_verified_unless_that_is_switched_off():
    verified, unverified = make_context(spec()), make_context(spec(tls_insecure=True))
    assert (verified.verify_mode, verified.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (unverified.verify_mode, unverified.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca_file": "missing.crt"}, "The CA file 'missing.crt' does not exist."),
        ({"ca_file": "."}, "The CA file '.' is a folder or a device."),
        ({"ca_file": "text"}, "The CA file 'text' contains no certificate: it must be in PEM format."),
        ({"key_file": "text"}, "The key file has no certificate file: set both."),
        ({"certificate_file": "missing.crt"}, "The certificate file 'missing.crt' does not exist."),
        (
            {"certificate_file": "text", "key_file": "text"},
            "The certificate file 'text' and the key file 'text' don't belong together, or are not in PEM format.",
        ),
    ],
)
def test_an_error_names_the_file_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], words: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("no certificate")
    with pytest.raises(TlsFileError) as caught:
        make_context(spec(**files))
    assert str(caught.value) == words


def test_an_encrypted_key_is_refused_without_asking_for_its_password(tmp_path: Path):
    key, certificate = tmp_path / "client.key", tmp_path / "client.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-subj", "/CN=client", "-passout", "pass:secret"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with pytest.raises(TlsFileError, match="is encrypted: use a key without a password") as caught:
        make_context(spec(certificate_file=str(certificate), key_file=str(key)))
    assert str(key) in str(caught.value)

"""When a client's certificate is valid."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.broker.client_certificate import fault, validity

DAY_S = 86400


def certificate(folder: Path, days: str) -> Path:
    """Write a certificate; it begins now, or at an end that has passed."""
    file = folder / "client.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-subj", "/CN=client", "-days", days, "-keyout", folder / "client.key", "-out", file]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return file


@pytest.mark.parametrize("days", ["1", "36500"])
def test_the_dates_are_those_that_openssl_shows(tmp_path: Path, days: str):
    file = certificate(tmp_path, days)
    command = ["openssl", "x509", "-in", file, "-noout", "-startdate", "-enddate"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    begin, end = (ssl.cert_time_to_seconds(line.partition("=")[2]) for line in shown.splitlines())
    found = validity(str(file))
    assert found is not None
    assert (found.begin, found.end) == (begin, end)
    assert fault(str(file), begin) is fault(str(file), end) is None


def test_a_fault_names_the_file_the_day_and_what_to_do(tmp_path: Path):
    file = str(certificate(tmp_path, "1"))
    found = validity(file)
    assert found is not None
    expired, early = fault(file, found.end + 1) or "", fault(file, found.begin - 1) or ""
    assert expired.startswith(f"The client certificate {file!r} has expired on 20")
    assert expired.endswith(". Renew it; check this machine's clock")
    assert early.startswith(f"The client certificate {file!r} is not valid before 20")
    assert early.endswith(". Check this machine's clock")


def test_the_first_certificate_counts_also_after_a_key(tmp_path: Path):
    file = certificate(tmp_path, "3")
    dates = validity(str(file))
    other = tmp_path / "chain.pem"
    key, first = (tmp_path / "client.key").read_text(), file.read_text()
    other.write_text(f"Issuer: k\N{LATIN SMALL LETTER O WITH DIAERESIS}nig\n{key}{first}", encoding="utf-8")
    certificate(tmp_path, "5")
    with other.open("a") as chain:
        chain.write(file.read_text())
    assert validity(str(other)) == dates


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no certificate",
        f"{ssl.PEM_HEADER}\n!{ssl.PEM_FOOTER}",
        f"{ssl.PEM_HEADER}\nMIIB\n{ssl.PEM_FOOTER}",
        f"{ssl.PEM_HEADER}\nMAA=\n{ssl.PEM_FOOTER}",
        f"{ssl.PEM_HEADER}\nMAIwAA==\n{ssl.PEM_FOOTER}",
    ],
)
def test_what_is_no_certificate_has_no_dates(tmp_path: Path, content: str):
    file = tmp_path / "file"
    file.write_text(content)
    assert validity(str(file)) is None


@pytest.mark.parametrize("file", ["", "missing.crt", "."])
def test_a_file_that_cannot_be_read_has_no_dates(file: str):
    assert (validity(file), fault(file, 0.0)) == (None, None)

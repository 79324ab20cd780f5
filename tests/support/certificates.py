"""A certificate authority for tests and the certificates that it signs, created with openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.broker_programs import Certificates

AUTHORITY_EXTENSIONS = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
#: The names in the certificate of a server on this machine.
NAMES = "DNS:localhost,IP:127.0.0.1"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def make_certificates(folder: Path, names: str = NAMES, days: int = 10) -> Certificates:
    """Write an authority and a server certificate for `names` into `folder`, valid for `days`; negative: expired."""
    made = Certificates(folder / "authority.crt", folder / "server.crt", folder / "server.key")
    extensions = [part for extension in AUTHORITY_EXTENSIONS for part in ("-addext", extension)]
    _openssl(folder, "req", "-x509", *KEY, "-days", "10", "-subj", "/CN=Test authority", *extensions,
             "-keyout", "authority.key", "-out", made.authority.name)  # fmt: skip
    _sign(folder, "server", f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n", days)
    return made


def make_client_certificate(folder: Path, days: int = 10) -> tuple[Path, Path]:
    """Write a client's certificate and key into the `folder` of an authority; return both. `days` as above."""
    _sign(folder, "client", "extendedKeyUsage=clientAuth\n", days)
    return folder / "client.crt", folder / "client.key"


def _sign(folder: Path, name: str, extensions: str, days: int = 10) -> None:
    """Write a key, and a certificate signed by the authority in `folder`."""
    _openssl(folder, "req", *KEY, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / f"{name}.ext").write_text(extensions)
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "authority.crt", "-CAkey", "authority.key",
             "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.crt")  # fmt: skip


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

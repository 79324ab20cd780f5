"""An authority of our own and a server certificate for this machine, made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.broker_programs import Certificates

AUTHORITY_EXTENSIONS = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
SERVER_EXTENSIONS = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def make_certificates(folder: Path) -> Certificates:
    """Write an authority and a certificate for localhost and 127.0.0.1 into `folder`, valid for ten days."""
    made = Certificates(folder / "authority.crt", folder / "server.crt", folder / "server.key")
    extensions = [part for extension in AUTHORITY_EXTENSIONS for part in ("-addext", extension)]
    _openssl(folder, "req", "-x509", *KEY, "-days", "10", "-subj", "/CN=Test authority", *extensions,
             "-keyout", "authority.key", "-out", made.authority.name)  # fmt: skip
    _openssl(folder, "req", *KEY, "-subj", "/CN=localhost", "-keyout", made.key.name, "-out", "server.csr")
    (folder / "server.ext").write_text(SERVER_EXTENSIONS)
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", made.authority.name, "-CAkey", "authority.key",
             "-CAcreateserial", "-days", "10", "-extfile", "server.ext", "-out", made.certificate.name)  # fmt: skip
    return made


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

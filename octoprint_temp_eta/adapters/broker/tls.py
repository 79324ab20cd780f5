"""The TLS settings of a connection, as Python's `ssl` needs them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from ...bridge.protocol.effects import Connect


class TlsFileError(Exception):
    """A certificate or key file cannot be used; the message names the file and the remedy."""


class _Context(ssl.SSLContext):
    """Expects `server_name` in the broker's certificate instead of the host, if it is set."""

    server_name = ""

    def wrap_socket(self, sock: Any, **options: Any) -> ssl.SSLSocket:  # type: ignore[override]
        """Wrap a socket, with the expected name."""
        if self.server_name:
            options["server_hostname"] = self.server_name
        return super().wrap_socket(sock, **options)


def make_context(spec: Connect) -> ssl.SSLContext:
    """Return the context for a TLS connection. Raises `TlsFileError`, and `OSError` for the system's certificates."""
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = spec.server_name
    if spec.tls_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif spec.ca_file:
        _load_authority(context, spec.ca_file)
    else:
        context.load_default_certs()
    if spec.certificate_file:
        _load_certificate(context, spec.certificate_file, spec.key_file)
    elif spec.key_file:
        raise TlsFileError("The key file has no certificate file: set both.")
    return context


def _load_authority(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(cafile=_readable(path, "CA file"))
    except ssl.SSLError:
        raise TlsFileError(f"The CA file {path!r} contains no certificate: it must be in PEM format.") from None


def _load_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    certificate_path = _readable(certificate, "certificate file")
    key_path = _readable(key, "key file") if key else None
    try:
        # An encrypted key would make OpenSSL ask for its password on the terminal.
        context.load_cert_chain(certificate_path, key_path, password=_no_password)
    except _EncryptedKey:
        raise TlsFileError(f"The key file {key or certificate!r} is encrypted: use a key without a password.") from None
    except ssl.SSLError:
        raise TlsFileError(
            f"The certificate file {certificate!r} and the key file {key or certificate!r} don't belong together, "
            "or are not in PEM format."
        ) from None


class _EncryptedKey(Exception):
    pass


def _no_password() -> str:
    raise _EncryptedKey


def _readable(path: str, what: str) -> str:
    """Return the path with `~` expanded. Raises `TlsFileError` unless it is a file that can be read."""
    expanded = Path(path).expanduser()
    try:
        if not expanded.exists():
            raise TlsFileError(f"The {what} {path!r} does not exist.")
        if not expanded.is_file():
            raise TlsFileError(f"The {what} {path!r} is a folder or a device.")
        with expanded.open("rb"):
            return str(expanded)
    except OSError as error:
        raise TlsFileError(f"The {what} {path!r} cannot be read ({error.strerror}).") from None

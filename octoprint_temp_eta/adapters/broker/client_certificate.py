"""When the client's certificate is valid: with TLS 1.3, a broker that does not accept it only closes the connection."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ...core.frozen import frozen

_PEM = re.compile(f"{ssl.PEM_HEADER}.+?{ssl.PEM_FOOTER}", re.DOTALL)
#: Tags of ASN.1: the version, which may be absent, and a time with a year of two digits.
_VERSION, _UTC_TIME = 0xA0, 0x17


@frozen
class Validity:
    """From when until when a certificate is valid, in Unix seconds."""

    begin: float
    end: float


def fault(file: str, wall: float) -> str | None:
    """Return why the certificate in `file` is not valid at `wall` (Unix s) and what to do, without a full stop.

    None if it is valid, or there is none that can be read.
    """
    valid = validity(file)
    if valid is not None and wall > valid.end:
        return f"The client certificate {file!r} has expired on {_day(valid.end)}. Renew it; check this machine's clock"
    if valid is not None and wall < valid.begin:
        return f"The client certificate {file!r} is not valid before {_day(valid.begin)}. Check this machine's clock"
    return None


def validity(file: str) -> Validity | None:
    """Return the validity of the client's certificate, the first one in `file`; None if it cannot be read."""
    try:
        found = _PEM.search(Path(file).expanduser().read_text(encoding="ascii", errors="replace"))
        return _validity(ssl.PEM_cert_to_DER_cert(found[0])) if found else None
    except (OSError, ValueError, LookupError, StopIteration):
        return None


def _day(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%d}"


def _validity(certificate: bytes) -> Validity:
    """Read the validity from a certificate in DER; RFC 5280, 4.1, has the structure."""
    _, whole = next(_elements(certificate))
    _, signed = next(_elements(whole))
    _serial, _algorithm, _issuer, dates, *_ = (content for tag, content in _elements(signed) if tag != _VERSION)
    begin, end = (_time(tag, content.decode("ascii")) for tag, content in _elements(dates))
    return Validity(begin, end)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of each element."""
    while data:
        tag, size, start = data[0], data[1], 2
        if size & 0x80:  # then this is the number of bytes that have the size
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        yield tag, data[start : start + size]
        data = data[start + size :]


def _time(tag: int, text: str) -> float:
    if tag == _UTC_TIME:
        text = f"{'20' if text < '5' else '19'}{text}"
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()

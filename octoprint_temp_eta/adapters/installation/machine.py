"""Identifiers of the machine and of this start."""

from __future__ import annotations

import hashlib
import secrets
import socket
import uuid
from pathlib import Path

from ...messages.topics import slug


def machine_hash() -> str:
    """Return a hash of this machine's id. It differs between clones of an SD card; the id itself is not published."""
    try:
        identity = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        identity = ""
    # a cloned SD card has the same machine-id, but another network card
    return hashlib.sha256(f"temp_eta {identity} {uuid.getnode()}".encode()).hexdigest()[:16]


def host_name() -> str:
    """Return the host name."""
    return socket.gethostname() or "localhost"


def device_name(appearance_name: str) -> str:
    """Return the printer's name in Home Assistant: that of OctoPrint's settings, or else one with the host name."""
    return appearance_name or f"OctoPrint on {host_name()}"


def new_boot_id() -> str:
    """Return an id for this start of OctoPrint; it is in each state, so it is short."""
    return secrets.token_hex(4)


def new_instance(name: str) -> str:
    """Return a topic level for this printer, from its name (or the host name) and a random suffix."""
    return f"{slug(name) or slug(host_name()) or 'printer'}-{secrets.token_hex(2)}"

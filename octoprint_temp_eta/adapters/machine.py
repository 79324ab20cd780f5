"""Who we are: the machine, and names for it."""

from __future__ import annotations

import hashlib
import secrets
import socket
import uuid
from pathlib import Path

from ..messages.topics import slug


def machine_hash() -> str:
    """Return a hash of this machine's id, which tells two clones of one SD card apart; the id itself stays here."""
    try:
        identity = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        identity = ""
    # a cloned card brings its machine-id along, but not the network card
    return hashlib.sha256(f"temp_eta {identity} {uuid.getnode()}".encode()).hexdigest()[:16]


def host_name() -> str:
    """Return this machine's name in the network."""
    return socket.gethostname() or "localhost"


def new_boot_id() -> str:
    """Return an id for this start of OctoPrint."""
    return secrets.token_hex(8)


def new_instance(name: str) -> str:
    """Return a topic level for this printer, made once from its name (or the host's) and a random part."""
    return f"{slug(name) or slug(host_name()) or 'printer'}-{secrets.token_hex(2)}"

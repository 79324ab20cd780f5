"""The address of OctoPrint's pages in the local network."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...adapters.installation.machine import host_name

#: What a host name or an address, and a path, consist of.
_HOST, _PATH = re.compile(r"[A-Za-z0-9.-]+"), re.compile(r"/[A-Za-z0-9/._~-]*")
#: Python's `isdigit` accepts more, such as superscripts.
_PORT = re.compile(r"[0-9]{1,5}")


def web_address(discovery: Mapping[str, object], port: int) -> str | None:
    """Return the address that OctoPrint's discovery plugin announces, None if it is not a valid one.

    `discovery` are the saved settings of that plugin (`publicHost`, `publicPort`, `pathPrefix`). Without them it is the
    machine's name in mDNS, and the `port` that OctoPrint listens on.
    """
    host = str(discovery.get("publicHost") or f"{host_name().partition('.')[0]}.local")
    path = f"/{str(discovery.get('pathPrefix') or '').strip('/')}"
    public_port = discovery.get("publicPort") or port
    if not _HOST.fullmatch(host) or not _PATH.fullmatch(path) or not _PORT.fullmatch(str(public_port)):
        return None
    suffix = "" if int(str(public_port)) == 80 else f":{public_port}"
    return f"http://{host}{suffix}{path}"

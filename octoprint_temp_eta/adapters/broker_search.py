"""Finds brokers and Home Assistant on the network, with zeroconf, which OctoPrint brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from .threads.search_thread import SearchThread

#: The service types that are searched: the kind of server, and whether the connection is encrypted.
SERVICES: Mapping[str, tuple[str, bool]] = {
    "_mqtt._tcp.local.": ("broker", False),
    "_secure-mqtt._tcp.local.": ("broker", True),
    "_home-assistant._tcp.local.": ("home_assistant", False),
}
#: Seconds that a search takes, and ms for the details of one service.
SEARCH_S, DETAILS_MS = 4.0, 1500
#: The port of the broker that Home Assistant brings: it does not announce one.
MQTT_PORT = 1883
#: Servers at most.
MOST_FOUND = 20

#: Receives the state of the search: whether it is `searching`, and the `found` servers.
Report = Callable[[Mapping[str, Any]], None]


class BrokerSearch:
    """One search at a time, in a thread of its own."""

    def __init__(self, report: Report, interfaces: Sequence[str] | None = None) -> None:
        """`interfaces` are the addresses to search on; all of the machine's by default."""
        self._report = report
        self._interfaces = interfaces
        self._found: dict[tuple[str, int], dict[str, Any]] = {}
        #: Whether the time for the search is over: the browser's thread asks for no more details.
        self._over = False
        self._thread = SearchThread("temp_eta-broker-search")

    def start(self, seconds: float = SEARCH_S) -> None:
        """Start a search unless one is running, without waiting."""
        self._thread.start(partial(self._run, seconds))

    def close(self, timeout: float = 0.0) -> None:
        """End the search, and wait at most `timeout` seconds for that."""
        self._thread.close(timeout)

    def _run(self, seconds: float) -> None:
        self._found = {}
        try:
            self._search(seconds)
        except Exception:  # no network, or no zeroconf: nothing is found
            self._found = {}
        self._show(searching=False)

    def _search(self, seconds: float) -> None:
        from zeroconf import InterfaceChoice, ServiceBrowser, Zeroconf

        interfaces = list(self._interfaces) if self._interfaces else InterfaceChoice.All
        with Zeroconf(interfaces=interfaces) as network:
            self._over = False
            self._show(searching=True)
            # Closing the network does not end the browser's thread.
            with ServiceBrowser(network, list(SERVICES), handlers=[self._changed]):
                self._thread.stopped.wait(seconds)
                self._over = True

    def _changed(self, zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        """Called by zeroconf in a thread of its own."""
        if state_change.name == "Removed" or self._over or len(self._found) >= MOST_FOUND:
            return
        info = zeroconf.get_service_info(service_type, name, DETAILS_MS)
        addresses = info.parsed_addresses() if info is not None else []
        if info is None or not addresses:
            return
        kind, tls = SERVICES[service_type]
        port = MQTT_PORT if kind == "home_assistant" else int(info.port or MQTT_PORT)
        server = {"name": name.removesuffix(f".{service_type}"), "kind": kind, "tls": tls}
        self._found[addresses[0], port] = {**server, "host": addresses[0], "port": port}
        self._show(searching=True)

    def _show(self, *, searching: bool) -> None:
        found = sorted(self._found.values(), key=lambda server: (server["kind"], server["name"]))
        self._report({"type": "brokers_update", "data": {"searching": searching, "found": found}})

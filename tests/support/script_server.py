"""A real OctoPrint with scripts, its broker, and an MQTT client that observes both."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import BASE
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer, Received
from tests.support.octoprint import OctoPrint
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import TIMEOUT_S

START, CANCEL = f"{BASE}/command/script/start", f"{BASE}/command/script/cancel"
SCRIPT, SCRIPTS, EVENT = f"{BASE}/script", f"{BASE}/scripts", f"{BASE}/script/event"
RESPONSE, LOG = f"{BASE}/response", f"{BASE}/script/log"

#: The line that one script sends when the printer connects.
CONNECT_COMMAND = "M117 connected"
#: The replies that are published during a run.
FIRST = (("script/start", "accepted"), ("script/cancel", "completed"))


@dataclass
class ScriptServer:
    """An OctoPrint with scripts, its broker, and an observer."""

    octoprint: OctoPrint
    broker: Broker
    proxy: TcpProxy
    observer: Observer
    folder: Path
    since: int = 0

    def start(self, script_id: str, **more: Any) -> str:
        """Start a script, wait until it is accepted, and return the run id."""
        reply = self.ask(START, {"id": script_id, **more})
        assert reply["status"] == "accepted", reply
        return str(reply["run_id"])

    def ask(self, topic: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a command and return its first reply. `wait` then ignores earlier messages."""
        self.since = self.observer.mark()
        body = {"transaction": uuid.uuid4().hex, **body}
        self.observer.publish(topic, json.dumps(body))
        return dict(self.wait(RESPONSE, lambda m: m.json["transaction"] == body["transaction"]).json)

    def refused(self, body: dict[str, Any]) -> str:
        """Try to start a script, and return the error code of the rejection."""
        since = self.since
        reply = self.ask(START, body)
        self.since = since
        assert reply["status"] == "rejected", reply
        return str(reply["error"]["code"])

    def wait(
        self, topic: str, predicate: Callable[[Received], bool] = lambda _: True, timeout: float = TIMEOUT_S
    ) -> Received:
        return self.observer.wait_for(topic, predicate, timeout, since=self.since)

    def event(self, kind: str, timeout: float = TIMEOUT_S) -> dict[str, Any]:
        return dict(self.wait(EVENT, lambda m: m.json["event_type"] == kind, timeout).json)

    def end(self, run_id: str) -> dict[str, Any]:
        """Wait until the runner is idle, and return the second reply."""
        self.wait(SCRIPT, lambda m: m.json["state"] == "idle")

        def second(message: Received) -> bool:
            reply = message.json
            return reply.get("run_id") == run_id and (reply["command"], reply["status"]) not in FIRST

        return dict(self.wait(RESPONSE, second).json)

    def rest(self) -> dict[str, Any]:
        """Return the response of the REST interface."""
        return dict(self.octoprint.get("/api/plugin/temp_eta"))

    def sent(self) -> list[str]:
        """Return the lines sent to the printer so far, without those that OctoPrint sends on its own."""
        log = (self.octoprint.base / "logs" / "serial.log").read_text(errors="replace")
        lines = re.findall(r"Send: (?:N\d+ )?([^*\n]+)", log)
        return [line.strip() for line in lines if not line.startswith(("M105", "M155", "M110", "M115", "M20", "M21"))]

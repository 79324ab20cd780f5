"""A real Node-RED, installed once into .cache and run in a temporary folder."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.support.broker_programs import Listener
from tests.support.contract import PROJECT
from tests.support.server import Server
from tests.support.waiting import free_port

#: The newest line that runs on Node 18 and newer.
RELEASE = "4.1.8"
CACHE = PROJECT / ".cache" / "node-red" / RELEASE
NO_NODE = "Node-RED needs Node.js and npm"
INSTALL_SECONDS, START_SECONDS, STOP_SECONDS = 300, 60.0, 10.0
SETTINGS = """
module.exports = {
  uiHost: "127.0.0.1", uiPort: %d, flowFile: "flows.json", credentialSecret: "tests", telemetry: {enabled: false},
  externalModules: {autoInstall: false}, logging: {console: {level: "info"}},
};
"""


def available() -> bool:
    """Return whether Node-RED can be installed."""
    return all(map(shutil.which, ("node", "npm")))


def program() -> Path:
    """Return the path of Node-RED, installed if needed."""
    found = CACHE / "node_modules" / "node-red" / "red.js"
    if not found.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text('{"name": "node-red-for-tests", "private": true}')
        command = ["npm", "install", "--no-audit", "--no-fund", f"node-red@{RELEASE}"]
        subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    return found


class NodeRed(Server):
    """A context manager that runs `flows` in Node-RED, with every broker node connected to `broker`."""

    def __init__(self, flows: Path, broker: Listener) -> None:
        super().__init__("Node-RED", STOP_SECONDS)
        self._flows = json.loads(flows.read_text())
        self._broker = broker

    def set_up(self) -> None:
        (self.folder / "flows.json").write_text(json.dumps([self._connected(node) for node in self._flows]))
        (self.folder / "settings.js").write_text(SETTINGS % free_port())
        self.start()

    def start(self) -> None:
        self.launch("node", program(), "--userDir", self.folder, "--settings", self.folder / "settings.js")
        self.wait_until(lambda: "Connected to broker" in self.output(), START_SECONDS)

    def _connected(self, node: dict[str, Any]) -> dict[str, Any]:
        mine = {"broker": self._broker.host, "port": str(self._broker.port)}
        return node | mine if node["type"] == "mqtt-broker" else node

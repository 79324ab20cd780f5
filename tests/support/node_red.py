"""A real Node-RED: installed once into .cache, run with flows of ours from a folder that is thrown away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.broker_programs import Listener
from tests.support.contract import PROJECT
from tests.support.waiting import eventually, free_port

#: The newest line that runs on Node 18 and newer.
RELEASE = "4.1.8"
CACHE = PROJECT / ".cache" / "node-red" / RELEASE
NO_NODE = "no Node.js with npm here, which Node-RED runs on"
INSTALL_SECONDS, START_SECONDS, STOP_SECONDS = 300, 60.0, 10.0
SETTINGS = """
module.exports = {
  uiHost: "127.0.0.1", uiPort: %d, flowFile: "flows.json", credentialSecret: "tests", telemetry: {enabled: false},
  externalModules: {autoInstall: false}, logging: {console: {level: "info"}},
};
"""


def available() -> bool:
    """Return whether Node-RED can be had here."""
    return all(map(shutil.which, ("node", "npm")))


def program() -> Path:
    """Return Node-RED's program; installed when it is not there yet."""
    found = CACHE / "node_modules" / "node-red" / "red.js"
    if not found.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text('{"name": "node-red-for-tests", "private": true}')
        command = ["npm", "install", "--no-audit", "--no-fund", f"node-red@{RELEASE}"]
        subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    return found


class NodeRed:
    """A Node-RED that runs `flows` from entering to leaving, each of its broker nodes led to `broker`."""

    def __init__(self, flows: Path, broker: Listener) -> None:
        self._flows = json.loads(flows.read_text())
        self._broker = broker
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="node-red-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        (folder / "flows.json").write_text(json.dumps([self._led(node) for node in self._flows]))
        (folder / "settings.js").write_text(SETTINGS % free_port())
        command = ["node", str(program()), "--userDir", str(folder), "--settings", str(folder / "settings.js")]
        with (folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            eventually(lambda: "Connected to broker" in self.output(), "Node-RED", START_SECONDS, poll=0.1)
        except TimeoutError as error:
            output_text = self.output()
            self._leave()
            raise RuntimeError(f"{error}:\n{output_text[-3000:]}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def output(self) -> str:
        """Return what it printed."""
        assert self._folder is not None
        return (Path(self._folder.name) / "output.txt").read_text(errors="replace")

    def _led(self, node: dict[str, Any]) -> dict[str, Any]:
        mine = {"broker": self._broker.host, "port": str(self._broker.port)}
        return node | mine if node["type"] == "mqtt-broker" else node

    def _leave(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

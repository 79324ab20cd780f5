"""One OctoPrint with scripts for all tests here, and what its scripts do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BASE, plugin_settings
from tests.support.broker import Broker
from tests.support.contract import PROJECT
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.script_server import CONNECT_COMMAND, SCRIPTS, ScriptServer
from tests.support.scripts import add_script
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

TESTS = PROJECT / "tests"
SETTINGS = '__script_settings__ = {"count": 3}'
#: The scripts of these tests: what run() does, by id.
BODIES = {
    "steps": """
        for number in range(self.settings["count"]):
            self.script_status = f"step {number}"
            self.g.write(f"M117 step {number}")
        position = self.g._p.current_position()
        print("done")
        return True, {"count": self.settings["count"], "x": position["X"]}
    """,
    "unsuccessful": "return {'success': False, 'failure_reason': 'the bed is bent'}",
    "long": "for number in range(100_000): self.g.write(f'M117 long {number}')",
    "heats": "self.g.write('M109 S80')",
    "goes_on": """
        import time
        for line in ("G4 S4", "M104 S90", "M83"):
            self.g._p.get_response(line, timeout=0.2)
        self.script_status = "waiting"
        time.sleep(1000)
    """,
    "sleeps": "import time; self.script_status = 'asleep'; time.sleep(1000)",
    "loops": "self.script_status = 'looping'\nwhile True: pass",
    "deaf": (
        "import time\nself.script_status = 'deaf'\n"
        "while True:\n    try: time.sleep(1000)\n    except BaseException: pass"
    ),
    "crashes": "import ctypes; ctypes.string_at(0)",
    "exits": "import sys; sys.exit(3)",
    "raises": "raise ValueError('too cold')",
    "reports_pid": "import os, time; self.script_status = str(os.getpid()); time.sleep(1000)",
    "emergency": "self.g.write('M112')",
}


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of scripts."""
    folder = tmp_path_factory.mktemp("scripts")
    for script_id, body in BODIES.items():
        add_script(folder, script_id, body, title=f"The {script_id}", more=SETTINGS)
    on_connect = f"def __script_commands__(settings): return ['{CONNECT_COMMAND}']"
    add_script(folder, "on_connect", "pass", more=on_connect)
    (folder / "broken.py").write_text("def (:\n")
    return folder


@pytest.fixture(scope="package")
def running(folder: Path) -> Iterator[tuple[Broker, TcpProxy, OctoPrint]]:
    """A broker, and an OctoPrint of these tests' own that reaches it through a TCP proxy and notes its events."""
    subscription = {
        "event": "AutomationScriptFinished",
        "type": "system",
        "command": f"echo finished {{id}} {{run_id}} >> {folder / 'subscription.txt'}",
    }
    with (
        Broker() as broker,
        TcpProxy(broker.port) as proxy,
        OctoPrint(
            plugins={"temp_eta": plugin_settings(proxy.port, script_folder=str(folder))},
            config={
                "serial": {"log": True},
                "events": {"enabled": True, "subscriptions": [subscription]},
                "devel": {"enableCsrfProtection": False},
            },
            plugin_files=[TESTS / "support" / "event_witness.py", TESTS / "demo" / "simulated_probe.py"],
            environment={"EVENT_WITNESS": str(folder / "events.txt")},
        ) as octoprint,
    ):
        eventually(lambda: connect_commands_sent(octoprint), "the on-connect command")
        yield broker, proxy, octoprint


def connect_commands_sent(octoprint: OctoPrint) -> int:
    """Return how often the on-connect command was sent; OctoPrint starts a new log with each start."""
    logs = (octoprint.base / "logs").glob("serial.log*")
    return sum(log.read_text(errors="replace").count(CONNECT_COMMAND) for log in logs)


def make_ready(octoprint: OctoPrint) -> None:
    """Start and connect it if needed; then only the lines of a test are sent."""
    if octoprint.alive and octoprint.printer_state() == "Operational":
        return
    before = connect_commands_sent(octoprint)
    if octoprint.alive:
        octoprint.connect()
    else:
        octoprint.start()
    eventually(lambda: connect_commands_sent(octoprint) > before, "the on-connect command")


@pytest.fixture
def script_server(running: tuple[Broker, TcpProxy, OctoPrint], folder: Path) -> Iterator[ScriptServer]:
    """All of it, ready for a script."""
    broker, proxy, octoprint = running
    proxy.open()
    if not broker.running:
        broker.start()
    make_ready(octoprint)
    with Observer(broker.listener, base=BASE) as observer:
        observer.wait_for(f"{BASE}/status", lambda m: m.text == "online", timeout=40)
        observer.wait_for(SCRIPTS, lambda m: len(m.json) == len(list(folder.glob("*.py"))), timeout=40)
        observer.wait_for(f"{BASE}/printer", lambda m: m.json["state"] == "OPERATIONAL", timeout=40)
        yield ScriptServer(octoprint, broker, proxy, observer, folder, observer.mark())

"""The shell recipes of the documentation, run unchanged against a real OctoPrint."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BASE, make_octoprint
from tests.support.broker import Broker
from tests.support.contract import PROJECT
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.scripts import add_script
from tests.support.waiting import eventually

RECIPES = PROJECT / "docs" / "examples" / "shell"
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("mosquitto_sub", "mosquitto_pub", "mosquitto_rr"))),
    reason="mosquitto's clients are not here (Debian: apt-get install mosquitto-clients)",
)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Broker, OctoPrint]]:
    folder = tmp_path_factory.mktemp("scripts")
    for script_id, body in {"good": "return True, {}", "bad": "raise ValueError('too cold')"}.items():
        add_script(folder, script_id, body)
    with Broker() as broker, make_octoprint(broker.port, script_folder=str(folder)) as octoprint:
        with Observer(broker.listener, base=BASE) as observer:
            observer.wait_for(f"{BASE}/scripts", lambda m: len(m.json) == 2, timeout=30)
            observer.wait_for(f"{BASE}/bed/eta", lambda m: m.json["state"] == "off", timeout=30)
        yield broker, octoprint


def command(broker: Broker, recipe: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    options = f"-h {broker.host} -p {broker.port}"
    return [str(RECIPES / recipe), *arguments], {"MQTT_OPTIONS": options, "PATH": os.environ["PATH"]}


def run(broker: Broker, recipe: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line, environment = command(broker, recipe, *arguments)
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)


def wait_until_idle(broker: Broker) -> None:
    """Wait until the next script can start: the reply to the one before comes earlier."""
    with Observer(broker.listener, base=BASE) as observer:
        observer.wait_for(f"{BASE}/script", lambda m: m.json["state"] == "idle")


def wait_until_it_writes(broker: Broker, log: Path) -> None:
    """Wait until the recipe that writes changes is subscribed to them."""
    with Observer(broker.listener, filters=("test/#",)) as other:

        def writes() -> bool:
            other.publish("octoprint/temp_eta/another/bed/state_change", "a change")
            return "a change" in log.read_text()

        eventually(writes, "the first change in the log", poll=0.1)


def test_a_forecast(servers: tuple[Broker, OctoPrint]) -> None:
    broker, _ = servers
    done = run(broker, "forecast.sh", BASE, "bed", "60")
    assert done.returncode == 0, done.stderr
    reply = json.loads(done.stdout)
    assert (reply["command"], reply["status"]) == ("forecast", "completed"), reply


def test_a_forecast_that_is_refused(servers: tuple[Broker, OctoPrint]) -> None:
    broker, _ = servers
    done = run(broker, "forecast.sh", BASE, "none", "60")
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads(done.stderr)["status"] == "rejected"


def test_a_script_is_run_to_its_end(servers: tuple[Broker, OctoPrint]) -> None:
    broker, _ = servers
    done = run(broker, "run-script.sh", BASE, "good")
    assert (done.returncode, done.stdout) == (0, "good runs\ngood has finished\n"), done.stderr
    wait_until_idle(broker)
    done = run(broker, "run-script.sh", BASE, "bad")
    assert done.returncode == 1
    assert "too cold" in done.stderr
    wait_until_idle(broker)
    done = run(broker, "run-script.sh", BASE, "none")
    assert done.returncode == 1
    assert "unknown_script" in done.stderr


@pytest.mark.parametrize("recipe", ["run-script.sh", "wait-until-ready.sh"])
def test_a_wrong_base_topic_is_named(servers: tuple[Broker, OctoPrint], recipe: str) -> None:
    broker, _ = servers
    done = run(broker, recipe, f"{BASE}-2", "good")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(f"no printer publishes on {BASE}-2/status\n")


def test_waiting_that_is_ended_leaves_nothing(servers: tuple[Broker, OctoPrint], tmp_path: Path) -> None:
    """`timeout` ends it so."""
    broker, octoprint = servers
    octoprint.gcode("M140 S90")
    with Observer(broker.listener, base=BASE) as observer:
        observer.wait_for(f"{BASE}/printer", lambda m: m.json["waiting_for"] == ["bed"], timeout=20)
        line, environment = command(broker, "wait-until-ready.sh", BASE)
        with subprocess.Popen(line, env={**environment, "TMPDIR": str(tmp_path)}, start_new_session=True) as waiting:
            [pipe] = eventually(lambda: list(tmp_path.iterdir()), "the pipe")
            os.killpg(waiting.pid, signal.SIGTERM)
            assert waiting.wait(timeout=20) == 1
        assert not pipe.exists()
        octoprint.gcode("M140 S0")
        observer.wait_for(f"{BASE}/printer", lambda m: m.json["ready"] and not m.json["waiting_for"], timeout=20)


def test_waiting_until_ready_while_the_changes_are_written(servers: tuple[Broker, OctoPrint], tmp_path: Path) -> None:
    broker, octoprint = servers
    line, environment = command(broker, "log-changes.sh")
    written = tmp_path / "changes.log"
    with written.open("w") as log, subprocess.Popen(line, env=environment, stdout=log) as writer:
        try:
            wait_until_it_writes(broker, written)
            octoprint.gcode("M140 S50")
            with Observer(broker.listener, base=BASE) as observer:
                observer.wait_for(f"{BASE}/printer", lambda m: m.json["waiting_for"] == ["bed"], timeout=20)
            done = run(broker, "wait-until-ready.sh", BASE)
            assert (done.returncode, done.stdout) == (0, "ready\n"), done.stderr
            eventually(lambda: "at_target" in written.read_text(), "the change in the log")
        finally:
            writer.terminate()
    octoprint.disconnect()
    with Observer(broker.listener, base=BASE) as observer:
        observer.wait_for(f"{BASE}/printer", lambda m: m.json["connected"] is False, timeout=20)
    done = run(broker, "wait-until-ready.sh", BASE)
    assert (done.returncode, done.stderr) == (1, "the printer is not connected\n")

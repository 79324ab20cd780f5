"""The commands `octoprint plugins temp_eta:…` with a real broker, a running bridge, and OctoPrint's command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from octoprint_temp_eta.adapters.broker import reach
from octoprint_temp_eta.command_line import commands as module
from octoprint_temp_eta.command_line.broker import Context
from octoprint_temp_eta.settings.table import parse
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.running_bridge import BASE, INSTANCE, RunningBridge
from tests.support.waiting import free_port

#: Runs a command and returns its result.
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "STEP_TIMEOUT_S", 3.0)


def runner(port: int, **settings: Any) -> Run:
    """Return a function that runs a command with these settings, as OctoPrint would."""
    saved = {"mqtt_broker_host": "127.0.0.1", "mqtt_broker_port": port, "mqtt_custom_identifier": INSTANCE, **settings}
    found = {command.name: command for command in module._commands(lambda: Context(parse(saved), "Ender 3"))}
    return lambda name, *arguments: CliRunner().invoke(found[name], list(map(str, arguments)))


@pytest.fixture
def run(broker: Broker) -> Run:
    return runner(broker.port)


@pytest.fixture
def bridge(broker: Broker) -> Iterator[RunningBridge]:
    with RunningBridge(broker.port) as bridge, Observer(broker.listener, base=BASE) as observer:
        bridge.read(bed=(21.0, 60.0), tool0=(22.0, 0.0))
        observer.wait_for(f"{BASE}/bed/eta")
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
        yield bridge


# -- doctor ------------------------------------------------------------------------------------------------------------


def test_the_doctor_prints_each_step(broker: Broker):
    result = runner(broker.port, ha_discovery_enabled=False)("doctor")
    assert result.exit_code == 0, result.output
    assert "✔ Read back: The message came back." in result.output
    assert "– Home Assistant: Home Assistant discovery is off." in result.output
    assert "The connection works." in result.output


def test_the_doctor_publishes_below_a_printer_id_also_before_octoprints_first_start():
    with Broker() as broker, Observer(broker.listener, filters=("octoprint/#",)) as observer:
        result = runner(broker.port, mqtt_custom_identifier="", ha_discovery_enabled=False)("doctor")
        assert result.exit_code == 0, result.output
        observer.publish("octoprint/end", "")
        observer.wait_for("octoprint/end")
        [*topics, _] = (message.topic for message in observer.messages)
    assert topics
    assert all(topic.startswith("octoprint/temp_eta/ender-3-") for topic in topics), topics


def test_the_doctor_fails_without_a_broker():
    result = runner(free_port())("doctor")
    assert result.exit_code == 1
    assert "✘ TCP: 127.0.0.1" in result.output
    assert "is the broker running?" in result.output


def test_another_broker_does_not_get_the_saved_password(broker: Broker):
    with Broker(username="printer", password="right") as other:
        run = runner(broker.port, mqtt_username="printer", mqtt_password="right")
        refused = run("doctor", "--broker", f"mqtt://127.0.0.1:{other.port}")
        assert "✘ CONNECT" in refused.output
        accepted = run("doctor", "--broker", f"127.0.0.1:{other.port}", "--username", "printer", "--password", "right")
        assert "✔ CONNECT" in accepted.output
        with_password = run("doctor", "--broker", f"mqtt://printer:right@127.0.0.1:{other.port}")
        assert with_password.exit_code == 1
        watched = runner(other.port, mqtt_username="printer", mqtt_password="wrong-right")("validate")
        everything = accepted.output + refused.output + with_password.output + watched.output
        assert "right" not in everything


def test_an_invalid_broker_is_refused(run: Run):
    result = run("watch", "--broker", "mqtt://x:y:z")
    assert result.exit_code == 2
    assert "mqtt_broker_host must" in result.output


# -- watch -------------------------------------------------------------------------------------------------------------


def test_watch_shows_the_heaters_of_a_printer(run: Run, bridge: RunningBridge):
    result = run("watch", "--once", "--printer", INSTANCE)
    assert result.exit_code == 0, result.output
    (bed,) = [line for line in result.output.splitlines() if " bed " in line]
    assert bed.split()[:2] == [INSTANCE, "online"]
    assert "21.0 °C" in bed
    assert "60.0 °C" in bed


def test_watch_without_a_printer(run: Run):
    result = run("watch", "--once", "--printer", "nobody")
    assert result.exit_code == 1
    assert "There is no printer below octoprint/temp_eta" in result.output


def test_payloads_cannot_control_the_terminal(run: Run, broker: Broker):
    topic = "octoprint/temp_eta/evil/status"
    with Observer(broker.listener, filters=("my/#",)) as other:
        other.publish(topic, b"\x1b[2Jon", retain=True)
        try:
            result = run("watch", "--once", "--printer", "evil")
        finally:
            other.publish(topic, b"", retain=True)
    assert "�[2Jon" in result.output
    assert "\x1b[2J" not in result.output


# -- send --------------------------------------------------------------------------------------------------------------


def test_send_prints_the_reply(run: Run, bridge: RunningBridge):
    result = run("send", "reset", "heater=bed")
    assert (result.exit_code, result.output.strip()) == (0, "completed")
    result = run("send", "snapshot")
    assert json.loads(result.output.partition("\n")[2])["info"]["instance"] == INSTANCE


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("target", "heater=bed", "target=60"), 1, "disabled: "),
        (("script/cancel",), 1, "not_running: "),
        (("forecast", '{"heater": "bed"}'), 2, "target is missing"),
        (("reset", "heater"), 2, "must be written as name=value"),
        (("reset", "{"), 2, "This is not JSON"),
        (("gcode", "x=1"), 2, "is not one of"),
    ],
)
def test_send_ends_with_a_status_of_the_outcome(
    run: Run, bridge: RunningBridge, arguments: tuple[str, ...], status: int, words: str
):
    result = run("send", *arguments)
    assert result.exit_code == status, result.output
    assert words in result.output


def test_send_to_nobody_has_no_reply(run: Run):
    result = run("send", "snapshot", "--printer", "nobody", "--timeout", "0.5")
    assert result.exit_code == 4
    assert "No reply from octoprint/temp_eta/nobody within 0.5 s." in result.output


def test_send_without_a_connection():
    result = runner(free_port())("send", "snapshot")
    assert result.exit_code == 5
    assert "is the broker running?" in result.output
    assert "temp_eta:doctor" in result.output


# -- validate ----------------------------------------------------------------------------------------------------------


def test_what_the_bridge_publishes_is_valid(run: Run, bridge: RunningBridge):
    result = run("validate", "--seconds", "2", "--printer", INSTANCE)
    assert result.exit_code == 0, result.output
    assert "messages are valid." in result.output


@pytest.mark.parametrize(
    ("rest", "payload", "words"),
    [
        ("bed/eta", b'{"heater": "bed"}', "is missing"),
        ("printer", b"{", "is not JSON"),
        ("no/such", b"1", "is no topic of this plugin"),
        ("bed/state_change", b"{}", "is retained, but an event"),
        ("command/reset", b"PRESS", "is a retained command"),
    ],
)
def test_what_is_wrong_is_named(run: Run, broker: Broker, rest: str, payload: bytes, words: str):
    topic = f"octoprint/temp_eta/odd/{rest}"
    with Observer(broker.listener, filters=("my/#",)) as other:
        other.publish(topic, payload, retain=True)
        try:
            result = run("validate", "--seconds", "1", "--printer", "odd")
        finally:
            other.publish(topic, b"", retain=True)
    assert result.exit_code == 1
    assert f"{topic}: " in result.output
    assert words in result.output


def test_validate_fails_without_messages(run: Run):
    assert run("validate", "--seconds", "0.3", "--printer", "nobody").exit_code == 1


# -- clean -------------------------------------------------------------------------------------------------------------


def test_leftovers_are_listed_first_and_then_removed(run: Run, broker: Broker):
    base = "octoprint/temp_eta/gone"
    topics = [f"{base}/status", f"{base}/bed/eta", "homeassistant/device/temp_eta_gone/config"]
    other_printers = "homeassistant/device/temp_eta_gone-2/config"
    with Observer(broker.listener, filters=("my/#",)) as observer:
        for topic in [*topics, other_printers]:
            observer.publish(topic, b"offline", retain=True)
        try:
            listed = run("clean", "gone")
            assert listed.exit_code == 0
            assert [line.strip() for line in listed.output.splitlines()][:3] == sorted(topics)
            assert "Nothing was removed. To remove these 3 topics, add --delete." in listed.output
            removed = run("clean", "gone", "--delete")
            assert (removed.exit_code, "Removed 3 topics." in removed.output) == (0, True)
            assert "There are no retained messages of gone" in run("clean", "gone").output
            with Observer(broker.listener, filters=("homeassistant/#",)) as late:
                late.wait_for(other_printers)
        finally:
            for topic in [*topics, other_printers]:
                observer.publish(topic, b"", retain=True)


def test_the_device_of_a_printer_with_many_entities_is_removed(run: Run, broker: Broker):
    """It is larger than what the bridge accepts as a command."""
    topic = "homeassistant/device/temp_eta_gone/config"
    with Observer(broker.listener) as observer:
        observer.publish(topic, b"x" * 200_000, retain=True)
        observer.wait_for(topic)
        removed = run("clean", "gone", "--delete")
        assert (removed.exit_code, "Removed 1 topics." in removed.output) == (0, True)
    with Observer(broker.listener) as late:
        late.publish("test/fence", b"x")
        late.wait_for("test/fence")
        assert topic not in late.retained()


def test_the_topics_of_a_running_bridge_stay(run: Run, bridge: RunningBridge, broker: Broker):
    result = run("clean", INSTANCE, "--delete")
    assert result.exit_code == 1
    assert f"{INSTANCE} is online" in result.output
    with Observer(broker.listener, filters=(f"{BASE}/#",)) as late:
        late.wait_for(f"{BASE}/status", lambda message: message.text == "online")


# -- OctoPrint's command line ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Path:
    folder = tmp_path_factory.mktemp("octoprint")
    settings = {
        "mqtt_broker_host": "127.0.0.1",
        "mqtt_broker_port": shared_broker.port,
        "mqtt_custom_identifier": "command-line",
        "ha_discovery_enabled": False,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump({"plugins": {"temp_eta": settings}}))
    return folder


def octoprint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "octoprint", "--basedir", str(folder), "plugins", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


def test_octoprint_runs_the_commands(base_folder: Path, broker: Broker):
    done = octoprint(base_folder, "temp_eta:doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✔ Read back: The message came back." in done.stdout


def test_octoprint_shows_their_help(base_folder: Path):
    done = octoprint(base_folder, "temp_eta:send", "--help")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Send COMMAND to a printer, and wait for its reply." in done.stdout
    assert "octoprint plugins temp_eta:send forecast heater=bed target=60" in done.stdout

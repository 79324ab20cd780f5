"""Scripts on a real OctoPrint with a real broker: started, watched, cancelled, and everything that can go wrong."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BASE, plugin_settings
from tests.support.broker import Broker
from tests.support.gate import Gate
from tests.support.mqtt_client import Observer, Received
from tests.support.octoprint import OctoPrint
from tests.support.scripts import alive, write_script
from tests.support.waiting import eventually
from tests.support.web_client import WebClient

TESTS = Path(__file__).parents[1]
EXAMPLES = TESTS.parent / "docs" / "examples" / "scripts"
START, CANCEL = f"{BASE}/command/script/start", f"{BASE}/command/script/cancel"
SCRIPT, SCRIPTS, EVENT = f"{BASE}/script", f"{BASE}/scripts", f"{BASE}/script/event"
RESPONSE, LOG = f"{BASE}/response", f"{BASE}/script/log"

#: The scripts of these tests: what run() does, by id.
SCRIPTS_BY_ID = {
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
    "sleeps": "import time; self.script_status = 'asleep'; time.sleep(1000)",
    "loops": "self.script_status = 'looping'\nwhile True: pass",
    "deaf": (
        "import time\nself.script_status = 'deaf'\n"
        "while True:\n    try: time.sleep(1000)\n    except BaseException: pass"
    ),
    "crashes": "import ctypes; ctypes.string_at(0)",
    "exits": "import sys; sys.exit(3)",
    "raises": "raise ValueError('too cold')",
    "tells": "import os, time; self.script_status = str(os.getpid()); time.sleep(1000)",
    "emergency": "self.g.write('M112')",
}
#: The replies that come while a run still goes on.
FIRST = (("script/start", "accepted"), ("script/cancel", "completed"))
SETTINGS = '__script_settings__ = {"count": 3}'


def head(script_id: str) -> str:
    return f'__script_id__ = "{script_id}"\n__script_title__ = "The {script_id}"\n{SETTINGS}\n'


@dataclass
class Bench:
    """An OctoPrint with scripts, its broker, and someone who watches."""

    octoprint: OctoPrint
    broker: Broker
    gate: Gate
    observer: Observer
    folder: Path
    since: int = 0

    def start(self, script_id: str, **more: Any) -> str:
        """Start a script, and return its run once that is accepted."""
        reply = self.ask(START, {"id": script_id, **more})
        assert reply["status"] == "accepted", reply
        return str(reply["run_id"])

    def ask(self, topic: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a command, and return the first reply to it; from now on only what comes after it counts."""
        self.since = self.observer.mark()
        body = {"transaction": uuid.uuid4().hex, **body}
        self.observer.publish(topic, json.dumps(body))
        return dict(self.wait(RESPONSE, lambda m: m.json["transaction"] == body["transaction"]).json)

    def refused(self, body: dict[str, Any]) -> str:
        """Try to start a script, and return the code with which that is refused."""
        since = self.since
        reply = self.ask(START, body)
        self.since = since
        assert reply["status"] == "rejected", reply
        return str(reply["error"]["code"])

    def wait(self, topic: str, predicate: Any = lambda _: True, timeout: float = 20.0) -> Received:
        return self.observer.wait_for(topic, predicate, timeout, since=self.since)

    def event(self, kind: str, timeout: float = 20.0) -> dict[str, Any]:
        return dict(self.wait(EVENT, lambda m: m.json["event_type"] == kind, timeout).json)

    def end(self, run_id: str) -> dict[str, Any]:
        """Wait until the runner is idle, and return the second reply."""
        self.wait(SCRIPT, lambda m: m.json["state"] == "idle")

        def second(message: Received) -> bool:
            reply = message.json
            return reply.get("run_id") == run_id and (reply["command"], reply["status"]) not in FIRST

        return dict(self.wait(RESPONSE, second).json)

    def rest(self) -> dict[str, Any]:
        """Return what the REST interface shows."""
        return dict(self.octoprint.get("/api/plugin/temp_eta"))

    def sent(self) -> list[str]:
        """Return the lines that went to the printer so far, without those that OctoPrint sends by itself."""
        log = (self.octoprint.base / "logs" / "serial.log").read_text(errors="replace")
        lines = re.findall(r"Send: (?:N\d+ )?([^*\n]+)", log)
        return [line.strip() for line in lines if not line.startswith(("M105", "M155", "M110", "M115", "M20", "M21"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of scripts."""
    folder = tmp_path_factory.mktemp("scripts")
    for script_id, body in SCRIPTS_BY_ID.items():
        write_script(folder, body, head(script_id), f"{script_id}.py")
    write_script(
        folder, "pass", head("greets") + "def __script_commands__(settings): return ['M117 greeted']", "greets.py"
    )
    (folder / "broken.py").write_text("def (:\n")
    return folder


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[tuple[Broker, Gate, OctoPrint]]:
    """A broker, and an OctoPrint of these tests' own that reaches it through a gate and notes its events."""
    subscription = {
        "event": "AutomationScriptFinished",
        "type": "system",
        "command": f"echo finished {{id}} {{run_id}} >> {folder / 'subscription.txt'}",
    }
    with (
        Broker() as broker,
        Gate(broker.port) as gate,
        OctoPrint(
            plugins={"temp_eta": plugin_settings(gate.port, script_folder=str(folder))},
            config={
                "serial": {"log": True},
                "events": {"enabled": True, "subscriptions": [subscription]},
                "devel": {"enableCsrfProtection": False},
            },
            plugin_files=[TESTS / "support" / "event_witness.py", TESTS / "demo" / "simulated_probe.py"],
            environment={"EVENT_WITNESS": str(folder / "events.txt")},
        ) as octoprint,
    ):
        log = octoprint.base / "logs" / "serial.log"
        eventually(lambda: "M117 greeted" in log.read_text(errors="replace"), "the scripts to greet the printer")
        yield broker, gate, octoprint


@pytest.fixture
def bench(running: tuple[Broker, Gate, OctoPrint], folder: Path) -> Iterator[Bench]:
    """All of it, ready for a script."""
    broker, gate, octoprint = running
    gate.open()
    if not broker.running:
        broker.start()
    if not octoprint.alive:
        octoprint.start()
    if octoprint.printer_state() != "Operational":
        octoprint.connect()
    with Observer(broker.listener, base=BASE) as observer:
        observer.wait_for(f"{BASE}/status", lambda m: m.text == "online", timeout=40)
        observer.wait_for(SCRIPTS, lambda m: m.json, timeout=40)
        observer.wait_for(f"{BASE}/printer", lambda m: m.json["state"] == "OPERATIONAL", timeout=40)
        yield Bench(octoprint, broker, gate, observer, folder, observer.mark())


def test_a_script_from_its_start_to_its_result(bench: Bench) -> None:
    before = len(bench.sent())
    publish = ["mosquitto_pub", "-h", bench.broker.host, "-p", str(bench.broker.port), "-t", START, "-m", "steps"]
    subprocess.run(publish, check=True)
    run_id = bench.wait(RESPONSE, lambda m: m.json["status"] == "accepted").json["run_id"]
    reply = bench.end(run_id)

    told = [m for m in bench.observer.messages[bench.since :] if m.topic in (RESPONSE, EVENT)]
    assert [m.json.get("event_type") or m.json["status"] for m in told] == [
        "accepted",
        "started",
        *["status_changed"] * 3,
        "finished",
        "completed",
    ]
    assert [m.json["status"] for m in told if m.json.get("event_type") == "status_changed"] == [
        "step 0",
        "step 1",
        "step 2",
    ]
    assert reply["result"] == {"count": 3, "x": 0.0}
    lines = ["M117 step 0", "M117 step 1", "M117 step 2"]
    assert bench.sent()[before:] == ["G91", *lines, "M114", "G90"]
    assert bench.wait(LOG, lambda m: m.json["message"] == "done").json["level"] == "info"
    assert bench.observer.last(SCRIPT).json["last"]["outcome"] == "finished"


def test_its_events_reach_plugins_and_subscriptions(bench: Bench) -> None:
    run_id = bench.start("steps", settings={"count": 1})
    bench.end(run_id)
    common = {"id": "steps", "title": "The steps", "run_id": run_id}
    expected = [
        ["AutomationScriptStarted", common],
        ["AutomationScriptStatusChanged", {**common, "status": "step 0"}],
        ["AutomationScriptFinished", {**common, "result": {"count": 1, "x": 0.0}}],
    ]

    def seen() -> bool:
        lines = (bench.folder / "events.txt").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event[1]["run_id"] == run_id] == expected

    eventually(seen, "the plugin to see the events")
    subscription = bench.folder / "subscription.txt"
    eventually(lambda: f"finished steps {run_id}" in subscription.read_text(), "the subscription to run")


def test_its_events_reach_web_clients(bench: Bench) -> None:
    with WebClient(bench.octoprint) as client:
        run_id = bench.start("steps", settings={"count": 1})
        bench.end(run_id)
        finished = client.wait_for_event("AutomationScriptFinished")
    assert finished == {"id": "steps", "title": "The steps", "run_id": run_id, "result": {"count": 1, "x": 0.0}}


def test_what_a_run_returned_is_what_the_next_one_starts_with(bench: Bench) -> None:
    bench.end(bench.start("steps", settings={"count": 2}))
    reply = bench.end(bench.start("steps"))
    assert reply["result"]["count"] == 2
    stored = bench.octoprint.base / "data" / "temp_eta" / "scripts.json"
    eventually(lambda: json.loads(stored.read_text())["settings"]["steps"]["count"] == 2, "it to be stored")
    bench.end(bench.start("steps", settings={"count": 3}))


@pytest.mark.parametrize(
    ("script_id", "event", "code", "error"),
    [
        ("unsuccessful", "failed", "script_failed", "the bed is bent"),
        ("raises", "error", "script_error", r"ValueError: too cold \(line \d+\)"),
        ("exits", "error", "script_error", r"the script ended itself: sys.exit\(3\)"),
        ("crashes", "error", "script_error", "its process was ended by SIGSEGV"),
    ],
)
def test_a_script_that_fails(bench: Bench, script_id: str, event: str, code: str, error: str) -> None:
    run_id = bench.start(script_id)
    reply = bench.end(run_id)
    assert reply["status"] == "failed"
    assert reply["error"]["code"] == code
    assert re.fullmatch(error, bench.event(event)["error"])
    assert bench.sent()[-1] == "G90"


@pytest.mark.parametrize("script_id", ["heats", "sleeps", "loops", "deaf", "long"])
def test_cancelling(bench: Bench, script_id: str) -> None:
    run_id = bench.start(script_id)
    bench.event("started")
    if script_id == "heats":
        eventually(lambda: bench.sent()[-1] == "M109 S80", "the printer to heat")
    bench.observer.publish(CANCEL, "PRESS")
    bench.event("cancelled", timeout=10)
    assert bench.end(run_id)["status"] == "cancelled"
    states = [m.json["state"] for m in bench.observer.on(SCRIPT)]
    assert states[-2:] == ["cancelling", "idle"]
    assert bench.sent()[-1] == "G90"


def test_a_run_that_is_cancelled_while_it_heats_keeps_the_runner_until_the_printer_listens(bench: Bench) -> None:
    bench.octoprint.gcode("M104 S40")
    bench.observer.wait_for(f"{BASE}/tool0/eta", lambda m: m.json["target"] == 40)
    run_id = bench.start("heats")
    eventually(lambda: bench.sent()[-1] == "M109 S80", "the printer to heat")
    bench.observer.publish(CANCEL, json.dumps({"run_id": run_id}))
    bench.wait(RESPONSE, lambda m: m.json["command"] == "script/start" and m.json["status"] == "cancelled", timeout=10)
    assert bench.observer.last(SCRIPT).json["state"] == "cancelling"

    assert bench.refused({"id": "steps"}) == "busy"
    bench.end(run_id)
    after = [line.split()[-1] for line in bench.sent()[-4:]]
    # The virtual printer says that it has an emergency parser, and then does not listen to it.
    assert after == ["S80", "M108", "S40.0", "G90"]
    bench.octoprint.gcode("M104 S0")


def test_a_script_that_does_not_exist_or_cannot_be_loaded(bench: Bench) -> None:
    assert bench.refused({"id": "nothing"}) == "unknown_script"
    assert bench.refused({"id": "broken.py"}) == "broken_script"
    assert bench.refused({"id": "steps", "settings": {"count": "many"}}) == "invalid_settings"
    assert bench.refused({"id": "steps", "settings": {"other": 1}}) == "invalid_settings"
    entry = next(entry for entry in bench.observer.last(SCRIPTS).json if entry["id"] == "broken.py")
    assert entry["error"].startswith("SyntaxError")


def test_a_new_file_is_noticed(bench: Bench) -> None:
    write_script(bench.folder, "pass", head("new"), "new.py")
    bench.wait(SCRIPTS, lambda m: "new" in [entry["id"] for entry in m.json])
    bench.end(bench.start("new"))


def test_the_same_start_twice_starts_once(bench: Bench) -> None:
    run_id = bench.start("steps", transaction="twice")
    bench.observer.publish(START, json.dumps({"id": "steps", "transaction": "twice"}))
    bench.end(run_id)
    replies = [m.json for m in bench.observer.messages[bench.since :] if m.topic == RESPONSE]
    assert {reply["run_id"] for reply in replies} == {run_id}
    assert len([m for m in bench.observer.on(EVENT) if m.json["event_type"] == "started"]) == 1


def test_commands_on_connect(bench: Bench) -> None:
    before = bench.sent().count("M117 greeted")
    bench.octoprint.disconnect()
    bench.octoprint.connect()
    eventually(lambda: bench.sent().count("M117 greeted") == before + 1, "the greeting")


def test_no_event_is_lost_while_the_broker_is_out_of_reach(bench: Bench) -> None:
    run_id = bench.start("steps", settings={"count": 1})
    bench.end(run_id)
    bench.gate.close()
    eventually(lambda: not bench.rest()["mqtt"]["connected"], "the bridge to notice")
    since, runs = bench.observer.mark(), []
    for count in (1, 2):
        status, reply = bench.octoprint.request(
            "POST", "/api/plugin/temp_eta", {"command": "script/start", "id": "steps", "settings": {"count": count}}
        )
        assert (status, reply["status"]) == (202, "accepted")
        runs.append(reply["run_id"])
        eventually(
            lambda run=reply["run_id"]: (bench.rest()["script"]["last"] or {})["run_id"] == run, "the run to end"
        )
    bench.gate.open()
    bench.since = since
    bench.wait(EVENT, lambda m: m.json["run_id"] == reply["run_id"] and m.json["event_type"] == "finished")
    # An event of the run before, which the broker has not acknowledged in time, may come once more.
    events = [m.json for m in bench.observer.messages[since:] if m.topic == EVENT and m.json["run_id"] in runs]
    kinds = [event["event_type"] for event in events]
    assert kinds == ["started", "status_changed", "finished", "started", *["status_changed"] * 2, "finished"]


def test_a_broker_that_restarts_in_the_middle_of_a_run(bench: Bench) -> None:
    run_id = bench.start("sleeps")
    bench.event("status_changed")
    bench.since = bench.observer.mark()
    bench.broker.restart()
    state = bench.wait(SCRIPT).json
    assert (state["state"], state["run_id"], state["status"]) == ("running", run_id, "asleep")
    bench.observer.publish(CANCEL, "PRESS")
    assert bench.end(run_id)["status"] == "cancelled"


def test_a_print_waits_for_the_script_and_no_line_gets_between(bench: Bench) -> None:
    gcode = bench.folder / "job.gcode"
    job = [f"G1 X{number}" for number in range(20)]
    gcode.write_text("\n".join(job) + "\n")
    uploads = bench.octoprint.base / "uploads"
    uploads.mkdir(exist_ok=True)
    (uploads / "job.gcode").write_text(gcode.read_text())
    run_id = bench.start("long")
    bench.event("started")
    before = len(bench.sent())
    bench.octoprint.post("/api/files/local/job.gcode", {"command": "select", "print": True})
    bench.wait(f"{BASE}/printer", lambda m: m.json["printing"] or m.json["state"] == "STARTING")
    count = len(bench.sent())
    eventually(lambda: len(bench.sent()) > count + 50, "the script to go on")
    bench.observer.publish(CANCEL, "PRESS")
    bench.end(run_id)
    eventually(lambda: bench.sent()[-1] == "M400" or job[-1] in bench.sent()[before:], "the print", timeout=60)
    eventually(lambda: bench.octoprint.printer_state() == "Operational", "the print to end", timeout=60)
    lines = bench.sent()[before:]
    script = [index for index, line in enumerate(lines) if line.startswith("M117 long") or line == "G90"]
    printed = [index for index, line in enumerate(lines) if line in job]
    assert [lines[index] for index in printed] == job
    assert max(script) < min(printed)


def test_a_start_is_refused_while_a_job_is_printed(bench: Bench) -> None:
    uploads = bench.octoprint.base / "uploads"
    uploads.mkdir(exist_ok=True)
    (uploads / "slow.gcode").write_text("G4 S1\n" * 200)
    bench.octoprint.post("/api/files/local/slow.gcode", {"command": "select", "print": True})
    bench.wait(f"{BASE}/printer", lambda m: m.json["printing"])
    code = bench.refused({"id": "steps"})
    bench.octoprint.post("/api/job", {"command": "cancel"})
    eventually(lambda: bench.octoprint.printer_state() == "Operational", "the print to be cancelled", timeout=60)
    assert code == "printer_not_ready"


def test_a_printer_that_goes_away_ends_the_run(bench: Bench) -> None:
    run_id = bench.start("sleeps")
    bench.event("status_changed")
    bench.octoprint.disconnect()
    reply = bench.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert bench.event("error")["error"] == "the printer was disconnected"
    assert bench.refused({"id": "steps"}) == "printer_not_ready"


def test_a_firmware_that_begins_anew_ends_the_run(bench: Bench) -> None:
    run_id = bench.start("sleeps")
    bench.event("status_changed")
    bench.octoprint.gcode("!!DEBUG:reset")
    reply = bench.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert bench.event("error")["error"] == "the firmware was reset"
    bench.end(bench.start("steps"))


def test_an_emergency_stop_ends_the_run(bench: Bench) -> None:
    run_id = bench.start("emergency")
    reply = bench.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")


def test_a_retained_start_is_refused(bench: Bench) -> None:
    bench.gate.close()
    bench.observer.publish(START, json.dumps({"id": "sleeps", "transaction": "retained"}), retain=True)
    bench.gate.open()
    try:
        refusal = bench.wait(RESPONSE, lambda m: m.json["transaction"] == "retained").json
        assert (refusal["status"], refusal["error"]["code"]) == ("rejected", "retained_command")
    finally:
        bench.observer.publish(START, "", retain=True)
    assert bench.rest()["script"]["state"] == "idle"


def test_a_start_that_was_sent_while_octoprint_was_down_never_runs(bench: Bench) -> None:
    assert bench.octoprint.stop()
    bench.observer.publish(START, json.dumps({"id": "sleeps", "transaction": "while down"}))
    since = bench.observer.mark()
    bench.octoprint.start()
    bench.observer.wait_for(SCRIPTS, lambda m: m.json, since=since, timeout=40)
    bench.end(bench.start("steps"))
    assert not [m for m in bench.observer.messages[since:] if m.topic == EVENT and m.json["id"] == "sleeps"]


def test_octoprint_that_is_killed_leaves_no_script_behind(bench: Bench) -> None:
    bench.start("tells")
    pid = int(bench.event("status_changed")["status"])
    assert alive(pid)
    bench.octoprint.kill()
    eventually(lambda: not alive(pid), "the script to end")


def test_octoprint_that_shuts_down_tells_the_end_of_the_run(bench: Bench) -> None:
    run_id = bench.start("sleeps")
    bench.event("status_changed")
    assert bench.octoprint.stop()
    event = bench.event("error")
    assert (event["run_id"], event["error"]) == (run_id, "OctoPrint shuts down")


@pytest.mark.parametrize(
    ("script_id", "settings", "outcome"),
    [
        ("warm_up_and_home", {"bed": 30, "hotend": 40, "soak": 1}, "finished"),
        ("purge_and_wipe", {"hotend": 40, "purge": 10.0}, "finished"),
        ("bed_flatness", {}, "finished"),
        ("bed_flatness", {"tolerance": 0.01}, "failed"),
    ],
)
def test_the_examples(bench: Bench, script_id: str, settings: dict[str, Any], outcome: str) -> None:
    if not (bench.folder / f"{script_id}.py").exists():
        shutil.copy(EXAMPLES / f"{script_id}.py", bench.folder)
        bench.wait(SCRIPTS, lambda m: script_id in [entry["id"] for entry in m.json])
    bench.end(bench.start(script_id, settings=settings))
    last = bench.observer.last(SCRIPT).json["last"]
    assert (last["id"], last["outcome"]) == (script_id, outcome), last
    if script_id == "bed_flatness":
        assert 0 < last["result"]["flatness"] < 0.4
    bench.octoprint.gcode("M104 S0", "M140 S0")

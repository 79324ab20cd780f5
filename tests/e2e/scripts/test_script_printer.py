"""A script and its printer: the lines between others, and a printer that does not do what it should."""

from __future__ import annotations

import json

from tests.conftest import BASE
from tests.support.script_server import CANCEL, CONNECT_COMMAND, RESPONSE, SCRIPT, ScriptServer
from tests.support.waiting import eventually


def upload(script_server: ScriptServer, name: str, lines: list[str]) -> None:
    uploads = script_server.octoprint.base / "uploads"
    uploads.mkdir(exist_ok=True)
    (uploads / name).write_text("\n".join(lines) + "\n")


def test_commands_on_connect(script_server: ScriptServer) -> None:
    before = script_server.sent().count(CONNECT_COMMAND)
    script_server.octoprint.disconnect()
    script_server.octoprint.connect()
    eventually(lambda: script_server.sent().count(CONNECT_COMMAND) == before + 1, "the on-connect command")


def test_a_run_that_is_cancelled_while_it_heats_keeps_runner_and_jobs_until_the_printer_listens(
    script_server: ScriptServer,
) -> None:
    upload(script_server, "short.gcode", ["G1 X1", "G1 X2"])
    script_server.octoprint.gcode("M104 S40")
    script_server.observer.wait_for(f"{BASE}/tool0/eta", lambda m: m.json["target"] == 40)
    before = len(script_server.sent())
    run_id = script_server.start("heats")
    eventually(lambda: script_server.sent()[-1] == "M109 S80", "the printer to heat")
    script_server.observer.publish(CANCEL, json.dumps({"run_id": run_id}))
    script_server.wait(
        RESPONSE, lambda m: m.json["command"] == "script/start" and m.json["status"] == "cancelled", timeout=10
    )
    assert script_server.observer.last(SCRIPT).json["state"] == "cancelling"

    assert script_server.refused({"id": "steps"}) == "busy"
    script_server.octoprint.post("/api/files/local/short.gcode", {"command": "select", "print": True})
    script_server.end(run_id)
    eventually(lambda: "G1 X2" in script_server.sent()[before:], "the print")
    eventually(lambda: script_server.octoprint.printer_state() == "Operational", "the print to end", timeout=60)
    lines = script_server.sent()[before:]
    after = [line.split()[-1] for line in lines[lines.index("M109 S80") :]]
    # The virtual printer reports an emergency parser, but ignores M108.
    assert after[:4] == ["S80", "M108", "S40.0", "G90"]
    assert [word for word in after[4:] if word in ("X1", "X2")] == ["X1", "X2"]
    script_server.octoprint.gcode("M104 S0")


def test_what_a_cancelled_script_has_in_octoprints_queue_is_not_sent(script_server: ScriptServer) -> None:
    """It would heat, and the run would last longer. Modes are changed, as the plugin follows them."""
    before = len(script_server.sent())
    run_id = script_server.start("goes_on")
    script_server.wait(SCRIPT, lambda m: m.json["status"] == "waiting")
    script_server.observer.publish(CANCEL, json.dumps({"run_id": run_id}))
    script_server.end(run_id)
    eventually(lambda: script_server.sent()[-1] == "G90", "the end of the run", timeout=60)
    lines = script_server.sent()[before:]
    assert [line for line in lines if line in ("G4 S4", "M104 S90", "M83", "G90")] == ["G4 S4", "M83", "G90"]


def test_a_print_waits_for_the_script_and_no_line_gets_between(script_server: ScriptServer) -> None:
    job = [f"G1 X{number}" for number in reversed(range(20))]
    upload(script_server, "job.gcode", job)
    run_id = script_server.start("long")
    script_server.event("started")
    before = len(script_server.sent())
    script_server.octoprint.post("/api/files/local/job.gcode", {"command": "select", "print": True})
    script_server.wait(f"{BASE}/printer", lambda m: m.json["printing"] or m.json["state"] == "STARTING")
    count = len(script_server.sent())
    eventually(lambda: len(script_server.sent()) > count + 50, "the script to go on")
    script_server.observer.publish(CANCEL, "PRESS")
    script_server.end(run_id)
    eventually(
        lambda: script_server.sent()[-1] == "M400" or job[-1] in script_server.sent()[before:], "the print", timeout=60
    )
    eventually(lambda: script_server.octoprint.printer_state() == "Operational", "the print to end", timeout=60)
    lines = script_server.sent()[before:]
    script = [index for index, line in enumerate(lines) if line.startswith("M117 long") or line == "G90"]
    printed = [index for index, line in enumerate(lines) if line in job]
    assert [lines[index] for index in printed] == job
    assert max(script) < min(printed)


def test_a_waiting_print_that_is_cancelled_leaves_the_script_alone(script_server: ScriptServer) -> None:
    upload(script_server, "short.gcode", ["G1 X1", "G1 X2"])
    before = len(script_server.sent())
    run_id = script_server.start("heats")
    eventually(lambda: script_server.sent()[-1] == "M109 S80", "the printer to heat")
    script_server.octoprint.post("/api/files/local/short.gcode", {"command": "select", "print": True})
    script_server.wait(f"{BASE}/printer", lambda m: m.json["printing"] or m.json["state"] == "STARTING")
    script_server.octoprint.post("/api/job", {"command": "cancel"})
    assert script_server.end(run_id)["status"] == "completed"
    eventually(
        lambda: script_server.octoprint.printer_state() == "Operational", "the print to be cancelled", timeout=60
    )
    lines = script_server.sent()[before:]
    assert "M108" not in lines
    assert "G1 X1" not in lines
    script_server.octoprint.gcode("M104 S0")


def test_a_start_is_refused_while_a_job_is_printed(script_server: ScriptServer) -> None:
    upload(script_server, "slow.gcode", ["G4 S1"] * 200)
    script_server.octoprint.post("/api/files/local/slow.gcode", {"command": "select", "print": True})
    script_server.wait(f"{BASE}/printer", lambda m: m.json["printing"])
    code = script_server.refused({"id": "steps"})
    script_server.octoprint.post("/api/job", {"command": "cancel"})
    eventually(
        lambda: script_server.octoprint.printer_state() == "Operational", "the print to be cancelled", timeout=60
    )
    assert code == "printer_not_ready"


def test_a_disconnected_printer_ends_the_run(script_server: ScriptServer) -> None:
    run_id = script_server.start("sleeps")
    script_server.event("status_changed")
    script_server.octoprint.disconnect()
    reply = script_server.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert script_server.event("error")["error"] == "the printer was disconnected"
    assert script_server.refused({"id": "steps"}) == "printer_not_ready"


def test_a_firmware_reset_ends_the_run(script_server: ScriptServer) -> None:
    run_id = script_server.start("sleeps")
    script_server.event("status_changed")
    script_server.octoprint.gcode("!!DEBUG:reset")
    reply = script_server.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert script_server.event("error")["error"] == "the firmware was reset"
    script_server.end(script_server.start("steps"))


def test_an_emergency_stop_ends_the_run(script_server: ScriptServer) -> None:
    run_id = script_server.start("emergency")
    reply = script_server.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert script_server.event("error")["error"] == "there was an emergency stop (M112)"

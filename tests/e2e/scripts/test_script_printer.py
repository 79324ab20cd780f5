"""A script and its printer: the lines between others, and a printer that does not do what it should."""

from __future__ import annotations

import json

from tests.conftest import BASE
from tests.support.waiting import eventually
from tests.support.workshop import CANCEL, GREETING, RESPONSE, SCRIPT, Workshop


def upload(workshop: Workshop, name: str, lines: list[str]) -> None:
    uploads = workshop.octoprint.base / "uploads"
    uploads.mkdir(exist_ok=True)
    (uploads / name).write_text("\n".join(lines) + "\n")


def test_commands_on_connect(workshop: Workshop) -> None:
    before = workshop.sent().count(GREETING)
    workshop.octoprint.disconnect()
    workshop.octoprint.connect()
    eventually(lambda: workshop.sent().count(GREETING) == before + 1, "the greeting")


def test_a_run_that_is_cancelled_while_it_heats_keeps_runner_and_jobs_until_the_printer_listens(
    workshop: Workshop,
) -> None:
    upload(workshop, "short.gcode", ["G1 X1", "G1 X2"])
    workshop.octoprint.gcode("M104 S40")
    workshop.observer.wait_for(f"{BASE}/tool0/eta", lambda m: m.json["target"] == 40)
    before = len(workshop.sent())
    run_id = workshop.start("heats")
    eventually(lambda: workshop.sent()[-1] == "M109 S80", "the printer to heat")
    workshop.observer.publish(CANCEL, json.dumps({"run_id": run_id}))
    workshop.wait(
        RESPONSE, lambda m: m.json["command"] == "script/start" and m.json["status"] == "cancelled", timeout=10
    )
    assert workshop.observer.last(SCRIPT).json["state"] == "cancelling"

    assert workshop.refused({"id": "steps"}) == "busy"
    workshop.octoprint.post("/api/files/local/short.gcode", {"command": "select", "print": True})
    workshop.end(run_id)
    eventually(lambda: "G1 X2" in workshop.sent()[before:], "the print")
    eventually(lambda: workshop.octoprint.printer_state() == "Operational", "the print to end", timeout=60)
    lines = workshop.sent()[before:]
    after = [line.split()[-1] for line in lines[lines.index("M109 S80") :]]
    # The virtual printer says that it has an emergency parser, and then does not listen to it.
    assert after[:4] == ["S80", "M108", "S40.0", "G90"]
    assert [word for word in after[4:] if word in ("X1", "X2")] == ["X1", "X2"]
    workshop.octoprint.gcode("M104 S0")


def test_a_print_waits_for_the_script_and_no_line_gets_between(workshop: Workshop) -> None:
    job = [f"G1 X{number}" for number in reversed(range(20))]
    upload(workshop, "job.gcode", job)
    run_id = workshop.start("long")
    workshop.event("started")
    before = len(workshop.sent())
    workshop.octoprint.post("/api/files/local/job.gcode", {"command": "select", "print": True})
    workshop.wait(f"{BASE}/printer", lambda m: m.json["printing"] or m.json["state"] == "STARTING")
    count = len(workshop.sent())
    eventually(lambda: len(workshop.sent()) > count + 50, "the script to go on")
    workshop.observer.publish(CANCEL, "PRESS")
    workshop.end(run_id)
    eventually(lambda: workshop.sent()[-1] == "M400" or job[-1] in workshop.sent()[before:], "the print", timeout=60)
    eventually(lambda: workshop.octoprint.printer_state() == "Operational", "the print to end", timeout=60)
    lines = workshop.sent()[before:]
    script = [index for index, line in enumerate(lines) if line.startswith("M117 long") or line == "G90"]
    printed = [index for index, line in enumerate(lines) if line in job]
    assert [lines[index] for index in printed] == job
    assert max(script) < min(printed)


def test_a_start_is_refused_while_a_job_is_printed(workshop: Workshop) -> None:
    upload(workshop, "slow.gcode", ["G4 S1"] * 200)
    workshop.octoprint.post("/api/files/local/slow.gcode", {"command": "select", "print": True})
    workshop.wait(f"{BASE}/printer", lambda m: m.json["printing"])
    code = workshop.refused({"id": "steps"})
    workshop.octoprint.post("/api/job", {"command": "cancel"})
    eventually(lambda: workshop.octoprint.printer_state() == "Operational", "the print to be cancelled", timeout=60)
    assert code == "printer_not_ready"


def test_a_printer_that_goes_away_ends_the_run(workshop: Workshop) -> None:
    run_id = workshop.start("sleeps")
    workshop.event("status_changed")
    workshop.octoprint.disconnect()
    reply = workshop.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert workshop.event("error")["error"] == "the printer was disconnected"
    assert workshop.refused({"id": "steps"}) == "printer_not_ready"


def test_a_firmware_that_begins_anew_ends_the_run(workshop: Workshop) -> None:
    run_id = workshop.start("sleeps")
    workshop.event("status_changed")
    workshop.octoprint.gcode("!!DEBUG:reset")
    reply = workshop.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert workshop.event("error")["error"] == "the firmware was reset"
    workshop.end(workshop.start("steps"))


def test_an_emergency_stop_ends_the_run(workshop: Workshop) -> None:
    run_id = workshop.start("emergency")
    reply = workshop.end(run_id)
    assert (reply["status"], reply["error"]["code"]) == ("failed", "printer_gone")
    assert workshop.event("error")["error"] == "there was an emergency stop (M112)"

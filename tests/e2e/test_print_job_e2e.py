"""A print on a real OctoPrint: the retained job, the events, and the commands about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BASE, make_octoprint
from tests.support.broker import Broker
from tests.support.gcode_files import add_file, print_file
from tests.support.mqtt_client import Observer, Received
from tests.support.octoprint import OctoPrint
from tests.support.waiting import eventually

BLOCKER = Path(__file__).parents[1] / "support" / "event_blocker.py"
JOB, EVENT, PRINTER, STATUS = (f"{BASE}/{topic}" for topic in ("job", "event", "printer", "status"))


@pytest.fixture(scope="module")
def shared_broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def blocker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that keeps all events from the plugins while it exists."""
    return tmp_path_factory.mktemp("blocker") / "blocks"


@pytest.fixture(scope="module")
def shared_octoprint(shared_broker: Broker, blocker: Path) -> Iterator[OctoPrint]:
    """An OctoPrint of its own: after a firmware error each page opens with OctoPrint's dialog about it."""
    environment = {"EVENT_BLOCKER": str(blocker)}
    with make_octoprint(shared_broker.port, plugin_files=[BLOCKER], environment=environment) as octoprint:
        yield octoprint


@pytest.fixture(autouse=True)
def permitted(octoprint: OctoPrint) -> Iterator[None]:
    octoprint.save_plugin_settings("temp_eta", {"allow_job_start": True})
    add_file(octoprint, "long.gcode", 600)
    add_file(octoprint, "boxes/short.gcode", 20)
    yield
    octoprint.save_plugin_settings("temp_eta", {"allow_job_start": False})


def event_is(kind: str) -> Callable[[Received], bool]:
    return lambda message: message.json["event_type"] == kind


def execute(observer: Observer, command: str, payload: str = "PRESS") -> dict[str, Any]:
    """Send a command and return its reply."""
    since = observer.mark()
    observer.publish(f"{BASE}/command/{command}", payload)
    reply = observer.wait_for(f"{BASE}/response", lambda m: m.json["command"] == command, since=since)
    return dict(reply.json)


def state_is(state: str) -> Callable[[Received], bool]:
    return lambda message: message.json["state"] == state


def test_a_print_from_start_to_end(octoprint: OctoPrint, observer: Observer) -> None:
    assert execute(observer, "job/start", '{"file": "boxes/short.gcode"}')["status"] == "completed"
    started = observer.wait_for(EVENT, event_is("print_started"))
    assert (started.json["file"], started.json["origin"], started.retain) == ("boxes/short.gcode", "local", False)
    printing = observer.wait_for(JOB, lambda m: m.json["finish_at"] is not None, timeout=30).json
    assert (printing["file"], printing["name"]) == ("boxes/short.gcode", "short.gcode")
    assert 0 < printing["progress"] < 1
    done = observer.wait_for(EVENT, event_is("print_done"), timeout=90)
    assert 15 < done.json["elapsed_seconds"] < 60
    job = observer.wait_for(JOB, lambda m: m.json["progress"] == 1)
    assert job.json["elapsed_seconds"] == pytest.approx(done.json["elapsed_seconds"], abs=1)
    observer.wait_for(JOB, lambda m: m.json["progress"] == 1 and m.json["finish_at"] is None)
    announced = [message.json for message in observer.on(JOB) if message.json["finish_at"]]
    assert all(datetime.fromisoformat(job["finish_at"]).timestamp() > job["timestamp"] - 1 for job in announced)


def test_a_print_is_paused_resumed_and_cancelled(octoprint: OctoPrint, observer: Observer) -> None:
    print_file(octoprint, "long.gcode")
    observer.wait_for(PRINTER, state_is("PRINTING"))
    for command, kind, state in (
        ("job/pause", "print_paused", "PAUSED"),
        ("job/resume", "print_resumed", "PRINTING"),
        ("job/cancel", "print_cancelled", "OPERATIONAL"),
    ):
        since = observer.mark()
        assert execute(observer, command)["status"] == "completed"
        observer.wait_for(EVENT, event_is(kind), since=since)
        observer.wait_for(PRINTER, state_is(state), since=since)
    assert not [m for m in observer.on(EVENT) if event_is("print_failed")(m)]
    assert execute(observer, "job/pause")["error"]["code"] == "printer_not_ready"


def test_commands_are_executed_while_another_plugin_blocks_all_events(
    octoprint: OctoPrint, observer: Observer, blocker: Path
) -> None:
    blocker.touch()
    try:
        print_file(octoprint, "long.gcode")
        observer.wait_for(PRINTER, state_is("PRINTING"))
        assert execute(observer, "job/pause")["status"] == "completed"
        observer.wait_for(PRINTER, state_is("PAUSED"))
        assert execute(observer, "job/cancel")["status"] == "completed"
        observer.wait_for(PRINTER, state_is("OPERATIONAL"))
    finally:
        blocker.unlink()
    observer.wait_for(EVENT, event_is("print_cancelled"))


@pytest.mark.parametrize("file", ["none.gcode", "../config.yaml", "/etc/passwd"])
def test_a_file_that_does_not_exist_is_refused(octoprint: OctoPrint, observer: Observer, file: str) -> None:
    reply = execute(observer, "job/start", f'{{"file": "{file}"}}')
    assert (reply["status"], reply["error"]["code"]) == ("failed", "unknown_file")
    assert octoprint.printer_state() == "Operational"


def test_the_printer_is_disconnected_and_connected(octoprint: OctoPrint, observer: Observer) -> None:
    assert execute(observer, "printer/disconnect")["status"] == "completed"
    observer.wait_for(EVENT, event_is("disconnected"))
    since = observer.mark()
    assert execute(observer, "printer/connect")["status"] == "completed"
    observer.wait_for(EVENT, event_is("connected"), since=since)
    eventually(lambda: octoprint.printer_state() == "Operational", "the printer to be ready")


def test_a_paused_print_whose_connection_ends_has_failed(octoprint: OctoPrint, observer: Observer) -> None:
    print_file(octoprint, "long.gcode")
    observer.wait_for(PRINTER, state_is("PRINTING"))
    assert execute(observer, "job/pause")["status"] == "completed"
    observer.wait_for(EVENT, event_is("print_paused"))
    assert execute(observer, "printer/disconnect")["status"] == "completed"
    failed = observer.wait_for(EVENT, event_is("print_failed"), timeout=30).json
    assert (failed["file"], failed["reason"], failed["error"]) == ("long.gcode", "disconnected", None)
    octoprint.connect()
    observer.wait_for(PRINTER, state_is("OPERATIONAL"))


def test_an_emergency_stop_ends_the_print_and_its_connection(octoprint: OctoPrint, observer: Observer) -> None:
    print_file(octoprint, "long.gcode")
    observer.wait_for(PRINTER, state_is("PRINTING"))
    observer.wait_for(JOB, lambda m: m.json["file"] == "long.gcode")
    since = observer.mark()
    assert execute(observer, "printer/emergency_stop")["status"] == "completed"
    observer.wait_for(PRINTER, lambda m: m.json["connected"] is False, since=since)
    failed = observer.wait_for(EVENT, event_is("print_failed"), since=since)
    assert failed.json["file"] == "long.gcode"
    observer.wait_for(JOB, lambda m: m.json["file"] is None, since=since)


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_print_that_octoprint_does_not_survive_has_failed_once(
    octoprint: OctoPrint, observer: Observer, end: str
) -> None:
    print_file(octoprint, "long.gcode")
    observer.wait_for(PRINTER, state_is("PRINTING"))
    file = octoprint.base / "data" / "temp_eta" / "print.json"
    eventually(lambda: "long.gcode" in file.read_text(), "the print to be stored")
    since = observer.mark()
    getattr(octoprint, end)()
    observer.wait_for(STATUS, lambda m: m.text == "offline", since=since)
    failures = [m.json for m in observer.on(EVENT) if event_is("print_failed")(m)]
    assert len(failures) == (1 if end == "stop" else 0)
    for _ in range(2):
        since = observer.mark()
        octoprint.restart()
        observer.wait_for(STATUS, lambda m: m.text == "online", since=since)
        observer.wait_for(PRINTER, state_is("OPERATIONAL"), since=since)
    [failed] = [m.json for m in observer.on(EVENT) if event_is("print_failed")(m)]
    assert (failed["file"], failed["reason"]) == ("long.gcode", "shutdown")


def test_the_firmwares_error_is_an_event_with_its_text(octoprint: OctoPrint, observer: Observer) -> None:
    since = observer.mark()
    octoprint.gcode("!!DEBUG:trigger_fatal_error_marlin")
    error = observer.wait_for(EVENT, event_is("error"))
    assert "Thermal Runaway" in error.json["error"]
    assert error.json["reason"]
    closed = observer.wait_for(PRINTER, lambda m: m.json["state"] in ("OFFLINE", "CLOSED_WITH_ERROR"), since=since)
    assert closed.json["status"] == "error"
    assert len([m for m in observer.on(EVENT) if event_is("error")(m)]) == 1
    octoprint.connect()
    observer.wait_for(PRINTER, lambda m: m.json["status"] == "idle")


@pytest.fixture
def staying(octoprint: OctoPrint) -> Iterator[None]:
    """OctoPrint stays connected after errors of the firmware."""
    for disconnects in (False, True):
        octoprint.post("/api/settings", {"serial": {"disconnectOnErrors": disconnects}})
        octoprint.disconnect()
        octoprint.connect()  # it reads the setting then
        if not disconnects:
            yield


@pytest.mark.usefixtures("staying")
def test_an_error_that_ends_a_print_while_octoprint_stays_connected_is_told(
    octoprint: OctoPrint, observer: Observer
) -> None:
    observer.wait_for(PRINTER, state_is("OPERATIONAL"))
    since = observer.mark()
    octoprint.gcode("!!DEBUG:send !! Must home axis first")
    observer.wait_for(EVENT, event_is("error"), since=since)
    print_file(octoprint, "long.gcode")
    observer.wait_for(PRINTER, state_is("PRINTING"), since=since)
    for _ in range(3):
        octoprint.gcode("!!DEBUG:send !! Timer too close")
    failed = observer.wait_for(EVENT, event_is("print_failed"), since=since).json
    assert (failed["file"], failed["reason"], failed["error"]) == ("long.gcode", "error", "Timer too close")
    observer.wait_for(PRINTER, state_is("OPERATIONAL"), since=since)
    events = [message.json for message in observer.on(EVENT)[-4:]]
    assert [(event["event_type"], event["error"]) for event in events] == [
        ("error", "Must home axis first"),
        ("print_started", None),
        ("error", "Timer too close"),
        ("print_failed", "Timer too close"),
    ]


def test_a_print_that_a_reset_of_the_firmware_ends_has_failed(octoprint: OctoPrint, observer: Observer) -> None:
    octoprint.connect()
    eventually(lambda: octoprint.printer_state() == "Operational", "the printer to be ready")
    since = observer.mark()
    print_file(octoprint, "long.gcode")
    observer.wait_for(PRINTER, state_is("PRINTING"), since=since)
    octoprint.gcode("!!DEBUG:send start")
    failed = observer.wait_for(EVENT, event_is("print_failed"), since=since).json
    assert (failed["file"], failed["reason"], failed["error"]) == ("long.gcode", "error", "The firmware was reset.")
    # The virtual printer has not really been reset: it insists on its line numbers, and OctoPrint disconnects.
    eventually(lambda: octoprint.printer_state() != "Printing", "the end of the print")
    octoprint.connect()


def test_a_filament_runout_that_the_firmware_reports_is_an_event(octoprint: OctoPrint, observer: Observer) -> None:
    octoprint.gcode("!!DEBUG:send //action:prompt_begin FilamentRunout T0")
    observer.wait_for(EVENT, event_is("filament_runout"))


def test_a_command_over_rest_needs_octoprints_permission(octoprint: OctoPrint) -> None:
    key = octoprint.add_user("job-reader", ["PLUGIN_TEMP_ETA_READ"])
    status, reply = octoprint.request("POST", "/api/plugin/temp_eta", {"command": "job/cancel"}, key=key)
    assert (status, reply["error"]["code"]) == (403, "not_permitted")
    status, reply = octoprint.request("POST", "/api/plugin/temp_eta", {"command": "job/cancel"})
    assert (status, reply["error"]["code"]) == (409, "printer_not_ready")

"""OctoPrint's data about the job as inputs of the bridge."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.job_inputs import Filament, JobChanged, LayerChanged, PrinterEvent, PrintJob
from octoprint_temp_eta.plugin.hooks.job import NO_TEXT, JobHooks, layer, print_job, printer_event

DATA: dict[str, Any] = {
    "job": {
        "file": {
            "name": "lid.gcode",
            "path": "boxes/lid.gcode",
            "display": "Lid.gcode",
            "origin": "local",
            "size": 183,
        },
        "filament": {"tool0": {"length": 4213.7, "volume": 10.14}},
        "user": "anna",
    },
    "progress": {"completion": 42.1, "printTime": 1830, "printTimeLeft": 2514, "printTimeLeftOrigin": "linear"},
}
LID = PrintJob(
    file="boxes/lid.gcode",
    name="Lid.gcode",
    origin="local",
    size=183,
    user="anna",
    filament=(Filament("tool0", 4213.7, 10.14),),
    progress=0.421,
    elapsed=1830.0,
    remaining=2514.0,
)


def test_the_job_in_octoprints_data():
    assert print_job(DATA) == LID


@pytest.mark.parametrize("data", [{}, {"job": None}, {"job": {"file": {"path": None, "origin": None}}}, {"job": 7}])
def test_without_a_file_there_is_no_job(data: dict[str, Any]):
    assert print_job(data) is None


@pytest.mark.parametrize("odd", [None, "x", -1, float("nan"), float("inf"), True, {}, []])
def test_odd_values_are_unknown(odd: object):
    file = {"path": "a.gcode", "origin": "sdcard", "size": odd}
    progress = {"completion": odd, "printTime": odd, "printTimeLeft": odd}
    found = print_job({"job": {"file": file, "user": "", "filament": odd}, "progress": progress})
    assert found == PrintJob("a.gcode", "a.gcode", "sdcard")


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        (
            "PrintDone",
            {"path": "a.gcode", "origin": "local", "owner": "anna", "time": 12.5, "name": "a.gcode"},
            PrinterEvent("print_done", "a.gcode", "local", "anna", 12.5),
        ),
        (
            "PrintStarted",
            {"path": "a", "origin": "local", "owner": "anna", "user": "ben"},
            PrinterEvent("print_started", "a", "local", "ben"),
        ),
        ("PrintFailed", {"path": "a", "origin": "local", "reason": "cancelled"}, None),
        (
            "PrintCancelled",
            {"path": "a", "origin": "local", "reason": "cancelled"},
            PrinterEvent("print_cancelled", "a", "local"),
        ),
        (
            "PrintFailed",
            {"path": "a", "origin": "local", "reason": "error", "error": "Heating failed", "time": 3},
            PrinterEvent("print_failed", "a", "local", None, 3.0, "error", "Heating failed"),
        ),
        (
            "Error",
            {"error": "Heating failed", "reason": "firmware"},
            PrinterEvent("error", reason="firmware", error="Heating failed"),
        ),
        ("Connected", {"port": "VIRTUAL", "baudrate": 115200}, PrinterEvent("connected")),
        ("Disconnected", None, PrinterEvent("disconnected")),
        ("FilamentChange", None, PrinterEvent("filament_change")),
        ("ClientOpened", {}, None),
    ],
)
def test_an_event_of_octoprint(event: str, payload: dict[str, Any] | None, expected: PrinterEvent | None):
    assert printer_event(event, payload) == expected


@pytest.mark.parametrize(
    ("current", "total", "expected"), [("12", "96", (12, 96)), ("-", "", (None, None)), (3, None, (3, None))]
)
def test_the_layers_of_display_layer_progress(current: object, total: object, expected: tuple[int | None, int | None]):
    assert layer({"currentLayer": current, "totalLayer": total}) == LayerChanged(*expected)


class Hooks(JobHooks):
    """The hooks with an app that notes what is posted."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self._app = SimpleNamespace(post=self.posted.append)  # type: ignore[assignment]
        self.serial: dict[str, Any] = {}
        self._serial_setting = self.serial.get


def test_an_unchanged_job_is_not_posted_again():
    hooks = Hooks()
    for _ in range(3):
        hooks.on_printer_send_current_data(DATA)
    hooks.on_printer_send_current_data({})
    assert hooks.posted == [JobChanged(LID), JobChanged(None)]


@pytest.mark.parametrize(
    ("line", "runout"),
    [
        ("//action:paused filament_runout 0", True),
        ("//action:prompt_begin FilamentRunout T0", True),
        ("//action:out_of_filament T0", True),
        ("//action:pause", False),
        ("//action:notification Printing", False),
    ],
)
def test_a_filament_runout_that_the_firmware_reports(line: str, *, runout: bool):
    hooks = Hooks()
    hooks.hook_action(None, line, line.removeprefix("//action:"))
    assert hooks.posted == ([PrinterEvent("filament_runout")] if runout else [])


def test_an_event_is_posted():
    hooks = Hooks()
    hooks.forward_job_event("PrintPaused", {"path": "a", "origin": "local"})
    hooks.forward_job_event("DisplayLayerProgress_layerChanged", {"currentLayer": "2", "totalLayer": "9"})
    assert hooks.posted == [PrinterEvent("print_paused", "a", "local"), LayerChanged(2, 9)]


def test_a_print_that_is_cancelled_because_of_the_firmwares_error_has_it():
    hooks = Hooks()
    print_ = {"path": "a", "origin": "local"}
    for error in ("Timer too close", None):
        hooks.forward_job_event("PrintCancelling", {**print_, "firmwareError": error} if error else print_)
        hooks.forward_job_event("PrintCancelled", print_)
        hooks.forward_job_event("PrintFailed", {**print_, "reason": "cancelled"})
    assert hooks.posted == [
        PrinterEvent("print_cancelled", "a", "local", error="Timer too close"),
        PrinterEvent("print_cancelled", "a", "local"),
    ]


def test_an_error_of_the_firmware_is_an_event_whether_or_not_octoprint_disconnects():
    hooks = Hooks()
    hooks.hook_error(None, "Must home axis first")
    hooks.hook_error(None, "")
    assert hooks.posted == [
        PrinterEvent("error", reason="firmware", error=text) for text in ("Must home axis first", NO_TEXT)
    ]


@pytest.mark.parametrize("serial", [{"ignoreErrorsFromFirmware": True}, {"errorHandling": "ignore"}])
def test_an_error_that_octoprint_is_to_ignore_is_none(serial: dict[str, Any]):
    hooks = Hooks()
    hooks.serial.update(serial)
    hooks.hook_error(None, "Not an error")
    assert hooks.posted == []

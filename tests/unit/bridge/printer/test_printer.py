"""The printer's state, for the parts that depend on it."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.printer.printer import Printer
from octoprint_temp_eta.bridge.protocol.inputs import PrinterChanged, Profile
from octoprint_temp_eta.bridge.protocol.script_inputs import PrinterGone
from tests.support.bridge_driver import START

PROFILE = Profile("_default", "Default", "Generic")


def changed(event: PrinterChanged) -> Printer:
    printer = Printer()
    assert printer.inputs[PrinterChanged](event, START) == []
    return printer


def test_nothing_is_known_before_octoprint_reports():
    printer = Printer()
    assert (printer.state, printer.connected, printer.printing, printer.profile) == (None, False, False, None)
    assert not printer.operational


def test_the_newest_report_counts():
    printer = changed(PrinterChanged("PRINTING", connected=True, printing=True, profile=PROFILE))
    assert (printer.state, printer.connected, printer.printing, printer.profile) == ("PRINTING", True, True, PROFILE)
    printer.inputs[PrinterChanged](PrinterChanged("OFFLINE", connected=False, printing=False, profile=None), START)
    assert (printer.state, printer.connected, printer.printing, printer.profile) == ("OFFLINE", False, False, None)


@pytest.mark.parametrize(
    ("state", "operational"), [("OPERATIONAL", True), ("PRINTING", False), ("FINISHING", False), (None, False)]
)
def test_a_job_is_accepted_only_by_an_operational_printer(state: str | None, operational: bool):
    printer = changed(PrinterChanged(state, connected=True, printing=False, profile=PROFILE))
    assert printer.operational is operational


@pytest.mark.parametrize("error", ["ERROR", "CLOSED_WITH_ERROR"])
def test_a_connection_has_failed_until_the_next_one_is_opened(error: str):
    printer = changed(PrinterChanged("PRINTING", connected=True, printing=True, profile=PROFILE))
    failed = {}
    for state in ("OFFLINE", error, "OFFLINE", None, "OPEN_SERIAL", "OFFLINE"):
        printer.inputs[PrinterChanged](PrinterChanged(state, connected=False, printing=False, profile=None), START)
        failed.setdefault(state, []).append(printer.failed)
    assert failed == {"OFFLINE": [False, True, False], error: [True], None: [True], "OPEN_SERIAL": [False]}


@pytest.mark.parametrize("failed", [True, False])
def test_a_connection_that_breaks_has_failed_though_octoprint_reports_no_error_state(failed: bool):
    printer = changed(PrinterChanged("PRINTING", connected=True, printing=True, profile=PROFILE))
    printer.inputs[PrinterGone](PrinterGone("it is gone", failed=failed), START)
    states = []
    for state in ("OFFLINE", "OPEN_SERIAL"):
        printer.inputs[PrinterChanged](PrinterChanged(state, connected=False, printing=False, profile=None), START)
        states.append(printer.failed)
    assert states == [failed, False]

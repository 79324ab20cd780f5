"""A Klipper that has lost its board, or is not ready, reports 0.0 °C while OctoPrint remains connected."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.heaters.heaters import STALE_S
from octoprint_temp_eta.bridge.heaters.reported.sensors import INTERVAL_S
from octoprint_temp_eta.bridge.heaters.tracks import MISSING_READINGS
from tests.support.printer_lines import PrinterLines, profile

#: What Klipper sends: temperatures of heaters and of a sensor. Without its board: 0.0 and the last targets.
LINE = "ok B:{bed:.1f} /{bed_target:.1f} C:{chamber:.1f} /0.0 T0:{tool:.1f} /{tool_target:.1f} A:35.0 /0.0"
LOST = "ok B:0.0 /{:.1f} C:0.0 /0.0 T0:0.0 /{:.1f} A:0.0 /0.0"
NOT_READY = "ok T:0"


def line(bed: float, tool: float, *, bed_target: float = 0.0, tool_target: float = 0.0) -> str:
    return LINE.format(bed=bed, chamber=40.0, tool=tool, bed_target=bed_target, tool_target=tool_target)


def cooling() -> PrinterLines:
    printer = PrinterLines(profile(chamber=True))
    printer.send(line(100.0, 220.0, bed_target=100.0, tool_target=220.0), seconds=20)
    for second in range(60):
        printer.send(line(100 - second / 4, 220 - second / 2))
    return printer


def at_target() -> PrinterLines:
    printer = PrinterLines(profile(chamber=True))
    printer.send(line(60.0, 200.0, bed_target=60.0, tool_target=200.0), seconds=20)
    return printer


@pytest.mark.parametrize("zeros", [LOST.format(0, 0), NOT_READY])
def test_a_heater_that_cools_has_not_cooled_down(zeros: str):
    printer = cooling()
    for _ in range(round(STALE_S) + 20):
        printer.send(zeros)
        for heater in ("bed", "tool0"):
            eta = printer.driver.eta(heater)
            assert eta["state"] == "cooling"
            assert eta["actual"] > 30.0
        assert printer.driver.state("printer")["status"] == "cooling"
    assert printer.driver.eta("bed")["extrapolated"]
    printer.send(line(70.0, 120.0))
    for heater, actual in (("bed", 70.0), ("tool0", 120.0)):
        eta = printer.driver.eta(heater)
        assert (eta["state"], eta["actual"], eta["extrapolated"]) == ("cooling", actual, False)
    assert printer.states("bed") == printer.states("tool0") == ["at_target", "cooling"]


@pytest.mark.parametrize("zeros", [LOST.format(60, 200), NOT_READY])
def test_a_heater_at_its_target_keeps_its_state_and_is_then_unknown(zeros: str):
    printer = at_target()
    printer.send(zeros, seconds=round(STALE_S) - 10)
    assert (printer.driver.eta("tool0")["state"], printer.driver.eta("tool0")["actual"]) == ("at_target", 200.0)
    printer.send(zeros, seconds=20)
    for heater in ("bed", "tool0"):
        assert (printer.driver.eta(heater)["state"], printer.driver.eta(heater)["actual"]) == ("unknown", None)
    body = printer.driver.state("printer")
    assert (body["status"], body["ready"], body["ready_at"]) == ("heating", False, None)
    assert body["waiting_for"] == ["tool0", "bed"]
    printer.send(line(50.0, 90.0))
    assert printer.driver.eta("bed")["actual"] == 50.0
    assert printer.states("tool0") == ["at_target", "unknown", "cooling"]
    assert not [body for body in printer.driver.bodies("eta") if body["actual"] == 0.0]


def test_true_temperatures_count_at_once():
    printer = at_target()
    printer.send(LOST.format(60, 200), seconds=30)
    printer.send(line(55.0, 150.0, bed_target=60.0, tool_target=200.0))
    assert (printer.driver.eta("bed")["actual"], printer.driver.eta("tool0")["actual"]) == (55.0, 150.0)


def test_a_heater_that_heats_is_neither_stalled_nor_ready():
    printer = PrinterLines(profile(chamber=True))
    printer.send(line(22.0, 22.0), seconds=10)
    for second in range(30):
        printer.send(line(22 + second, 22 + 4 * second, bed_target=60.0, tool_target=200.0))
    before = len(printer.driver.sent)
    for _ in range(round(STALE_S / 5) + 3):
        printer.driver.advance(4)
        printer.send(LOST.format(60, 200))
    assert printer.states("bed") == printer.states("tool0") == ["off", "heating", "unknown"]
    bodies = printer.driver.bodies("printer", since=before)
    assert {(body["status"], body["ready"]) for body in bodies} == {("heating", False)}


def test_a_single_line_changes_nothing_and_a_target_that_is_reported_again_counts():
    """The firmware has restarted, and its heaters are off: they cool down."""
    printer = at_target()
    printer.send(LOST.format(0, 0))
    printer.send(line(60.0, 200.0, bed_target=60.0, tool_target=200.0), seconds=5)
    assert printer.states("bed") == printer.states("tool0") == ["at_target"]
    printer.send(LOST.format(0, 0), seconds=5)
    for heater, actual in (("bed", 60.0), ("tool0", 200.0)):
        assert (printer.driver.eta(heater)["state"], printer.driver.eta(heater)["actual"]) == ("cooling", actual)


def test_a_target_that_octoprint_sends_is_followed():
    printer = at_target()
    printer.send(NOT_READY, seconds=5)
    printer.send_target("tool0", 0.0)
    assert (printer.driver.eta("tool0")["state"], printer.driver.eta("tool0")["actual"]) == ("cooling", 200.0)


def test_a_heater_of_one_lost_board_hides_no_others():
    printer = at_target()
    for second in range(60):
        printer.send(f"ok B:{60 + second / 10:.1f} /60.0 C:0.0 /0.0 T0:200.0 /200.0 A:35.0 /0.0")
        if second:
            assert printer.driver.eta("bed")["actual"] == pytest.approx(60 + second / 10, abs=1.0)
    assert printer.driver.eta("chamber")["actual"] == 40.0
    printer.send("ok B:60.0 /60.0 C:0.0 /0.0 T0:200.0 /200.0 A:35.0 /0.0", seconds=round(STALE_S))
    assert (printer.driver.eta("chamber")["state"], printer.driver.eta("chamber")["actual"]) != ("off", 0.0)


@pytest.mark.parametrize("zeros", ["ok B:60.0 /60.0 C:40.0 /0.0 T0:200.0 /200.0 A:0.0 /0.0", LOST.format(60, 200)])
def test_a_sensor_is_unknown_until_it_is_reported(zeros: str):
    printer = at_target()
    assert printer.driver.state("temperatures") == {"A": 35.0}
    printer.send(zeros, seconds=round(STALE_S + INTERVAL_S) + 2)
    assert printer.driver.state("temperatures") == {"A": None}
    printer.send(line(60.0, 200.0, bed_target=60.0, tool_target=200.0), seconds=round(INTERVAL_S) + 1)
    assert printer.driver.state("temperatures") == {"A": 35.0}


def test_a_printer_that_starts_with_zeros_has_heaters_from_the_first_temperature_on():
    printer = PrinterLines(profile(chamber=True))
    printer.send(LOST.format(0, 0), seconds=3 * MISSING_READINGS)
    printer.send(NOT_READY, seconds=3 * MISSING_READINGS)
    assert printer.driver.heaters == []
    printer.send(line(60.0, 200.0))
    assert printer.driver.heaters == ["bed", "chamber", "tool0"]
    assert [printer.driver.eta(heater)["actual"] for heater in ("bed", "tool0")] == [60.0, 200.0]
    assert "cooled_down" not in printer.states("tool0")


def test_heaters_and_sensors_in_a_cold_garage_have_true_temperatures():
    printer = PrinterLines(profile())
    for temperature in (1.2, 0.4, 0.0, 0.0, 0.0, -0.3, 0.0, 0.2):
        printer.send(f"ok B:{temperature:.1f} /0.0 T0:{temperature:.1f} /0.0 A:{temperature:.1f} /0.0", seconds=20)
        assert printer.driver.eta("bed")["actual"] == pytest.approx(temperature, abs=1.0)
        assert printer.driver.state("temperatures")["A"] == pytest.approx(temperature, abs=0.5)
    assert printer.states("bed") == ["off"]

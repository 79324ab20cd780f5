"""Whole sessions, line by line, as printers in the field report them."""

from __future__ import annotations

import json
import math

import pytest

from octoprint_temp_eta.bridge.heaters.tracks import MISSING_READINGS
from octoprint_temp_eta.bridge.protocol.effects import SetTarget
from tests.support.printer_lines import PrinterLines, profile

XL = profile(extruders=5, chamber=True)


def bed_line(bed: float, target: float) -> str:
    """Return a line of a printer whose heatbreak has a standing limit for its fan, and that has a board sensor."""
    return f"T:25.00/0.00 B:{bed:.2f}/{target:.2f} X:23.95/36.00 A:30.73/0.00 @:0 B@:0 HBR@:0"


def discovery(printer: PrinterLines) -> str:
    """Return the published states."""
    return "".join(body.decode() for topic, body in printer.driver.retained.items() if topic.endswith("/config"))


def test_a_heatbreak_with_a_fan_limit_keeps_nobody_waiting():
    printer = PrinterLines(profile())
    printer.send(bed_line(23.96, 0.0), seconds=140)
    assert printer.driver.heaters == ["bed", "tool0"]
    assert (printer.waiting_for, printer.driver.state("printer")["ready_at"]) == ([], None)
    for second in range(60):
        printer.send(bed_line(24.6 + 0.6 * second, 60.0))
    assert printer.waiting_for == ["bed"]
    assert printer.driver.state("printer")["ready_at"] == printer.driver.eta("bed")["ready_at"]
    printer.send(bed_line(60.0, 60.0), seconds=10)
    assert printer.waiting_for == []
    assert printer.states("X") == printer.states("A") == []
    assert printer.driver.state("temperatures") == {"X": 23.9, "A": 30.7}


def xl_line(active: int) -> str:
    """Return a line of a tool changer: heatbreak of the active tool, no chamber sensor, and 16 bed segments."""
    tools = " ".join(f"T{number}:{20 + number / 10:.2f}/0.00" for number in range(6))
    segments = " ".join(f"B_{row}_{column}:20.25/0.00" for row in range(4) for column in range(4))
    return f"T:20.00/0.00 B:20.39/0.00 C:-30.00/0.00 X{active}:20.00/36.00 A:33.56/0.00 {tools} @:0 B@:0 {segments}"


def test_a_tool_changer_has_its_tools_and_bed_and_a_small_announcement():
    printer = PrinterLines(XL)
    for active in (5, 0, 1):
        printer.send(xl_line(active), seconds=15)
    assert printer.driver.heaters == ["bed", "tool0", "tool1", "tool2", "tool3", "tool4"]
    assert len(printer.driver.state("temperatures")) == 16 + 1 + 3 + 1, (
        "segments, board, heatbreaks, and the sixth tool"
    )
    assert 20_000 < len(discovery(printer).encode()) < 60_000


def test_sensors_that_are_reported_with_a_target_of_zero_never_cool():
    printer = PrinterLines(profile(chamber=True))
    for second in range(120):
        printer.send(f"B:18.7 /0.0 C:51.0 /0.0 T0:19.1 /0.0 rpi:{50.0 + 0.4 * (second % 3):.1f} /0.0")
    assert printer.driver.heaters == ["bed", "chamber", "tool0"]
    assert printer.states("chamber") == ["off"]
    assert printer.states("rpi") == []


def test_a_chamber_at_rest_in_summer_is_off():
    printer = PrinterLines(profile(chamber=True))
    printer.send("T:28.0 /0.0 B:28.0 /0.0 C:33.0 /0.0", seconds=120)
    assert printer.states("chamber") == ["off"]


def test_a_printer_found_hot_after_a_restart_cools_down():
    printer = PrinterLines(profile())
    for second in range(900):
        tool, bed = (22 + (start - 22) * math.exp(-second / tau) for start, tau in ((160.0, 120.0), (48.0, 700.0)))
        printer.send(f"T:{tool:.1f} /0.0 B:{bed:.1f} /0.0")
    assert printer.states("tool0") == ["cooling", "cooled_down"]
    assert printer.states("bed") == ["off", "cooling", "cooled_down"]


HOT = "T:230.00 /230.00 B:75.00 /75.00 @:64 B@:20"
STRAY = "T:21.30/ 0.00 B:21.30/ 0.00 @:64"


def test_stray_reports_of_another_place_change_nothing():
    printer = PrinterLines(profile())
    printer.send(HOT, seconds=20)
    for _ in range(6):
        printer.send(STRAY)
        printer.send(HOT, seconds=10)
    assert printer.states("tool0") == printer.states("bed") == ["at_target"]
    assert {body["target"] for body in printer.driver.bodies("eta")} == {75.0, 230.0}


def test_a_stray_report_that_is_near_for_the_bed_is_doubted_as_a_whole():
    printer = PrinterLines(profile())
    for _ in range(6):
        printer.send("T:210.0 /210.0 B:25.0 /0.0", seconds=5)
        printer.send("T:21.3 /0.0 B:23.0 /40.0")
    assert printer.states("bed") == ["off"]


def test_one_loose_sensor_does_not_hide_the_other_heaters():
    printer = PrinterLines(profile())
    for second in range(60):
        printer.send(f"T:{(400.0, 20.0)[second % 2]} /0.0 B:{25 + 0.5 * second:.1f} /60.0")
    assert printer.states("bed") == ["heating"]
    assert printer.driver.eta("bed")["actual"] > 50.0


def test_the_target_of_what_octoprint_cannot_set_is_rejected():
    printer = PrinterLines(profile(), allow_target=True, extra_heaters="X")
    printer.send(bed_line(23.96, 0.0), seconds=12)
    [reply] = printer.driver.command("target", {"heater": "X", "target": 40, "transaction": "t8"})
    assert (reply["status"], reply["transaction"]) == ("rejected", "t8")
    assert "OctoPrint cannot set" in reply["error"]["message"]
    [reply] = printer.driver.command("target", {"heater": "A", "target": 40})
    assert reply["error"]["code"] == "unknown_heater"
    assert printer.driver.of(SetTarget) == []
    assert "X_target" not in discovery(printer)
    assert "bed_target" in discovery(printer)


def test_five_extruders_with_one_nozzle_are_one_tool():
    printer = PrinterLines(profile(extruders=5, shared_nozzle=True))
    for second in range(70):
        tool = min(25.0 + 3.1 * second, 210.0)
        printer.send(f"T:{tool:.1f} /210.0 T0:{tool:.1f} /210.0 B:60.0 /60.0")
        assert printer.driver.heaters == ["bed", "tool0"]
        assert printer.waiting_for == (["tool0"] if tool < 205.0 else printer.waiting_for)
    assert printer.waiting_for == []
    assert printer.driver.bodies("temperatures") == []


@pytest.mark.parametrize("algorithm", ["model", "linear", "exponential"])
def test_a_hotend_that_stays_below_its_target_is_at_target(algorithm: str):
    printer = PrinterLines(profile(), algorithm=algorithm)
    printer.send("T:25.0 /0.0 B:25.0 /0.0", seconds=10)
    for second in range(380):
        tool = min(27.17 + 2.1665 * second, 198.3 + 0.1 * (second % 3 - 1))
        printer.send(f"T:{tool:.2f} /200.0 B:25.0 /0.0")
        published = printer.driver.state("printer")
        assert second < 140 or (published["waiting_for"], published["ready_at"]) == ([], None)
    assert printer.states("tool0") == ["off", "heating", "at_target"]


def test_a_chamber_that_the_profile_no_longer_has_is_erased():
    printer = PrinterLines(profile(chamber=True))
    for second in range(20):
        printer.send(f"T:25.0 /0.0 B:25.0 /0.0 C:{25 + second / 4:.1f} /40.0")
    assert printer.driver.heaters == ["bed", "chamber", "tool0"]
    printer.send("T:25.0 /0.0 B:25.0 /0.0", seconds=20)
    printer.change_profile(profile(chamber=False))
    assert printer.driver.heaters == ["bed", "tool0"], "at once"
    printer.send("T:25.0 /0.0 B:25.0 /0.0", seconds=5)
    assert printer.driver.heaters == ["bed", "tool0"], "OctoPrint repeats its last target until it disconnects"
    printer.connect()
    printer.send("T:25.0 /0.0 B:25.0 /0.0", seconds=40)
    assert printer.waiting_for == []
    assert "chamber" not in discovery(printer)


def test_a_chamber_that_was_given_a_target_is_a_heater_whatever_the_profile_has():
    printer = PrinterLines(profile(chamber=False))
    printer.driver.read(tool0=(25.0, 0.0), chamber=(25.0, 0.0))
    assert printer.driver.heaters == ["tool0"]
    assert printer.driver.state("temperatures") == {"chamber": 25.0}
    printer.driver.advance(1)
    printer.driver.read(tool0=(25.0, 0.0), chamber=(25.0, 40.0))
    assert printer.driver.eta("chamber")["state"] == "heating"
    for _ in range(MISSING_READINGS):
        printer.driver.advance(1)
        printer.driver.read(tool0=(25.0, 0.0), chamber=(25.0, 0.0))
    assert printer.driver.heaters == ["chamber", "tool0"]
    assert printer.driver.state("temperatures") == {}


@pytest.mark.parametrize("line", ["T:-4.3 /0.0 B:-5.0 /0.0", "T:-1.0 /0.0 B:-1.0 /0.0", "T:-1.2 /0.0 B:-1.0 /0.0"])
def test_a_cold_garage_has_heaters(line: str):
    printer = PrinterLines(profile())
    printer.send(line, seconds=20)
    assert printer.driver.heaters == ["bed", "tool0"]


@pytest.mark.parametrize("missing", ["-1", "-1.00", "-30.00", "-15.0"])
def test_a_sensor_that_is_not_connected_is_no_heater(missing: str):
    printer = PrinterLines(profile(chamber=True))
    printer.send(f"T:22.0 /0.0 B:{missing} /0.0 C:{missing} /0.0", seconds=20)
    assert printer.driver.heaters == ["tool0"]
    printer.send("T:22.0 /0.0 B:21.7 /0.0 C:-30.0 /0.0")
    assert printer.driver.heaters == ["bed", "tool0"]


# The printer is switched off while it is hot


def cooling_printer(**settings: object) -> PrinterLines:
    """Return a printer whose bed cools from 80 °C, and that is switched off at about 60 °C."""
    printer = PrinterLines(profile(), algorithm="model", **settings)
    printer.send("T:25.0 /0.0 B:80.0 /80.0", seconds=10)
    for second in range(300):
        printer.send(f"T:25.0 /0.0 B:{22 + 58 * math.exp(-second / 700):.1f} /0.0")
    printer.disconnect()
    return printer


def test_a_cool_down_goes_on_while_the_printer_is_off():
    printer = cooling_printer()
    body = printer.driver.eta("bed")
    assert (body["state"], body["extrapolated"]) == ("cooling", True)
    printer.driver.advance(200)
    later = printer.driver.eta("bed")
    assert (later["state"], later["cool_at"]) == ("cooling", body["cool_at"])
    assert later["actual"] < body["actual"] - 5.0
    elapsed = later["timestamp"] - body["timestamp"]
    per_second = (body["actual"] - later["actual"]) / elapsed
    assert (200 - elapsed) * per_second <= 1.0, "the newest message is at most 1 °C old"
    assert later["eta_seconds"] == pytest.approx(body["eta_seconds"] - elapsed, abs=1.0)
    printer.driver.advance(2000)
    assert printer.driver.eta("bed")["state"] == "cooled_down"
    change = printer.driver.bodies("state_change")[-1]
    assert (change["state"], change["previous_state"], change["extrapolated"]) == ("cooled_down", "cooling", True)
    printer.driver.advance(2000)
    assert printer.driver.eta("bed")["state"] == "unknown", "after the limit"


def test_beside_it_a_heater_that_is_cool_already_keeps_its_state():
    printer = PrinterLines(profile(), cooldown_target_tool=50)
    printer.send("T:60.0 /60.0 B:80.0 /80.0", seconds=10)
    for second in range(300):
        tool, bed = 22 + 38 * math.exp(-second / 100), 22 + 58 * math.exp(-second / 700)
        printer.send(f"T:{tool:.1f} /0.0 B:{bed:.1f} /0.0")
    before = printer.driver.eta("tool0")
    assert (before["state"], printer.driver.eta("bed")["state"]) == ("cooled_down", "cooling")
    printer.disconnect()
    printer.driver.advance(3000)
    for heater in ("tool0", "bed"):
        body = printer.driver.eta(heater)
        assert (body["state"], body["extrapolated"]) == ("cooled_down", True)
    assert printer.driver.eta("tool0")["actual"] == pytest.approx(before["actual"], abs=1.0)
    assert printer.states("tool0")[-1] == "cooled_down", "no change was reported"
    printer.driver.advance(700)
    assert [printer.driver.eta(heater)["state"] for heater in ("tool0", "bed")] == ["unknown"] * 2, "after the limit"


def test_after_that_a_reading_counts_at_once():
    printer = cooling_printer()
    body = printer.driver.eta("tool0")
    assert (body["state"], body["extrapolated"]) == ("off", True)
    printer.connect()
    printer.send("T:180.0 /0.0 B:55.0 /0.0")
    body = printer.driver.eta("tool0")
    assert (body["state"], body["actual"], body["extrapolated"]) == ("cooling", 180.0, False)


def test_it_does_not_go_on_if_the_setting_is_0():
    driver = cooling_printer(cooldown_extrapolation_minutes=0).driver
    assert [driver.eta(heater)["state"] for heater in ("tool0", "bed")] == ["unknown"] * 2


def test_saving_settings_does_not_end_the_extrapolation():
    printer = cooling_printer()
    before = printer.driver.eta("bed")
    printer.driver.change_settings(mqtt_publish_interval=2)
    printer.driver.advance(60)
    after = printer.driver.eta("bed")
    assert (after["state"], after["extrapolated"], after["cool_at"]) == ("cooling", True, before["cool_at"])


def test_a_reading_replaces_what_was_expected():
    printer = cooling_printer()
    printer.driver.advance(300)
    printer.connect()
    assert printer.driver.eta("bed")["extrapolated"] is True
    printer.send("T:25.0 /0.0 B:71.0 /0.0")
    body = printer.driver.eta("bed")
    assert (body["state"], body["actual"], body["extrapolated"]) == ("cooling", 71.0, False)
    printer.send("T:25.0 /0.0 B:71.2 /90.0", seconds=2)
    assert printer.driver.eta("bed")["state"] == "heating"


def test_the_entities_of_an_extrapolated_heater_stay_available():
    printer = cooling_printer()
    printer.driver.advance(10)
    device = json.loads(discovery(printer))
    assert "availability" not in device["components"]["bed_state"]
    assert [topic["topic"] for topic in device["availability"]] == [
        printer.driver.topic("status"),
        printer.driver.topic("printer"),
    ]
    body = printer.driver.state("printer")
    assert (body["connected"], body["extrapolated"]) == (False, True)

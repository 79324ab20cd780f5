"""What printers in the field report, through a real OctoPrint to a real broker: heaters, sensors, and stray lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import BASE, plugin_settings
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.serial_printer import SerialPrinter
from tests.support.waiting import eventually

HOT = "T:230.00 /230.00 B:75.00 /75.00 @:64 B@:20"
STRAY = "T:21.30/ 0.00 B:21.30/ 0.00 @:64"


@pytest.fixture(scope="module")
def printer() -> Iterator[SerialPrinter]:
    with SerialPrinter(garbled_every=1000) as printer:
        yield printer


@pytest.fixture(scope="module")
def unplugged() -> SerialPrinter:
    """A printer that is there until a test has ended its context."""
    return SerialPrinter(garbled_every=1000)


@pytest.fixture(scope="module")
def shared_broker() -> Iterator[Broker]:
    """A broker of its own: on the tests' shared one another OctoPrint publishes to the same topics."""
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def octoprint(printer: SerialPrinter, unplugged: SerialPrinter, shared_broker: Broker) -> Iterator[OctoPrint]:
    with OctoPrint(
        plugins={"temp_eta": plugin_settings(shared_broker.port)},
        config={"serial": {"port": printer.port, "additionalPorts": [printer.port, unplugged.port]}},
    ) as octoprint:
        yield octoprint


def heaters(observer: Observer) -> list[str]:
    """Return the heaters that a late subscriber gets."""
    return sorted(topic.split("/")[-2] for topic in observer.retained() if topic.endswith("/eta"))


def reconnect(octoprint: OctoPrint, printer: SerialPrinter, **extruder: object) -> None:
    """Change the extruders of the printer profile, and connect again."""
    octoprint.disconnect()
    status, reply = octoprint.request(
        "PATCH", "/api/printerprofiles/_default", {"profile": {"extruder": {"offsets": [[0, 0]] * 5, **extruder}}}
    )
    assert status == 200, reply
    octoprint.post("/api/connection", {"command": "connect", "port": printer.port, "baudrate": 115200})


def test_a_heatbreak_with_a_fan_limit_keeps_nobody_waiting(
    octoprint: OctoPrint, printer: SerialPrinter, observer: Observer
) -> None:
    printer.temperatures = "T:25.00/0.00 B:23.96/0.00 X:23.95/36.00 A:30.73/0.00 @:0 B@:0 HBR@:0"
    observer.wait_for(f"{BASE}/temperatures", lambda m: m.json == {"A": 30.7, "X": 23.9}, timeout=40)
    observer.wait_for(f"{BASE}/printer", lambda m: m.json["connected"] and m.json["ready"])
    for tenth in range(40):
        printer.temperatures = f"T:25.00/0.00 B:{24 + tenth / 10:.2f}/60.00 X:23.95/36.00 A:30.73/0.00 @:0 B@:90"
        printer.next_report()
    body = observer.wait_for(f"{BASE}/printer", lambda m: m.json["waiting_for"] == ["bed"]).json
    assert (body["status"], body["ready"]) == ("heating", False)
    assert heaters(observer) == ["bed", "tool0"]


def test_stray_reports_change_nothing(octoprint: OctoPrint, printer: SerialPrinter, observer: Observer) -> None:
    printer.temperatures = HOT
    for heater in ("tool0", "bed"):
        observer.wait_for(f"{BASE}/{heater}/state_change", lambda m: m.json["state"] == "at_target", timeout=40)
    mark = observer.mark()
    for _ in range(6):
        printer.next_report(STRAY)
        for _ in range(10):
            printer.next_report()
    since = observer.messages[mark:]
    assert [message.json for message in since if message.topic.endswith("/state_change")] == []
    assert {m.json["target"] for m in since if m.topic.endswith("/eta")} <= {75, 230}


def test_a_shared_nozzle_is_one_tool(octoprint: OctoPrint, printer: SerialPrinter, observer: Observer) -> None:
    printer.temperatures = "T:25.0 /210.0 T0:25.0 /210.0 B:60.0 /60.0"
    reconnect(octoprint, printer, count=5, sharedNozzle=True)
    observer.wait_for(f"{BASE}/printer", lambda m: m.json["waiting_for"] == ["tool0"], timeout=40)
    eventually(lambda: len(octoprint.temperatures()) >= 6, "OctoPrint to show one nozzle as five tools")
    assert heaters(observer) == ["bed", "tool0"]


def test_a_name_in_one_garbled_line_is_no_sensor(
    octoprint: OctoPrint, printer: SerialPrinter, observer: Observer
) -> None:
    line = "T:25.0 /0.0 B:25.0 /0.0 P:0.0 A:35.6"
    printer.temperatures = line
    reconnect(octoprint, printer, count=1, sharedNozzle=False)
    observer.wait_for(f"{BASE}/temperatures", lambda m: m.json.get("A") == 35.6, timeout=40)
    printer.next_report(f"OOOOOOOOT:25.0 /0.0 T0:25.0 /0.0 {line.partition(' ')[2]}")
    eventually(lambda: "OOOOOOOOT" in octoprint.temperatures(), "OctoPrint to read the garbled name")
    mark = observer.mark()
    printer.temperatures = line.replace("A:35.6", "A:40.1")
    observer.wait_for(f"{BASE}/temperatures", lambda m: m.json.get("A") == 40.1, timeout=40)
    assert not [m for m in observer.messages[mark:] if m.topic == f"{BASE}/temperatures" and "OOOOOOOOT" in m.json]


def test_an_unplugged_printer_is_an_error_until_it_is_connected_again(
    octoprint: OctoPrint, printer: SerialPrinter, unplugged: SerialPrinter, observer: Observer
) -> None:
    octoprint.disconnect()
    observer.wait_for(f"{BASE}/printer", lambda m: m.json["status"] == "offline", timeout=40)
    with unplugged:
        octoprint.post("/api/connection", {"command": "connect", "port": unplugged.port, "baudrate": 115200})
        observer.wait_for(f"{BASE}/printer", lambda m: m.json["status"] == "idle", timeout=40)
        mark = observer.mark()
    # It may be offline for a moment, until OctoPrint's event has passed other ones.
    observer.wait_for(f"{BASE}/printer", lambda m: m.json["status"] == "error", since=mark, timeout=40)
    octoprint.post("/api/connection", {"command": "connect", "port": printer.port, "baudrate": 115200})
    observer.wait_for(f"{BASE}/printer", lambda m: m.json["status"] == "idle", since=mark, timeout=40)

"""The temperature sensors, as one retained message."""

from __future__ import annotations

from octoprint_temp_eta.bridge.heaters.heaters import STALE_S
from octoprint_temp_eta.bridge.heaters.reported.sensors import INTERVAL_S, MISSING_READINGS, MOST_SENSORS
from octoprint_temp_eta.bridge.heaters.tracks import MOST_HEATERS
from octoprint_temp_eta.bridge.protocol.effects import Log, Save
from octoprint_temp_eta.bridge.protocol.inputs import Readings
from tests.support.bridge_driver import BridgeDriver, connected


def test_what_is_no_heater_is_published_as_a_temperature():
    driver = connected()
    driver.read(bed=(22.0, 0.0), A=(30.73, 0.0), X=(23.95, 36.0), W=(3.0, None))
    assert driver.state("temperatures") == {"A": 30.7, "X": 23.9}
    assert driver.heaters == ["bed"]
    assert driver.command("snapshot")[0]["result"]["temperatures"] == {"A": 30.7, "X": 23.9}


def test_it_is_published_every_ten_seconds_and_only_if_something_moved():
    driver = connected()
    for second in range(100):
        driver.advance(1)
        driver.read(A=(30.0 + 0.5 * second, None), X=(24.0, 36.0))
    assert 9 <= len(driver.bodies("temperatures")) <= 100 / INTERVAL_S + 1
    driver.advance(INTERVAL_S)
    mark = len(driver.sent)
    for second in range(100):
        driver.advance(1)
        driver.read(A=(79.5 + 0.2 * (second % 2), None), X=(24.0, 36.0))
    assert driver.bodies("temperatures", since=mark) == []


def test_without_sensors_nothing_is_published():
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    driver.advance(30)
    assert driver.bodies("temperatures") == []


def test_without_a_printer_the_temperatures_are_unknown_and_the_names_stay():
    driver = connected()
    driver.read(A=(30.0, None))
    driver.printer(connected=False, state="OFFLINE")
    driver.advance(INTERVAL_S)
    assert driver.state("temperatures") == {"A": None}
    assert [save.value for save in driver.of(Save) if save.name == "sensors"] == [["A"]]
    later = BridgeDriver(remembered={"sensors": ["A"]})
    later.connect()
    assert later.state("temperatures") == {"A": None}


def test_a_sensor_that_is_no_longer_reported_is_dropped():
    driver = connected()
    driver.read(A=(30.0, None), X=(24.0, 36.0))
    for _ in range(MISSING_READINGS):
        driver.advance(1)
        driver.read(A=(30.0, None))
    driver.advance(INTERVAL_S)
    assert driver.state("temperatures") == {"A": 30.0}


def test_one_whose_temperature_is_only_repeated_is_unknown_but_not_dropped():
    driver = connected()
    driver.read(A=(30.0, None), X=(24.0, 36.0))
    for _ in range(int(STALE_S) + 2):
        driver.advance(1)
        driver.handle(Readings({"A": (30.0, None), "X": (24.0, 36.0)}, frozenset(("A",))))
    driver.advance(INTERVAL_S)
    assert driver.state("temperatures") == {"A": None, "X": 24.0}


def test_one_that_was_ignored_while_the_plugin_was_not_running_is_dropped():
    driver = BridgeDriver(remembered={"sensors": ["A"]}, ignored_heaters="A")
    driver.retained[driver.topic("temperatures")] = b"stale"
    driver.printer()
    driver.connect()
    assert driver.state("temperatures") == {}


def test_an_ignored_name_is_neither_heater_nor_sensor():
    driver = connected(ignored_heaters="A, chamber", extra_heaters="X")
    driver.read(A=(30.0, None), X=(24.0, 36.0), chamber=(33.0, 40.0), rpi=(50.0, None))
    assert driver.heaters == ["X"]
    assert driver.state("temperatures") == {"rpi": 50.0}
    driver.change_settings(ignored_heaters="rpi, X", extra_heaters="")
    driver.advance(INTERVAL_S)
    assert driver.heaters == []
    assert driver.state("temperatures") == {}


def test_a_heater_of_the_settings_is_announced_and_the_rest_as_disabled_sensors():
    driver = connected(extra_heaters="X")
    driver.read(A=(30.0, None), X=(24.0, 36.0))
    driver.advance(20)
    [config] = [body for topic, body in driver.retained.items() if topic.endswith("/config")]
    text = config.decode()
    assert "sensor_a" in text
    assert "X_ready_at" in text
    assert '"en":false' in text or '"enabled_by_default":false' in text


def test_a_stored_name_that_no_sensor_can_have_is_forgotten():
    driver = connected(remembered={"sensors": ["Board", "it's", "{{", "a" * 65]})
    driver.advance(10)
    assert driver.state("temperatures") == {"Board": None}


def test_the_number_of_heaters_and_sensors_is_limited_and_that_is_reported_once():
    driver = connected()
    names = {f"tool{number}": (20.0, 0.0) for number in range(200)} | {f"S{n}": (20.0, None) for n in range(200)}
    for _ in range(3):
        driver.advance(1)
        driver.handle(Readings(names))
    assert len(driver.heaters) == MOST_HEATERS
    driver.advance(INTERVAL_S)
    assert len(driver.state("temperatures")) == MOST_SENSORS
    assert len([log for log in driver.of(Log) if "ignored_heaters" in log.text]) == 1


def test_a_printer_that_is_not_ready_loses_neither_heaters_nor_sensors():
    """Klipper answers `ok T:0`, and nothing else, while the printer's board has no power."""
    driver = connected()
    driver.read(tool0=(22.0, 0.0), bed=(22.0, 0.0), A=(30.0, 0.0))
    driver.advance(20)
    driver.printer(connected=False, state="OFFLINE")
    driver.printer()
    for _ in range(5 * MISSING_READINGS):
        driver.read(tool0=(0.0, 0.0))
        driver.advance(5)
    assert driver.heaters == ["bed", "tool0"]
    assert driver.state("temperatures") == {"A": None}
    assert driver.eta("bed")["actual"] is driver.eta("tool0")["actual"] is None
    driver.read(tool0=(22.0, 0.0), bed=(22.0, 0.0), A=(30.0, 0.0))
    assert driver.state("eta", heater="bed")["actual"] == 22.0

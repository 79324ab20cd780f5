"""The recorder rows that the printer costs, in a real database and with heaters as slow as real ones."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import BASE
from tests.e2e.home_assistant.expected import is_time
from tests.support.broker_programs import Listener
from tests.support.full_stack import FullStack, printer
from tests.support.gcode_files import add_file, print_file
from tests.support.mqtt_client import Observer
from tests.support.scripts import add_script
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.timeout(600)]


@pytest.mark.slow
def test_a_heat_up_and_an_idle_printer_are_cheap_to_record(cold: FullStack) -> None:
    database = cold.local.folder / "home-assistant_v2.db"
    cold.octoprint.stop()
    with printer(cold.listener, cold.scripts, cold.mode, speed=1) as slow:
        cold.wait("bed_state", "Off")
        settled(database)
        before = recorded(database)
        two_minutes(cold.listener)
        assert (recorded(database) - before).total() < 2
        before = recorded(database)
        slow.gcode("M140 S60", "M104 S210")
        cold.wait("bed_state", "At target", timeout=300)
        cold.wait("tool0_state", "At target", timeout=300)
        settled(database)
        written = recorded(database) - before
    for heater in ("nozzle", "bed"):
        rows = {entity_id: count for entity_id, count in written.items() if f"ender_{heater}_" in entity_id}
        print(f"rows of {heater}: {json.dumps(rows)}")
        assert 3 <= sum(rows.values()) <= 12, written
    forecasts = {entity_id: count for entity_id, count in written.items() if "_warm_up_time_" in entity_id}
    print(f"rows of forecasts: {json.dumps(forecasts)}")
    assert len(forecasts) == 2, written
    assert max(forecasts.values()) <= 12, forecasts
    cold.octoprint.start()


@pytest.mark.slow
def test_a_print_costs_at_most_two_rows_a_minute(cold: FullStack) -> None:
    database, minutes = cold.local.folder / "home-assistant_v2.db", 5
    add_file(cold.octoprint, "long.gcode", 600)
    print_file(cold.octoprint, "long.gcode")
    cold.wait("status", "Printing")
    eventually(lambda: is_time(cold.ha.state(cold.id_of("finish_at"))), "the finish", 150)
    settled(database)
    before = recorded(database)
    with Observer(cold.listener) as observer:
        for _ in range(minutes):
            observer.wait_for(f"{BASE}/status", since=observer.mark(), timeout=90)
    settled(database)
    written = recorded(database) - before
    print(f"rows of {minutes} minutes of a print: {json.dumps(written)}")
    assert 3 <= written.total() <= 2 * (minutes + 1), written
    cold.octoprint.post("/api/job", {"command": "cancel"})
    cold.wait("status", "Idle", "Cooling")


@pytest.mark.slow
def test_a_script_with_a_status_each_second_costs_at_most_one_row_per_ten_seconds(cold: FullStack) -> None:
    database, seconds = cold.local.folder / "home-assistant_v2.db", 60
    body = f"""
        import time
        for second in range({seconds}):
            self.script_status = f"second {{second}}"
            time.sleep(1)
    """
    add_script(cold.scripts, "talks", body, title="Talks")
    settled(database)
    before = recorded(database)
    with Observer(cold.listener, base=BASE) as observer:
        scripts = observer.wait_for(f"{BASE}/scripts", lambda m: "talks" in [each["id"] for each in m.json])
        assert scripts
        observer.publish(f"{BASE}/command/script/start", json.dumps({"id": "talks"}))
        state = f"{BASE}/script"
        for second in range(seconds):
            observer.wait_for(state, lambda m, second=second: m.json["status"] == f"second {second}", timeout=30)
        observer.wait_for(state, lambda m: m.json["state"] == "idle", timeout=30)
        events = [m.json for m in observer.on(f"{BASE}/script/event")]
        assert len([each for each in events if each["event_type"] == "status_changed"]) <= seconds / 10 + 1
    settled(database)
    rows = {entity_id: count for entity_id, count in (recorded(database) - before).items() if "script" in entity_id}
    print(f"rows of a script of {seconds} s: {json.dumps(rows)}")
    status = rows.pop(cold.id_of("script_status"))
    assert 3 <= status <= seconds / 10 + 2, status
    # the start and the end: the state, the event, the outcome, and whether the button to cancel is available
    assert sum(rows.values()) <= 10, rows


def two_minutes(listener: Listener) -> None:
    """Wait for two heartbeats, which come every minute."""
    with Observer(listener) as observer:
        for _ in range(2):
            observer.wait_for(f"{BASE}/status", since=observer.mark(), timeout=90)


def settled(database: Path) -> None:
    """Wait until the recorder has written everything: it commits at least every 5 s."""
    last: list[Counter[str]] = []

    def has_settled() -> bool:
        last.append(recorded(database))
        return len(last) > 6 and last[-1] == last[-7]

    eventually(has_settled, "the recorder", 60, poll=1.0)


def recorded(database: Path) -> Counter[str]:
    """Return the number of rows of each of our entities."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        query = "select m.entity_id, count(*) from states s join states_meta m using (metadata_id) group by 1"
        return Counter({entity: count for entity, count in connection.execute(query) if ".ender_" in entity})

"""Faults of the machine while a heater heats up: its clock, its disk, and more readings than it can handle."""

from __future__ import annotations

import errno
import logging
import shutil
import time
from datetime import datetime
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters import files
from octoprint_temp_eta.adapters.files import Files
from octoprint_temp_eta.adapters.problems import Problems
from octoprint_temp_eta.adapters.threads import inbox
from octoprint_temp_eta.adapters.threads.inbox import CAPACITY
from octoprint_temp_eta.adapters.threads.tasks import Tasks
from octoprint_temp_eta.bridge.outbox.send_limits import WINDOW
from tests.support.broker import Broker
from tests.support.day_replay import EVERY_S, DayReplay, readings_of_a_day
from tests.support.faulty_network import BED, NO_WAIT_S, WITHIN_S, agree, scene
from tests.support.octoprint import OctoPrint
from tests.support.running_bridge import INSTANCE, RunningBridge
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually


class JumpingClock:
    """Stands in for the module `time`; the wall clock is `offset` seconds ahead."""

    offset = 0.0
    monotonic = staticmethod(time.monotonic)

    def time(self) -> float:
        return time.time() + self.offset


def test_the_wall_clock_jumps(monkeypatch: pytest.MonkeyPatch):
    """Times follow the clock; connection, state and estimate do not notice."""
    clock = JumpingClock()
    monkeypatch.setattr(inbox, "time", clock)
    with scene() as made:
        for clock.offset in (86_400.0, -86_400.0, 0.0):
            since, real = made.observer.mark(), time.time() + clock.offset
            bed = made.observer.wait_for(
                BED, lambda message, real=real: abs(message.json["timestamp"] - real) < 60, since=since
            ).json
            assert bed["state"] == "heating"
            if bed["ready_at"] is not None:
                ahead = datetime.fromisoformat(bed["ready_at"]).timestamp() - bed["timestamp"]
                assert -1 <= ahead < 3600
        assert made.bridge.counters["connections"] == 1


def test_a_full_disk_does_not_disturb_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    problems, background = Problems(), Tasks("test-background", logging.getLogger("full"))
    background.start()
    stored = Files(tmp_path, background, logging.getLogger("full"), problems=problems, retry_s=0.1)
    with monkeypatch.context() as disk, scene(save=stored.save) as made:
        disk.setattr(files, "replace_file", full)
        made.bridge.read(bed=(25.0, 60.0), extra=(21.0, None), T9=(20.0, 0.0))
        made.bridge.change_settings(mqtt_custom_identifier="moved")
        made.bridge.change_settings(mqtt_custom_identifier=INSTANCE)
        eventually(lambda: any("No space left" in text for text in problems.texts), "the problem")
        since = made.observer.mark()
        made.observer.wait_for(BED, timeout=WITHIN_S, since=since)
    eventually(lambda: not problems.texts, "the files to be written")
    assert list(tmp_path.glob("*.json"))
    stored.close()
    background.close(10)


@pytest.mark.slow
def test_the_plugin_starts_without_its_data_folder():
    """As with a folder on a drive that is not attached: OctoPrint itself cannot make it."""
    with OctoPrint(autoconnect=False) as octoprint:
        octoprint.stop()
        folder, drive = octoprint.base / "data" / "temp_eta", octoprint.base / "drive"
        shutil.rmtree(folder)
        folder.symlink_to(drive)
        octoprint.start()
        problem = f"Cannot save to {folder}: it is not a folder"
        assert any(text.startswith(problem) for text in octoprint.get("/api/plugin/temp_eta")["problems"])
        assert "Error while calling plugin temp_eta" not in octoprint.log()
        drive.mkdir()
        octoprint.restart()
        assert octoprint.get("/api/plugin/temp_eta")["problems"] == []


@pytest.mark.slow
def test_ten_thousand_readings_at_once():
    """No call waits; what is too much is dropped and counted, and the newest state is published."""
    with Broker() as broker, RunningBridge(broker.port) as bridge:
        eventually(lambda: bridge.connected, "the connection", 20)
        for number in range(10_000):
            bridge.read(bed=(20.0 + number / 1000, 60.0), tool0=(20.0 + number / 100, 210.0))
        assert bridge.longest_call < NO_WAIT_S
        # The worker has caught up once it answers.
        eventually(lambda: bridge.counters["inbox"] == 0, "the worker to catch up", 60)
        bridge.read(bed=(30.0, 60.0), tool0=(120.0, 210.0))
        bridge.read(bed=(30.0, 60.0), tool0=(120.0, 210.0))
        eventually(lambda: b'"actual":30.0' in bridge.retained[BED], "the newest reading")
        agree(broker, bridge)
        assert bridge.counters["inbox_high_water"] <= CAPACITY + 16
        assert bridge.counters["in_flight"] <= WINDOW


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_day_of_readings_with_a_lost_connection_every_two_hours():
    """Six prints within a day, replayed: memory stays flat, no event is lost, and the broker has the last state."""
    with Broker() as broker, TcpProxy(broker.port) as network, DayReplay(network.port) as replay:
        memory: list[float] = []
        for number, readings in enumerate(readings_of_a_day()):
            if number and number % (7200 // EVERY_S) == 0:
                connections = replay.connections
                network.cut()
                replay.await_connection(connections + 1)
                memory.append(replay.resident_memory)
            replay.read(readings)
        assert replay.connections == 12
        assert replay.dropped == 0
        assert replay.sent < 86_400 / EVERY_S, "fewer messages than readings"
        assert memory[-1] - memory[1] < 5, memory
        agree(broker, replay)

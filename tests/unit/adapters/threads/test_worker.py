"""The thread that owns the bridge: it continues after any failure, and ends when it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from octoprint_temp_eta.adapters.threads import worker
from octoprint_temp_eta.adapters.threads.worker import QUIET_TICK_S, Worker
from octoprint_temp_eta.bridge.protocol.effects import Effect, Log, Page, Save
from octoprint_temp_eta.bridge.protocol.inputs import Input, JobBoundary, Readings, Started, Stopping, Tick
from octoprint_temp_eta.core.clock import Now
from tests.support.waiting import eventually

LOGGER = logging.getLogger("test-worker")
LOGGED = Log(logging.INFO, "logged")


class Bridge:
    """A bridge that returns given effects for each input, and records the inputs."""

    def __init__(self) -> None:
        self.handled: list[tuple[Input, Now]] = []
        self.threads: set[int] = set()
        self.effects: dict[type, Callable[[], list[Effect]]] = {}
        self.second_step: Callable[[], list[Effect]] = list
        self.looks = 0
        self.blind = False

    @property
    def events(self) -> list[Input]:
        return [event for event, _ in self.handled if not isinstance(event, Tick)]

    def steps(self, event: Input, now: Now) -> Iterator[list[Effect]]:
        self.handled.append((event, now))
        self.threads.add(threading.get_ident())
        effects_of = self.effects.get(type(event))
        yield effects_of() if effects_of else []
        yield self.second_step()

    def snapshot(self, now: Now) -> dict[str, Any]:
        self.looks += 1
        if self.handled:
            self.threads.add(threading.get_ident())
        if self.blind:
            raise RuntimeError("no snapshot")
        return {"looks": self.looks}


def blocked(free: threading.Event) -> list[Effect]:
    """Block the worker until the event is set."""
    free.wait(10)
    return []


class Stage:
    """A worker with its bridge and what it had performed."""

    def __init__(self) -> None:
        self.bridge = Bridge()
        self.performed: list[Effect] = []
        self.worker = Worker(self.bridge, {Log: self.performed.append, Page: self._fail}, LOGGER)  # type: ignore[arg-type]

    def _fail(self, effect: Effect) -> None:
        raise RuntimeError("cannot perform")


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    stage.worker.start()
    yield stage
    stage.worker.stop(10)


def test_the_effects_of_a_step_are_performed_before_the_next_step(stage: Stage):
    performed: list[list[Effect]] = []
    first = Log(logging.INFO, "the first step")
    stage.bridge.effects[JobBoundary] = lambda: [first]

    def second_step() -> list[Effect]:
        performed.append(list(stage.performed))
        return []

    stage.bridge.second_step = second_step
    stage.worker.post(JobBoundary())
    eventually(lambda: [first] in performed, "the second step")


def test_inputs_are_handled_in_order_in_one_thread(stage: Stage):
    events = [Readings({"bed": (number, 60)}) for number in range(50)]
    for event in events:
        stage.worker.post(event)
    eventually(lambda: len(stage.bridge.events) == 51, "all inputs")
    assert stage.bridge.events == [Started(), *events]
    assert len(stage.bridge.threads) == 1
    assert threading.get_ident() not in stage.bridge.threads
    ats = [now.at for _, now in stage.bridge.handled]
    assert ats == sorted(ats)


def test_time_passes_also_when_nothing_happens(stage: Stage):
    eventually(lambda: sum(isinstance(event, Tick) for event, _ in stage.bridge.handled) >= 2, "two ticks")


def ticks(stage: Stage) -> list[float]:
    return [now.at for event, now in stage.bridge.handled if isinstance(event, Tick)]


def test_ticks_are_rarer_while_nothing_happens_but_readings(stage: Stage):
    eventually(lambda: len(ticks(stage)) >= 2, "the ticks after the start")
    for _ in range(3):
        stage.worker.post(Readings({}))
    eventually(lambda: len(ticks(stage)) >= 3, "another tick")
    assert ticks(stage)[2] - ticks(stage)[1] >= QUIET_TICK_S


def test_after_another_input_or_an_effect_a_tick_follows_soon(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "QUIET_TICK_S", 3600.0)
    eventually(lambda: ticks(stage), "the first tick")
    stage.bridge.effects[Tick] = lambda: [LOGGED]
    for number in range(2, 4):
        stage.worker.post(JobBoundary())
        eventually(lambda number=number: len(ticks(stage)) >= number, "a tick after an input")
    eventually(lambda: len(ticks(stage)) >= 6, "ticks after ticks with an effect")


def test_a_tick_contains_the_inbox_level(stage: Stage):
    for _ in range(20):
        stage.worker.post(JobBoundary())
    eventually(
        lambda: any(isinstance(event, Tick) and event.inbox_high_water > 0 for event, _ in stage.bridge.handled),
        "a tick with the high water",
    )


def test_effects_are_performed_in_order(stage: Stage):
    stage.bridge.effects[JobBoundary] = lambda: [LOGGED, Log(logging.INFO, "again")]
    stage.worker.post(JobBoundary())
    eventually(lambda: len(stage.performed) == 2, "the effects")
    assert stage.performed == [LOGGED, Log(logging.INFO, "again")]


@pytest.mark.parametrize(
    ("effects_of", "log_text"),
    [
        (lambda: 1 / 0, "Failed to handle JobBoundary"),
        (lambda: [Page({}), LOGGED], "Failed to perform Page"),
        (lambda: [Save("x", 1), LOGGED], "Failed to perform Save"),
    ],
)
def test_a_failure_is_logged_and_ends_there(
    stage: Stage, caplog: pytest.LogCaptureFixture, effects_of: Callable[[], list[Effect]], log_text: str
):
    stage.bridge.effects[JobBoundary] = effects_of
    stage.bridge.effects[Readings] = lambda: [LOGGED]
    stage.worker.post(JobBoundary())
    stage.worker.post(Readings({}))
    eventually(lambda: stage.performed and stage.bridge.events[-1] == Readings({}), "the next input")
    eventually(lambda: log_text in caplog.text, "a line in the log")


def test_a_snapshot_is_taken_by_the_workers_thread_only_when_somebody_looks(stage: Stage):
    stage.worker.post(JobBoundary())
    eventually(lambda: stage.bridge.events[-1:] == [JobBoundary()], "the input")
    assert stage.bridge.looks == 1, "the first one, before the start"
    assert stage.worker.snapshot == {"looks": 2}
    assert stage.worker.snapshot == {"looks": 3}
    assert len(stage.bridge.threads) == 1
    assert threading.get_ident() not in stage.bridge.threads


def test_all_calls_that_wait_at_the_same_time_get_a_snapshot(stage: Stage):
    free = threading.Event()
    stage.bridge.effects[JobBoundary] = lambda: blocked(free)
    stage.worker.post(JobBoundary())
    eventually(lambda: stage.bridge.events[-1:] == [JobBoundary()], "the input")
    found: list[Any] = []
    calls = [threading.Thread(target=lambda: found.append(stage.worker.snapshot)) for _ in range(5)]
    for call in calls:
        call.start()
    free.set()
    for call in calls:
        call.join(10)
    assert len(found) == 5
    assert all(snapshot["looks"] > 1 for snapshot in found)


def test_a_look_at_a_worker_that_hangs_gets_the_last_snapshot(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("octoprint_temp_eta.adapters.threads.worker.LOOK_S", 0.1)
    free = threading.Event()
    stage.bridge.effects[JobBoundary] = lambda: blocked(free)
    stage.worker.post(JobBoundary())
    assert stage.worker.snapshot == {"looks": 1}
    free.set()
    eventually(lambda: stage.worker.snapshot["looks"] > 1, "a new snapshot")


def test_a_failing_look_leaves_the_last_snapshot_and_the_worker(stage: Stage, caplog: pytest.LogCaptureFixture):
    stage.bridge.blind = True
    assert stage.worker.snapshot == {"looks": 1}
    assert "snapshot" in caplog.text
    stage.bridge.blind = False
    assert stage.worker.snapshot["looks"] > 1


def test_there_is_a_snapshot_before_the_start_and_after_the_end():
    stage = Stage()
    assert stage.worker.snapshot == {"looks": 1}
    stage.worker.start()
    stage.worker.stop(10)
    assert stage.worker.snapshot == {"looks": 2}
    assert stage.worker.snapshot == {"looks": 2}


def test_it_ends_with_the_good_bye_performed():
    stage = Stage()
    stage.bridge.effects[Stopping] = lambda: [LOGGED]
    stage.worker.start()
    stage.worker.stop(10)
    assert stage.performed == [LOGGED]
    assert stage.bridge.events[-1] == Stopping()


def test_it_ends_also_when_the_good_bye_fails(caplog: pytest.LogCaptureFixture):
    stage = Stage()
    stage.bridge.effects[Stopping] = lambda: 1 / 0  # type: ignore[return-value]
    stage.worker.start()
    stage.worker.stop(10)
    assert "Failed to handle Stopping" in caplog.text
    assert "temp_eta" not in [thread.name for thread in threading.enumerate()]


def test_who_stops_it_does_not_wait_for_a_worker_that_hangs():
    stage, free = Stage(), threading.Event()
    stage.bridge.effects[JobBoundary] = lambda: [LOGGED][: free.wait(60)]
    stage.worker.start()
    stage.worker.post(JobBoundary())
    eventually(lambda: JobBoundary() in stage.bridge.events, "the worker to hang")
    stage.worker.stop(0.01)
    assert Stopping() not in stage.bridge.events
    free.set()
    eventually(lambda: Stopping() in stage.bridge.events, "the end")

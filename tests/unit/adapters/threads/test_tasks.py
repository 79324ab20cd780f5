"""A thread that works off tasks in their order."""

from __future__ import annotations

import logging
import threading

import pytest

from octoprint_temp_eta.adapters.threads.tasks import Tasks

LOGGER = logging.getLogger("test-tasks")


def test_tasks_run_in_order_on_one_thread_and_a_failure_stops_none(caplog: pytest.LogCaptureFixture):
    tasks, done = Tasks("test-tasks", LOGGER), []
    tasks.put(lambda: done.append(("a", threading.current_thread().name)))
    tasks.put(lambda: 1 // 0)
    tasks.put(lambda: done.append(("b", threading.current_thread().name)))
    tasks.start()
    tasks.close(10)
    assert done == [("a", "test-tasks"), ("b", "test-tasks")]
    assert "A task of test-tasks failed" in caplog.text


def test_it_is_closed_without_waiting_for_a_task_that_hangs():
    tasks, free, begun = Tasks("test-tasks", LOGGER), threading.Event(), threading.Event()
    tasks.put(lambda: (begun.set(), free.wait(10))[0])
    tasks.start()
    assert begun.wait(10)
    tasks.close(0.01)
    assert not free.is_set()
    free.set()


def test_it_can_be_closed_before_it_is_started():
    Tasks("test-tasks", LOGGER).close(1)


def test_it_is_at_rest_after_the_last_task_even_if_that_failed():
    done: list[str] = []
    rested = threading.Event()
    tasks = Tasks("test-tasks", LOGGER, at_rest=lambda: (done.append("rest"), rested.set())[0])
    tasks.put(lambda: done.append("task"))
    tasks.put(lambda: 1 // 0)
    tasks.start()
    assert rested.wait(10)
    tasks.close(10)
    assert done == ["task", "rest"]

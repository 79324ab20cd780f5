"""The thread of a search."""

from __future__ import annotations

import threading

import pytest

from octoprint_temp_eta.adapters.threads.search_thread import SearchThread


def test_one_search_runs_at_a_time_and_ends_when_it_is_stopped() -> None:
    thread = SearchThread("temp_eta-test")
    done: list[str] = []

    def search() -> None:
        thread.stopped.wait(30.0)
        done.append("first")

    assert thread.start(search)
    assert not thread.start(lambda: done.append("second"))
    thread.close(10.0)
    assert done == ["first"]
    assert thread.start(lambda: done.append("third"))
    thread.close(10.0)
    assert done == ["first", "third"]


def test_without_a_search_there_is_nothing_to_end() -> None:
    SearchThread("temp_eta-test").close(10.0)


def test_a_search_that_gets_no_thread_is_refused_and_the_next_one_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    thread, done = SearchThread("temp_eta-test"), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert not thread.start(done.set)
    thread.close(0.0)
    assert thread.start(done.set)
    assert done.wait(10)

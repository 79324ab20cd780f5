"""The thread of a search."""

from __future__ import annotations

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

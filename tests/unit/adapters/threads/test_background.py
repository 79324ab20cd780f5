"""The thread for slow work."""

from __future__ import annotations

from octoprint_temp_eta.adapters.threads.background import background


def test_tasks_run_one_after_the_other_so_that_files_are_written_in_order():
    done: list[int] = []
    with background() as executor:
        for number in range(50):
            executor.submit(done.append, number)
    assert done == list(range(50))

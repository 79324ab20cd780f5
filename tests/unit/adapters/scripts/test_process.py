"""The words for the end of a script's process."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.adapters.scripts.process import describe_exit


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended with status 0"),
        (7, "ended with status 7"),
        (-9, "was ended by SIGKILL"),
        (-99, "was ended by signal 99"),
    ],
)
def test_the_end_of_a_process_in_words(status: int, words: str) -> None:
    assert describe_exit(status) == words

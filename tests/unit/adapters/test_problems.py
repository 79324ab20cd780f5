"""The problems that the settings page shows."""

from __future__ import annotations

from octoprint_temp_eta.adapters.problems import Problems


def test_a_problem_is_shown_until_it_is_cleared():
    changes: list[list[str]] = []
    problems = Problems(lambda: changes.append(problems.texts))
    assert problems.report("a", "one")
    assert not problems.report("a", "one")
    problems.report("b", "two")
    problems.report("a", "three")
    problems.clear("b")
    problems.clear("b")
    assert changes == [["one"], ["one", "two"], ["three", "two"], ["three"]]

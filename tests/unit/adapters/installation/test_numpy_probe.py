"""The probe of numpy in a child process, and its stored result."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.installation import numpy_probe
from octoprint_temp_eta.adapters.installation.numpy_probe import RESULT, numpy_problem, run_probe
from octoprint_temp_eta.adapters.installation.optional import missing

LOGGER = logging.getLogger("test-numpy")
SIGILL = -4


class Probe:
    """Counts its runs and returns a status."""

    def __init__(self, status: int | None) -> None:
        self.status, self.runs = status, 0

    def __call__(self) -> int | None:
        self.runs += 1
        return self.status


def test_numpy_works_here():
    assert run_probe() == 0


def test_a_child_that_is_killed_has_a_negative_status(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(numpy_probe, "PROGRAM", "import os; os.kill(os.getpid(), 4)")
    assert run_probe() == SIGILL


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the import of numpy fail; return its module."""
    module = tmp_path / "numpy.py"
    module.write_text("raise ImportError('libopenblas is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [each for each in sys.modules if each.partition(".")[0] == "numpy"]:
        monkeypatch.delitem(sys.modules, name)
    return module


@pytest.mark.parametrize(("status", "works"), [(0, True), (SIGILL, False)])
def test_the_result_is_stored_and_used_at_the_next_start(tmp_path: Path, status: int, works: bool):
    probe = Probe(status)
    for _ in range(2):
        assert (numpy_problem(tmp_path, LOGGER, probe) is None) is works
    assert probe.runs == 1


@pytest.mark.parametrize("stored", [None, -9])
def test_a_probe_that_the_system_has_ended_is_repeated_at_the_next_start(tmp_path: Path, stored: int | None):
    """Such as for lack of memory. Former versions stored that."""
    probe = Probe(-9)
    assert "signal 9" in str(numpy_problem(tmp_path, LOGGER, probe))
    if stored is not None:
        numpy_problem(tmp_path, LOGGER, Probe(0))
        result = tmp_path / RESULT
        result.write_text(result.read_text().replace('"status": 0', f'"status": {stored}'))
    probe.status = 0
    assert numpy_problem(tmp_path, LOGGER, probe) is None
    assert probe.runs == 2


def test_a_numpy_that_raises_is_probed_at_each_start(tmp_path: Path, broken: Path):
    probe = Probe(1)
    assert numpy_problem(tmp_path, LOGGER, probe) == "libopenblas is missing"
    broken.write_text("")
    probe.status = 0
    assert numpy_problem(tmp_path, LOGGER, probe) is None
    assert probe.runs == 2


def test_an_exception_that_a_former_version_stored_is_no_result(tmp_path: Path):
    numpy_problem(tmp_path, LOGGER, Probe(SIGILL))
    path = tmp_path / RESULT
    path.write_text(path.read_text().replace(str(SIGILL), "1"))
    probe = Probe(SIGILL)
    assert numpy_problem(tmp_path, LOGGER, probe) is not None
    assert probe.runs == 1


def test_another_version_or_machine_is_probed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    probe = Probe(SIGILL)
    assert numpy_problem(tmp_path, LOGGER, probe)
    probe.status = 0
    monkeypatch.setattr(numpy_probe, "version", lambda _: "99.0")
    assert numpy_problem(tmp_path, LOGGER, probe) is None
    monkeypatch.setattr(numpy_probe, "machine_hash", lambda: "another")
    assert numpy_problem(tmp_path, LOGGER, probe) is None
    assert probe.runs == 3


def test_a_probe_that_times_out_is_repeated_at_the_next_start(tmp_path: Path):
    assert "does not start within 30 s" in str(numpy_problem(tmp_path, LOGGER, Probe(None)))
    assert numpy_problem(tmp_path, LOGGER, Probe(0)) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}', "[" * 200_000, '{"status": 1e999}'])
def test_a_damaged_result_is_no_result(tmp_path: Path, content: str):
    (tmp_path / RESULT).write_text(content)
    assert numpy_problem(tmp_path, LOGGER, Probe(SIGILL)) is not None


def test_a_fifo_in_place_of_the_result_does_not_hang(tmp_path: Path):
    os.mkfifo(tmp_path / RESULT)
    assert numpy_problem(tmp_path, LOGGER, Probe(0)) is None


def test_the_hint_names_the_replacement():
    [sentence] = missing("it ends the process with signal 4")
    assert "signal 4" in sentence
    assert "Adaptive is replaced by Linear" in sentence

"""Whether numpy works on this machine: on an old CPU a wheel may end the process with an illegal instruction."""

from __future__ import annotations

import importlib
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..files import read_text, replace_file
from .machine import machine_hash

#: Seconds that the probe may take; a slow SD card needs some for the import.
TIMEOUT_S = 30.0
#: The file in the data folder that has the result of the last probe.
RESULT = "numpy.probe"
#: What the adaptive method uses: matrix products and decompositions.
PROGRAM = "import numpy as n; a = n.eye(9) * 2.0; n.linalg.solve(a @ a, a); n.linalg.inv(a); n.linalg.cholesky(a)"
#: Negative exit statuses that are stored: it works, or a signal that a wheel for another processor causes.
LASTING = frozenset({0, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV})


def run_probe() -> int | None:
    """Return the exit status of a child process that uses numpy, negative for a signal; None if it took too long."""
    try:
        return subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, check=False, timeout=TIMEOUT_S
        ).returncode
    except subprocess.TimeoutExpired:
        return None
    except OSError:
        return 0  # no process can be started: there is nothing to learn from that


def numpy_problem(folder: Path, logger: logging.Logger, probe: Callable[[], int | None] = run_probe) -> str | None:
    """Return why numpy cannot be used here, None if it can, or is not installed.

    Starts a child process at the first call for a version of numpy on a machine; later calls read its result from
    `folder`. numpy is not imported here unless it is known to fail harmlessly: it takes 12 MiB and 0.1 s.
    """
    try:
        key = f"{version('numpy')} {machine_hash()}"
    except PackageNotFoundError:
        return None
    path = folder / RESULT
    try:
        stored = json.loads(read_text(path))
        known = int(stored["status"])
        if stored["key"] == key and -known in LASTING:  # former versions stored others, too
            return _problem(known)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass  # not probed yet
    status = probe()
    if status is None:
        return f"it does not start within {TIMEOUT_S:g} s"
    if status > 0:
        return _exception()  # not stored: what it needs may be installed without another version of numpy
    if -status not in LASTING:
        return _problem(status)  # the system ended it, such as for lack of memory
    try:
        replace_file(path, json.dumps({"key": key, "status": status}))
    except OSError as error:
        logger.warning("Cannot write %s: %s", path, error)
    return _problem(status)


def _exception() -> str | None:
    """Return the exception that the import raises, which does no harm in this process either."""
    try:
        importlib.import_module("numpy")
    except Exception as error:
        return str(error)
    return None


def _problem(status: int) -> str | None:
    return f"it ends the process with signal {-status}" if status < 0 else None

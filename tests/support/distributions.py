"""The distributions that users install, built from the source as git has it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.contract import PROJECT


def source_files(*below: str) -> list[str]:
    """Return the tracked and new files as paths in the project; with `below` only those in these folders."""
    ask = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *below]
    names = subprocess.run(ask, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in names if (PROJECT / name).exists()]


def build(folder: Path) -> Path:
    """Build source distribution, wheel and zip in `folder`, as `make dist` does; return the wheel.

    Builds from a copy, because a build writes into its source, and several may run at once.
    """
    copy = folder / "source"
    for name in source_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, copy / name)
    command = [sys.executable, ".ci/dist", str(folder)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return next(folder.glob("*.whl"))

"""Virtual environments with this project, and a release of Python and of OctoPrint each, made once into .cache/."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.contract import PROJECT
from tests.support.debian import CACHE

#: What the tests need besides the plugin's own requirements.
TOOLS = (
    "axe-playwright-python",
    "hypothesis",
    "packaging",
    "playwright",
    "pytest",
    "pytest-timeout",
    "rich",
    "testcontainers>=4.15",
)
INSTALL_SECONDS = 1200.0


def find_python(version: str) -> Path | None:
    """Return the interpreter of a version such as 3.12 that can make environments: ours, on the path, or pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    named = [Path(on_path)] if on_path else []
    found = [Path(sys.executable), *named, *sorted(pyenv.glob(f"{version}.*/bin/python"))]
    ask = "import sys, venv, ensurepip, sqlite3, ssl; print('%d.%d' % sys.version_info[:2])"
    for python in found:
        answer = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return python
    return None


def make(python: Path, version: str, octoprint: str) -> Path:
    """Return the interpreter of an environment of this Python `version` with an OctoPrint that matches `octoprint`.

    Raises CalledProcessError if pip cannot install something.
    """
    folder = CACHE / "matrix" / f"{version}-{octoprint.partition('>=')[2].partition(',')[0]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder / "bin" / "python"
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete, wanted = folder / "complete", " ".join((octoprint, *TOOLS))
        if not complete.exists() or complete.read_text() != wanted:
            _run(python, "-m", "venv", "--clear", folder)
            # --pre also for the requirements of a release candidate
            pip = (made, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            _run(*pip, *(("--pre",) if "rc" in octoprint else ()), octoprint, *TOOLS, "--editable", PROJECT)
            complete.write_text(wanted)
    return made


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)

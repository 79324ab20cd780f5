"""paho-mqtt 1.6.1, which other plugins may pin: installed outside the environment, for tests that use it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "1.6.1"
FOLDER = Path(__file__).resolve().parents[2] / ".cache" / f"paho-mqtt-{VERSION}"


def paho16() -> Path:
    """Return its folder for PYTHONPATH. pip installs it if it is missing."""
    if not FOLDER.exists():
        FOLDER.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER.parent) as made:
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            # There is only a source distribution; the environment can build it.
            command = [*pip, "--no-build-isolation", "--target", f"{made}/made", f"paho-mqtt=={VERSION}"]
            subprocess.run(command, check=True)
            os.rename(f"{made}/made", FOLDER)
    return FOLDER


def environment() -> dict[str, str]:
    """Return the environment variables of a process that uses it."""
    paths = [str(paho16()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PAHO_UNDER_TEST": VERSION}

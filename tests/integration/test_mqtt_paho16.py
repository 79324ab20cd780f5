"""The same tests of the connection once more, with paho-mqtt 1.6: other plugins of the environment may need it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.contract import PROJECT
from tests.support.paho16 import environment


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_connection_works_with_paho_mqtt_1_6():
    tests = set(Path(__file__).parent.glob("test_mqtt*.py")) - {Path(__file__)}
    files = [*sorted(map(str, tests)), "tests/integration/test_running_bridge.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=PROJECT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]

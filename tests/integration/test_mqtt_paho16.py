"""The same tests of the connection once more, with paho-mqtt 1.6: other plugins of the environment may need it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.contract import PROJECT
from tests.support.paho16 import environment


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_connection_works_with_paho_mqtt_1_6():
    files = [
        f"tests/integration/test_{name}.py"
        for name in (
            "mqtt",
            "mqtt_versions",
            "mqtt_limits",
            "mqtt_malformed",
            "mqtt_subscriptions",
            "mqtt_transports",
            "mqtt_permissions",
            "mqtt_refusals",
            "running_bridge",
        )
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=PROJECT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]

"""The plugin with each supported Python, OctoPrint and paho-mqtt: tests of the connection and a real OctoPrint."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.contract import PROJECT
from tests.support.octoprint_environments import find_python, make
from tests.support.paho16 import VERSION, paho16

# Each environment is made once, from downloads; `make test-matrix` runs them.
pytestmark = [pytest.mark.matrix, pytest.mark.slow, pytest.mark.timeout(3600)]

PYTHONS = ("3.11", "3.12", "3.13")
OCTOPRINTS = {"1.11": "OctoPrint>=1.11.2,<1.12", "2.0": "OctoPrint>=2.0.0rc1,<3"}
PAHOS = (VERSION, "2")
TESTS = (
    "tests/unit/adapters/broker",
    "tests/unit/messages",
    "tests/unit/plugin",
    "tests/integration/test_mqtt.py",
    "tests/integration/test_mqtt_versions.py",
    "tests/e2e/test_bridge_e2e.py",
)


def environment(python: str, octoprint: str) -> Path:
    base = find_python(python)
    if base is None:
        pytest.skip(f"Python {python} is not here (with venv, ensurepip, sqlite3 and ssl)")
    try:
        return make(base, python, OCTOPRINTS[octoprint])
    except subprocess.CalledProcessError as error:
        pytest.skip(f"pip cannot install {OCTOPRINTS[octoprint]} on Python {python} here: {error.stderr[-500:]}")


def versions(python: Path, path: str) -> list[str]:
    ask = "import sys, octoprint, paho.mqtt as m; print(sys.version.split()[0], octoprint.__version__, m.__version__)"
    done = subprocess.run([python, "-c", ask], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("paho", PAHOS)
@pytest.mark.parametrize("octoprint", OCTOPRINTS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_plugin_works_with(python: str, octoprint: str, paho: str, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter = environment(python, octoprint)
    path = str(paho16()) if paho == VERSION else ""
    found = versions(interpreter, path)
    for version, wanted in zip(found, (python, octoprint, paho), strict=True):
        assert version.startswith(wanted)
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("PAHO_UNDER_TEST", found[2])
    command = [interpreter, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(found)}\n{done.stdout[-5000:]}{done.stderr[-1000:]}"

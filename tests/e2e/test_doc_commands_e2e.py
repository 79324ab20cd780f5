"""Each block of commands in the documentation, run as it is with a real broker and OctoPrint."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BASE, INSTANCE, make_octoprint
from tests.support.broker import Broker
from tests.support.contract import PROJECT
from tests.support.doc_commands import Block, blocks
from tests.support.mqtt_client import Observer
from tests.support.octoprint import API_KEY, OctoPrint

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(shutil.which, ("mosquitto_sub", "curl"))),
        reason="mosquitto_sub or curl is not here (Debian: apt-get install mosquitto-clients curl)",
    ),
]

#: How each program is run, as the body of a shell function. A subscription ends after its first message, `watch` after
#: a while with Ctrl-C. Targets of make are only resolved: other tests and CI run them, and a test cannot run all tests.
RUN = {
    "mosquitto_sub": 'command mosquitto_sub -h 127.0.0.1 -p $PORT -C 1 -W 20 "$@"',
    "mosquitto_pub": 'command mosquitto_pub -h 127.0.0.1 -p $PORT "$@"',
    "curl": 'command curl --max-time 20 "$@"',
    "octoprint": 'timeout --preserve-status -s INT 40 $PYTHON -m octoprint --basedir $BASEDIR "$@" || [ $? = 130 ]',
    "make": 'command make --dry-run --silent "$@" >$BASEDIR/make.txt',
    "git": '[ "$1" = clone ]',
    "cd": '[ "$1" = OctoPrint-TempETA ]',
}
#: Names in the documentation that stand for the reader's own.
NAMES = {
    "broker.local": "127.0.0.1",
    "http://octopi.local": "$OCTOPRINT",
    "<instance>": INSTANCE,
    "ender-3-x7k2": INSTANCE,
    "prusa-5ab2": INSTANCE,
}
GONE = "octoprint/temp_eta/old-printer-1a2b"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Broker, OctoPrint]]:
    scripts = tmp_path_factory.mktemp("scripts")
    guide = (PROJECT / "docs" / "guides" / "scripts.md").read_text(encoding="utf-8")
    first = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert first is not None
    (scripts / "hello.py").write_text(first[1])
    with Broker() as broker, make_octoprint(broker.port, script_folder=str(scripts)) as octoprint:
        with Observer(broker.listener, base=BASE) as observer:
            observer.wait_for(f"{BASE}/scripts", lambda message: message.json, timeout=30)
            observer.wait_for(f"{BASE}/bed/eta", timeout=30)
        yield broker, octoprint


def adapted(text: str) -> str:
    for name, own in NAMES.items():
        text = text.replace(name, own)
    return text + ("wait $!\n" if re.search(r"&$", text, re.MULTILINE) else "")


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_the_commands_of_a_page(block: Block, servers: tuple[Broker, OctoPrint], tmp_path: Path) -> None:
    broker, octoprint = servers
    functions = "".join(f"{program}() {{ {body}; }}\n" for program, body in RUN.items())
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORT": str(broker.port),
        "PYTHON": sys.executable,
        "BASEDIR": str(octoprint.base),
        "OCTOPRINT": octoprint.url,
        "KEY": API_KEY,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    with Observer(broker.listener) as observer:
        observer.publish(f"{GONE}/status", "offline", retain=True)
        if "mosquitto_sub" in block.text and "script" not in block.text:
            octoprint.gcode("M140 S60")
        done = subprocess.run(
            ["sh", "-eu", "-c", functions + adapted(block.text)],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    octoprint.gcode("M140 S0")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    if block.reply:
        documented, real = json.loads(block.reply), json.loads(done.stdout)
        assert set(documented) - {"…"} <= set(real)
        assert documented.get("error", {}) == real.get("error", {})
        assert documented.get("status") == real.get("status")

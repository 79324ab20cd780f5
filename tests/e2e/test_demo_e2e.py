"""The demonstration as a user starts it: it shows the heaters, ends cleanly, and reports what prevents it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.demo.options import HOST, require_free
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.waiting import eventually, free_port

PROJECT = Path(__file__).resolve().parents[2]


class Demo:
    """One run of the demo with ports, and a folder for temporary files, of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.http_port, self.mqtt_port = free_port(), free_port()
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._output = folder / "output.txt"
        ports = {"DEMO_HTTP_PORT": str(self.http_port), "DEMO_MQTT_PORT": str(self.mqtt_port)}
        self._variables = {"TMPDIR": str(self.temporary), **ports, **variables}

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        with (
            self._output.open("wb") as output,
            subprocess.Popen(
                [sys.executable, "-m", "tests.demo"],
                cwd=PROJECT,
                env={**os.environ, **self._variables},
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()
                process.wait(60)

    def run(self) -> int:
        """Wait until it ends on its own and return its exit status."""
        with self.running() as process:
            return process.wait(180)

    def output(self) -> str:
        return self._output.read_text()

    def require_all_gone(self) -> None:
        """Fail when a server or a temporary file has outlived it."""
        assert list(self.temporary.iterdir()) == []
        for port in (self.http_port, self.mqtt_port):
            require_free("", port)


def test_it_shows_the_heaters_and_stops_after_demo_seconds(tmp_path: Path) -> None:
    demo = Demo(tmp_path, DEMO_SECONDS="20")
    assert demo.run() == 0, demo.output()
    output = demo.output()
    assert f"http://{HOST}:{demo.http_port}" in output
    assert f"mqtt://{HOST}:{demo.mqtt_port}" in output
    assert "bed/eta: heating" in output
    assert "tool0/eta: heating" in output
    assert "ready in" in output
    demo.require_all_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_ends_it_and_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    demo = Demo(tmp_path)
    with demo.running() as process:
        eventually(lambda: "Ctrl-C" in demo.output(), "the demo to be up", timeout=180)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    demo.require_all_gone()


@pytest.mark.parametrize("variable", ["DEMO_HTTP_PORT", "DEMO_MQTT_PORT"])
def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path, variable: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        demo = Demo(tmp_path, **{variable: str(port)})
        assert demo.run() == 2
    assert demo.output() == f"demo: port {port} is taken: set {variable} to another one\n"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEMO_HTTP_PORT", "none"),
        ("DEMO_MQTT_PORT", "65536"),
        ("DEMO_SECONDS", "-1"),
        ("MQTT_URL", "http://somewhere"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    demo = Demo(tmp_path, **{variable: value})
    assert demo.run() == 2
    assert demo.output().startswith(f"demo: {variable} must ")


def test_on_a_broker_of_the_user_it_leaves_nothing_behind(tmp_path: Path) -> None:
    with Broker(username="someone", password="p/ss w:rd") as broker:
        url = f"mqtt://someone:p%2Fss%20w%3Ard@{broker.host}:{broker.port}"
        demo = Demo(tmp_path, DEMO_SECONDS="15", MQTT_URL=url)
        with Observer(broker.listener) as observer:
            assert demo.run() == 0, demo.output()
            assert any(message.topic.endswith("/bed/eta") for message in observer.messages)
        with Observer(broker.listener) as late:
            late.publish("test/after", "what is retained came before this")
            late.wait_for("test/after")
            assert late.retained().keys() == {"test/after"}
    assert "p/ss" not in demo.output()
    assert "p%2F" not in demo.output()


def test_a_refusing_broker_is_reported(tmp_path: Path) -> None:
    with Broker(username="someone", password="right") as broker:
        demo = Demo(tmp_path, MQTT_URL=f"mqtt://someone:wrong@{broker.host}:{broker.port}")
        assert demo.run() == 2
    assert demo.output().startswith(f"demo: the broker at mqtt://{broker.host}:{broker.port} replies: ")
    assert "wrong" not in demo.output()

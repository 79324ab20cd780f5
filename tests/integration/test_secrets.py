"""The broker's password appears nowhere: not in logs (also with DEBUG), REST replies, MQTT messages, pages and what is
pushed to them, or OctoPrint's support bundle. For the output of commands see test_command_line.py."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import BASE, plugin_settings
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import API_KEY, OctoPrint
from tests.support.waiting import eventually
from tests.support.web_client import WebClient

PATH = "/api/plugin/temp_eta"
PASSWORD, OTHER, IN_URL, IN_KEY = "correct-horse-battery", "wrong-horse-battery", "horse-in-a-url", "horse-in-a-key"
LOGGER = "octoprint.plugins.temp_eta"


@pytest.fixture(scope="module")
def locked() -> Iterator[Broker]:
    with Broker(username="printer", password=PASSWORD) as broker:
        yield broker


@pytest.fixture(scope="module")
def server(locked: Broker) -> Iterator[OctoPrint]:
    settings = plugin_settings(locked.port, mqtt_username="printer", mqtt_password=PASSWORD)
    config = {"devel": {"enableCsrfProtection": False}}
    with OctoPrint(plugins={"temp_eta": settings}, config=config) as octoprint:
        assert octoprint.request("PUT", "/plugin/logging/setup/levels", {LOGGER: "DEBUG"})[0] < 300
        yield octoprint


def download(octoprint: OctoPrint, path: str) -> bytes:
    request = urllib.request.Request(octoprint.url + path, headers={"X-Api-Key": API_KEY})
    with urllib.request.urlopen(request, timeout=60) as response:
        return bytes(response.read())


def examine(octoprint: OctoPrint, **settings: object) -> str:
    """Return the reply to a connection test and its result."""
    reply = octoprint.request("POST", PATH, {"command": "test_connection", "settings": settings})
    eventually(lambda: not (octoprint.get(PATH)["connection_test"] or {}).get("running"), "the end of the test", 90)
    return json.dumps([reply, octoprint.get(PATH)])


@pytest.mark.timeout(400)
def test_no_secret_leaves(server: OctoPrint, locked: Broker, tmp_path: Path):
    key = tmp_path / "key.pem"
    key.write_text(f"-----BEGIN PRIVATE KEY-----\n{IN_KEY}\n-----END PRIVATE KEY-----\n")
    files = {"mqtt_tls_certificate_file": str(key), "mqtt_tls_key_file": str(key)}
    with Observer(locked.listener, base=BASE) as observer, WebClient(server) as page:
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online", timeout=40)
        shown = [
            examine(server),
            examine(server, mqtt_password=OTHER),
            examine(server, mqtt_broker_host=f"mqtt://printer:{IN_URL}@127.0.0.1"),
            examine(server, mqtt_use_tls=True, **files),
            json.dumps(server.request("POST", "/api/settings", {"plugins": {"temp_eta": {"mqtt_keepalive": 0}}})),
            json.dumps(server.get("/api/settings")),
            json.dumps(server.request("POST", PATH, {"command": "snapshot"})),
        ]
        server.save_plugin_settings("temp_eta", {"mqtt_password": OTHER})
        eventually(lambda: "not authorized" in str(server.get(PATH)["mqtt"]["last_error"]), "the refusal", 40)
        shown.append(json.dumps(server.get(PATH)))
        server.save_plugin_settings("temp_eta", {"mqtt_password": PASSWORD})
        eventually(lambda: server.get(PATH)["mqtt"]["connected"], "the connection", 60)
        shown.append(json.dumps(page.messages))
        messages = b"".join(message.topic.encode() + message.payload for message in observer.messages)
    eventually(lambda: "Diagnostics: {" in server.log(), "the diagnostics in the log", 40)
    with zipfile.ZipFile(io.BytesIO(download(server, "/downloads/systeminfo.zip"))) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    assert b'octoprint.plugins.temp_eta - INFO - Diagnostics: {"uptime_seconds": ' in files["octoprint.log"]
    assert b"octoprint.plugins.temp_eta - INFO - Temperature ETA 1.0.0 started" in files["octoprint.log"]
    logs = b"".join(path.read_bytes() for path in (server.base / "logs").iterdir())
    everything = "\n".join(shown).encode() + messages + download(server, "/") + logs + b"".join(files.values())
    assert b"not authorized" in everything, "the refusal is reported"
    assert "connection_test" in shown[-1], "results are pushed"
    for secret in (PASSWORD, OTHER, IN_URL, IN_KEY):
        assert secret.encode() not in everything

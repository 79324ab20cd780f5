"""Another plugin on a real OctoPrint uses the helpers."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import BASE, INSTANCE, plugin_settings
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint

ECHO = Path(__file__).parents[1] / "support" / "mqtt_echo_plugin.py"


def test_another_plugin_receives_and_publishes() -> None:
    with (
        Broker() as broker,  # on the tests' shared one another OctoPrint has the same printer ID
        Observer(broker.listener) as observer,
        OctoPrint(plugins={"temp_eta": plugin_settings(broker.port)}, plugin_files=[ECHO]) as octoprint,
    ):
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "online", timeout=60)
        observer.wait_for(f"{BASE}/info", timeout=20)
        observer.publish("echo/in", "hello", retain=True)
        echoed = observer.wait_for("echo/out", timeout=20)
        assert echoed.json["message"] == "hello"
        observer.publish("echo/in", "", retain=True)
        observer.publish(f"{BASE}/command/snapshot", "PRESS")
        observer.wait_for(f"{BASE}/response", lambda message: message.json["command"] == "snapshot")

        # The filter farm/# now matches the topics of the bridge.
        octoprint.save_plugin_settings("temp_eta", {"mqtt_base_topic": "farm"})
        moved = f"farm/{INSTANCE}"
        observer.wait_for(f"{moved}/info", timeout=20)
        for command in ("snapshot", "reset"):
            observer.publish(f"{moved}/command/{command}", "PRESS")
            observer.wait_for(f"{moved}/response", lambda message, command=command: message.json["command"] == command)
        assert [reply.json["command"] for reply in observer.on(f"{moved}/response")] == ["snapshot", "reset"]
        assert {echo.json["topic"] for echo in observer.on("echo/out")} == {"echo/in"}

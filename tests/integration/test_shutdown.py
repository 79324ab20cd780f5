"""How the plugin ends with OctoPrint: it publishes the offline message where it can, and delays nothing.

`python -m tests.benchmarks.shutdown` measures how long it takes.
"""

from __future__ import annotations

from octoprint_temp_eta.adapters.printer_stop import LINES_STOP_S, PRINTER_STOP_S
from octoprint_temp_eta.app import BROKER_STOP_S, SAVE_STOP_S, WORKER_STOP_S
from tests.conftest import BASE, plugin_settings
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint


def test_a_stop_publishes_offline():
    with Broker() as broker, Observer(broker.listener, base=BASE) as observer:
        with OctoPrint(plugins={"temp_eta": plugin_settings(broker.port)}) as octoprint:
            observer.wait_for(f"{BASE}/status", lambda message: message.text == "online")
            octoprint.stop()
            assert octoprint.exit_code == 0
            assert "octoprint.plugins.temp_eta - ERROR" not in octoprint.log()
        observer.wait_for(f"{BASE}/status", lambda message: message.text == "offline")


def test_what_may_be_waited_for_is_bounded():
    assert WORKER_STOP_S + PRINTER_STOP_S + BROKER_STOP_S <= 2.0
    # `docker stop` kills after 10 s.
    assert WORKER_STOP_S + LINES_STOP_S + BROKER_STOP_S + SAVE_STOP_S < 10.0

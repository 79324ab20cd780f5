"""Long faults between a real OctoPrint and its broker."""

from __future__ import annotations

import os
import signal

import pytest

from tests.conftest import BASE, make_octoprint
from tests.support.broker import Broker
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

STATUS, BED = f"{BASE}/status", f"{BASE}/bed/eta"
#: MiB by which OctoPrint may grow in a fault; its own caches vary by less.
GROWTH_MIB = 15.0
KEEPALIVE_S = 5


def agree(octoprint: OctoPrint, broker: Broker) -> None:
    """Wait until the broker has the state of the bed that the plugin shows."""
    with Observer(broker.listener, filters=(f"{BASE}/#",), base=BASE) as late:
        late.wait_for(STATUS, lambda message: message.text == "online", 20)

        def same() -> bool:
            shown = octoprint.get("/api/plugin/temp_eta")["eta"]["bed"]
            published = late.last(BED).json
            # REST computes times and temperature anew.
            same_state = (shown["state"], shown["target"]) == (published["state"], published["target"])
            return same_state and abs(shown["actual"] - published["actual"]) < 5

        late.wait_for(BED)
        eventually(same, "the state of the bed", 20, poll=0.1)


def test_octoprint_is_frozen_while_it_heats():
    """The broker publishes `offline`, the will; afterwards everything is right within 20 s."""
    with (
        Broker() as broker,
        Observer(broker.listener, base=BASE) as observer,
        make_octoprint(broker.port, mqtt_keepalive=KEEPALIVE_S) as octoprint,
    ):
        observer.wait_for(STATUS, lambda message: message.text == "online", 40)
        octoprint.gcode("M140 S60")
        observer.wait_for(BED, lambda message: message.json["state"] == "heating", 20)
        before, since = octoprint.resident_memory, observer.mark()
        os.kill(octoprint.pid, signal.SIGSTOP)
        try:
            observer.wait_for(STATUS, lambda message: message.text == "offline", 4 * KEEPALIVE_S, since=since)
        finally:
            os.kill(octoprint.pid, signal.SIGCONT)
        observer.wait_for(STATUS, lambda message: message.text == "online", 20, since=observer.mark())
        agree(octoprint, broker)
        assert octoprint.resident_memory - before < GROWTH_MIB


def test_the_network_is_frozen_for_a_minute():
    """OctoPrint goes on meanwhile, does not grow, and then publishes the newest states."""
    with (
        Broker() as broker,
        TcpProxy(broker.port) as network,
        make_octoprint(network.port) as octoprint,
    ):
        with Observer(broker.listener, base=BASE) as observer:
            observer.wait_for(STATUS, lambda message: message.text == "online", 40)
        octoprint.gcode("M140 S60")
        eventually(lambda: octoprint.actual("bed") > 30, "the bed to heat", 60)
        before = octoprint.resident_memory
        network.freeze()
        try:
            for target in (90, 40, 90):  # 20 s each
                octoprint.gcode(f"M140 S{target}", "M105")
                goal = (
                    (lambda: octoprint.actual("bed") > 80) if target == 90 else (lambda: octoprint.actual("bed") < 75)
                )
                eventually(goal, f"the bed on its way to {target}", 90)
            eventually(
                lambda: not octoprint.get("/api/plugin/temp_eta")["mqtt"]["connected"], "the loss to be noticed", 90
            )
        finally:
            network.thaw()
        octoprint.gcode("M140 S0")
        agree(octoprint, broker)
        assert octoprint.resident_memory - before < GROWTH_MIB
        assert "octoprint.plugins.temp_eta - ERROR" not in octoprint.log()

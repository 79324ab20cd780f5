"""The Node-RED flows of the documentation, run unchanged in a real Node-RED."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import BASE, INSTANCE, make_octoprint
from tests.support import node_red
from tests.support.broker import Broker
from tests.support.contract import PROJECT
from tests.support.mqtt_client import Observer
from tests.support.octoprint import OctoPrint
from tests.support.scripts import add_script

FLOWS = PROJECT / "docs" / "examples" / "node-red" / "flows.json"
NOTIFY = "node-red/notify"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not node_red.available(), reason=node_red.NO_NODE),
]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OctoPrint, Observer]]:
    folder = tmp_path_factory.mktemp("scripts")
    for script_id, body in {"good": "return True, {}", "bad": "raise ValueError('too cold')"}.items():
        add_script(folder, script_id, body, title=f"The {script_id}")
    with (
        Broker() as broker,
        make_octoprint(broker.port, script_folder=str(folder)) as octoprint,
        node_red.NodeRed(FLOWS, broker.listener),
        Observer(broker.listener, base=BASE) as observer,
    ):
        observer.wait_for(f"{BASE}/scripts", lambda m: len(m.json) == 2, timeout=30)
        yield octoprint, observer


def test_a_heater_at_its_target_is_reported(servers: tuple[OctoPrint, Observer]) -> None:
    octoprint, observer = servers
    octoprint.gcode("M140 S50")
    notification = observer.wait_for(NOTIFY, timeout=60)
    assert notification.text.startswith("bed is at its target (")


def test_a_script_is_started_and_its_end_is_reported(servers: tuple[OctoPrint, Observer]) -> None:
    _, observer = servers
    since = observer.mark()
    observer.publish(f"node-red/start/{INSTANCE}", "good")
    assert observer.wait_for(NOTIFY, since=since, timeout=30).text == "good completed"


def test_a_failing_script_is_reported_as_event_and_as_reply(servers: tuple[OctoPrint, Observer]) -> None:
    _, observer = servers
    since = observer.mark()
    observer.publish(f"node-red/start/{INSTANCE}", "bad")
    event = observer.wait_for(NOTIFY, lambda m: m.text.startswith("The bad error: "), since=since, timeout=30)
    reply = observer.wait_for(NOTIFY, lambda m: m.text.startswith("bad failed: "), since=since, timeout=30)
    assert "too cold" in event.text
    assert "too cold" in reply.text


def test_an_unknown_script_is_reported(servers: tuple[OctoPrint, Observer]) -> None:
    _, observer = servers
    since = observer.mark()
    observer.publish(f"node-red/start/{INSTANCE}", "none")
    notification = observer.wait_for(NOTIFY, since=since, timeout=30)
    assert notification.text == "none rejected: There is no script 'none'."

"""A broker that refuses the bridge while a heater heats up, and later accepts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.certificates import make_certificates
from tests.support.faulty_network import NO_WAIT_S, WITHIN_S, agree, cases, heating
from tests.support.mqtt_link import OLD_LIBRARY
from tests.support.running_bridge import RunningBridge
from tests.support.waiting import eventually, free_port

#: The number of refusals that are tried in each run; the others are tried with the slow tests.
QUICK_REFUSALS = 1


@dataclass
class Refusal:
    """A broker that refuses the bridge, and what it is replaced with; `reported` is part of the reason."""

    refusing: Broker
    accepting: Broker
    settings: dict[str, object]
    reported: str


def refusals(folder: Path) -> dict[str, Callable[[int], Refusal]]:
    """Return what refuses the bridge on a port."""

    def wrong_password(port: int) -> Refusal:
        settings = {"mqtt_username": "printer", "mqtt_password": "right"}
        refusing, accepting = (Broker(port=port, username="printer", password=text) for text in ("changed", "right"))
        return Refusal(refusing, accepting, settings, "authori")

    def certificate(port: int, reported: str, **wrong: object) -> Refusal:
        (folder / "wrong").mkdir()
        bad = make_certificates(folder / "wrong", **wrong)  # type: ignore[arg-type]
        good = make_certificates(folder)
        # One authority file for both.
        both = folder / "both.crt"
        both.write_text(bad.authority.read_text() + good.authority.read_text())
        settings = {"mqtt_use_tls": True, "mqtt_tls_ca_file": str(both)}
        return Refusal(Broker(port=port, certificates=bad), Broker(port=port, certificates=good), settings, reported)

    def may_not_publish(port: int) -> Refusal:
        return Refusal(Broker(port=port, acl="topic read #\n"), Broker(port=port), {}, "Not permitted to publish")

    return {
        "wrong password": wrong_password,
        "expired": lambda port: certificate(port, "expired", days=-1),
        "wrong name": lambda port: certificate(port, "ismatch", names="DNS:elsewhere"),
        "may not publish": may_not_publish,
    }


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report why a message was refused")
@pytest.mark.parametrize("name", cases(refusals(Path()), QUICK_REFUSALS))
def test_a_refusal_is_reported_and_once_it_ends_the_broker_has_what_the_bridge_has(name: str, tmp_path: Path):
    port = free_port()
    refusal = refusals(tmp_path)[name](port)
    with RunningBridge(port, **refusal.settings) as bridge:
        with heating(bridge), refusal.refusing:
            eventually(
                lambda: refusal.reported in str(bridge.worker.snapshot["mqtt"]["last_error"]), "the reason", WITHIN_S
            )
        with refusal.accepting as broker:
            agree(broker, bridge)
            assert bridge.connected
    assert bridge.longest_call < NO_WAIT_S

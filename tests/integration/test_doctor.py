"""The connection test against real brokers: each step is ok, failed or skipped, and has the reason."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters.connection_test.doctor import Step, examine
from octoprint_temp_eta.bridge.protocol.effects import ConnectionTest
from octoprint_temp_eta.settings.broker_address import BrokerAddress
from tests.support.broker import Broker
from tests.support.certificates import make_certificates, make_client_certificate
from tests.support.connection_steps import BASE, MACHINE, NAMES, shorten_timeouts, steps
from tests.support.contract import PROJECT
from tests.support.mqtt_client import Observer
from tests.support.mqtt_link import OFFLINE, OLD_LIBRARY, spec
from tests.support.mqtt_proxy import CLOSE, PUBACK, PUBLISH, SUBACK, UNSUPPORTED, Proxy, kind_of
from tests.support.waiting import free_port


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_timeouts(monkeypatch)


def statuses(found: dict[str, Step]) -> dict[str, str]:
    return {name: step.status for name, step in found.items()}


def test_a_connection_that_works(broker: Broker):
    found = steps(broker.port, status_topic="homeassistant/status")
    skipped = {"TLS", "Packet limit", "Home Assistant"}
    assert statuses(found) == {name: "skipped" if name in skipped else "ok" for name in NAMES}
    assert found["CONNECT"].message == "The broker accepts the connection with MQTT 5."
    assert "homeassistant/status" in found["Subscribe"].message


def test_the_running_connection_and_the_retained_messages_stay_untouched(broker: Broker):
    with Observer(broker.listener, filters=("test/#",)) as observer:
        steps(broker.port)
        observer.publish("test/end", b"")
        observer.wait_for("test/end")
        live = [message.topic for message in observer.messages if not message.retain]
        assert live == [f"{BASE}/probe", "test/end"]
    with Observer(broker.listener, filters=(f"{BASE}/#",)) as late:
        late.publish(f"{BASE}/end", b"")
        late.wait_for(f"{BASE}/end")
        assert late.on(f"{BASE}/probe") == []


def test_a_broker_that_is_down(broker: Broker):
    found = steps(free_port())
    assert statuses(found) == dict.fromkeys(NAMES, "skipped") | {"Name look-up": "ok", "TCP": "failed"}
    assert "is the broker running?" in found["TCP"].message
    assert found["CONNECT"].message == "An earlier step failed."


def test_an_unknown_host():
    found = steps(1883, host="no-such-broker.invalid")
    assert found["Name look-up"].status == "failed"
    assert "'no-such-broker.invalid' is not known" in found["Name look-up"].message


def test_a_wrong_password_is_not_shown():
    with Broker(username="printer", password="right") as broker:
        found = steps(broker.port, username="printer", password="wrong-and-secret")
        assert found["CONNECT"].status == "failed"
        assert "not authorized. Check username, password" in found["CONNECT"].message
        assert "secret" not in repr(found)


@pytest.mark.parametrize("response", [UNSUPPORTED, CLOSE])
def test_a_broker_without_mqtt_5(broker: Broker, response: Any):
    with Proxy(broker.listener, version_5=response) as proxy:
        found = steps(proxy.port)
        assert found["CONNECT"].message == "The broker accepts the connection with MQTT 3.1.1."
        assert found["Read back"].status == "ok"


def test_a_broker_that_delivers_nothing():
    """mosquitto's access rules grant every subscription."""
    with Broker(acl=f"topic write {BASE}/#\n") as broker:
        found = steps(broker.port)
        assert [found[name].status for name in ("Subscribe", "Publish", "Read back")] == ["ok", "ok", "failed"]
        assert f"Allow the user to read and write {BASE}/# (ACL)." in found["Read back"].message


@pytest.mark.skipif(OLD_LIBRARY, reason="paho-mqtt 1.6 does not report why a message was refused")
def test_a_user_who_may_not_publish():
    with Broker(acl=f"topic read {BASE}/#\n") as broker:
        found = steps(broker.port)
        assert (found["Publish"].status, found["Read back"].status) == ("failed", "skipped")
        assert f"Not permitted to publish to {BASE}/probe: not authorized." in found["Publish"].message


def test_a_broker_that_acknowledges_nothing(broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: None if kind_of(packet) in (PUBACK, PUBLISH) else packet
        found = steps(proxy.port)
        assert found["Publish"].status == "failed"
        assert "does not acknowledge" in found["Publish"].message


@pytest.mark.parametrize(("guide", "user"), [("connection", "printer"), ("farm", "ender-3-x7k2")])
def test_with_the_access_rules_of_a_guide_nothing_fails(guide: str, user: str):
    text = (PROJECT / "docs" / "guides" / f"{guide}.md").read_text(encoding="utf-8")
    rules = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert rules is not None
    own = "octoprint/temp_eta/ender-3-x7k2"
    with Broker(acl=f"{rules[1]}\nuser observer\ntopic readwrite #\n") as broker:
        home = replace(broker.listener, username="observer", password="x")
        connect = spec(broker.port, username=user, password="x", will=replace(OFFLINE, topic=f"{own}/status"))
        with Observer(home, filters=("homeassistant/#",)):
            found = examine(
                ConnectionTest(
                    connect, own, MACHINE, "homeassistant/status", 0, discovery_prefix="homeassistant",
                    device_id="temp_eta_ender-3-x7k2", device_name="Ender 3",
                )
            )  # fmt: skip
    assert {step.name for step in found if step.status != "ok"} == {"TLS", "Packet limit"}
    assert [step for step in found if step.status == "failed"] == []


def test_a_refused_subscription_is_named(broker: Broker):
    with Proxy(broker.listener) as proxy:
        proxy.to_client = lambda packet: packet[:-1] + b"\x87" if kind_of(packet) == SUBACK else packet
        found = steps(proxy.port, status_topic="homeassistant/status")
        assert found["Subscribe"].status == "failed"
        assert "homeassistant/status (not authorized)" in found["Subscribe"].message


def test_the_largest_message_against_the_packet_limit():
    with Broker(options=("max_packet_size 8192",)) as broker:
        assert steps(broker.port, largest=8192)["Packet limit"].status == "ok"
        failed = steps(broker.port, largest=22_000)["Packet limit"]
        assert failed.status == "failed"
        assert "up to 8192 bytes, and the largest message has 22000. Raise the broker's packet limit" in failed.message


@pytest.mark.parametrize(("machine", "status"), [(MACHINE, "ok"), ("00112233aabbccdd", "failed")])
def test_another_machine_with_the_same_identity(broker: Broker, machine: str, status: str):
    with Observer(broker.listener, filters=("my/#",)) as other:
        other.publish(f"{BASE}/info", json.dumps({"machine": machine, "host": "octopi-2"}), retain=True)
        try:
            identity = steps(broker.port)["Identity"]
        finally:
            other.publish(f"{BASE}/info", b"", retain=True)
    assert identity.status == status
    assert ("'octopi-2'" in identity.message) is (status == "failed")


def test_a_list_of_brokers_is_examined_one_by_one(broker: Broker):
    down = free_port()
    connect = spec(down, more_addresses=(BrokerAddress("127.0.0.1", broker.port),))
    found = examine(ConnectionTest(connect, BASE, MACHINE))
    assert [step.name for step in found] == [*NAMES, *NAMES]
    assert {step.broker for step in found} == {f"127.0.0.1:{down}", f"127.0.0.1:{broker.port}"}
    assert found[-5].status == "ok"


# TLS


def test_tls_is_described_and_its_failures_are_explained(tmp_path: Path):
    certificates = make_certificates(tmp_path)
    with Broker(certificates=certificates) as broker:
        encrypted = steps(broker.port, tls=True, ca_file=str(certificates.authority))
        assert encrypted["TLS"].status == "ok"
        assert "certificate is for localhost, 127.0.0.1 and valid for 9 more days. Renew it soon." in (
            encrypted["TLS"].message
        )
        assert encrypted["Read back"].status == "ok"
        unverified = steps(broker.port, tls=True, tls_insecure=True)
        assert "not verified: anyone on the network can pose as the broker" in unverified["TLS"].message
        unknown = steps(broker.port, tls=True)
        assert unknown["TLS"].status == "failed"
        assert "is not trusted" in unknown["TLS"].message
        plain = steps(broker.port)
        assert plain["CONNECT"].message == (
            f"CONNACK: 127.0.0.1:{broker.port} expects TLS. "
            "Turn on Use TLS, or begin the URL with mqtts://, or set the port without TLS (usually 1883)."
        )
        websocket = steps(broker.port, websocket_path="/mqtt")
        assert websocket["CONNECT"].message == (
            f"WebSocket: 127.0.0.1:{broker.port} expects TLS. Turn on Use TLS, or begin the URL with wss://."
        )


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"days": -1}, "certificate has expired. "),
        ({"names": "DNS:elsewhere"}, "certificate is not valid for '127.0.0.1'. Use a name in the certificate as host"),
    ],
)
def test_a_rejected_certificate_is_explained(wrong: dict[str, Any], reason: str, tmp_path: Path):
    certificates = make_certificates(tmp_path, **wrong)
    with Broker(certificates=certificates) as broker:
        found = steps(broker.port, tls=True, ca_file=str(certificates.authority))
    assert found["TLS"].status == "failed"
    assert found["TLS"].message.startswith(f"the certificate of 127.0.0.1:{broker.port} is not trusted: ")
    assert reason in found["TLS"].message
    assert found["CONNECT"].status == "skipped"


def test_a_client_certificate_that_has_expired_or_soon_will_is_named(tmp_path: Path):
    certificates = make_certificates(tmp_path)
    with Broker(certificates=certificates, tls_options=("require_certificate true",)) as broker:
        for days, text in ((10, " is valid for 9 more days. Renew it soon."), (-1, " has expired on ")):
            certificate, key = map(str, make_client_certificate(tmp_path, days))
            files = {"ca_file": str(certificates.authority), "certificate_file": certificate, "key_file": key}
            found = steps(broker.port, tls=True, **files)
            assert f"The client certificate {certificate!r}{text}" in found["TLS"].message
        # A broker that does not ask for the certificate accepts the connection.
        assert found["TLS"].status == "ok"
        assert found["CONNECT"].status == "failed"
        assert f"The client certificate {certificate!r}{text}" in found["CONNECT"].message or OLD_LIBRARY


def test_a_port_without_tls(broker: Broker):
    found = steps(broker.port, tls=True)
    assert found["TLS"].status == "failed"
    assert found["TLS"].message == (
        f"127.0.0.1:{broker.port} does not speak TLS. "
        "Turn off Use TLS, or begin the URL with mqtt://, or set the port with TLS (usually 8883)."
    )


def test_a_conflict_that_the_bridge_noticed(broker: Broker):
    step = steps(broker.port, more={"conflict": "Another OctoPrint uses the same ID."})["Identity"]
    assert (step.status, step.message) == ("failed", "Another OctoPrint uses the same ID.")


def test_a_test_that_is_stopped_skips_the_rest(broker: Broker):
    pushed: list[Step] = []
    examine(ConnectionTest(spec(broker.port), BASE, MACHINE), pushed.append, lambda: len(pushed) >= 2)
    assert [step.status for step in pushed] == ["ok", "ok", *["skipped"] * 9]
    assert pushed[-1].message == "The test was stopped."


def test_the_client_id_of_the_running_connection_is_not_used(broker: Broker):
    with Proxy(broker.listener) as proxy:
        connect = replace(spec(proxy.port), client_id="temp_eta_running")
        examine(ConnectionTest(connect, BASE, MACHINE))
        assert b"temp_eta_running_test" in proxy.received[0]

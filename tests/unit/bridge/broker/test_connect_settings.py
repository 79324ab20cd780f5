"""The connection that the settings describe."""

from __future__ import annotations

from octoprint_temp_eta.bridge.broker.connect_settings import (
    brief_connection,
    connection,
    no_broker,
    subscriptions,
    topics_of,
)
from octoprint_temp_eta.bridge.protocol.effects import Connect, Publish
from octoprint_temp_eta.settings.broker_address import BrokerAddress
from octoprint_temp_eta.settings.table import parse

WILL = Publish("a/status", b"offline", retain=True)


def connect(**settings: object) -> Connect:
    return connection(parse({"mqtt_custom_identifier": "ender", **settings}), WILL, ("a/command/#",))


def test_a_host_uses_port_tls_and_transport_of_the_settings():
    made = connect(mqtt_broker_host="broker", mqtt_broker_port=8884, mqtt_use_tls=True, mqtt_transport="websockets")
    assert made.addresses == (BrokerAddress("broker", 8884, tls=True, websocket_path="/mqtt"),)
    assert (made.will, made.subscriptions, made.client_id) == (WILL, ("a/command/#",), "temp_eta_ender")


def test_a_url_has_its_own_and_its_user_name_comes_first():
    made = connect(mqtt_broker_host="mqtts://anna@host", mqtt_username="other", mqtt_password="secret")
    assert made.addresses == (BrokerAddress("host", 8883, tls=True, username="anna"),)
    assert (made.username, made.password) == ("anna", "secret")
    assert "secret" not in repr(made)


def test_a_list_of_brokers_is_kept_in_order():
    made = connect(mqtt_broker_host="a, wss://b/mqtt, [::1]:1884", mqtt_username="anna")
    assert [str(address) for address in made.addresses] == ["a:1883", "b:443", "[::1]:1884"]
    assert made.username == "anna"


def test_everything_else_is_passed_on():
    made = connect(
        mqtt_broker_host="a",
        mqtt_tls_insecure=True,
        mqtt_keepalive=7,
        mqtt_tls_ca_file="ca.crt",
        mqtt_tls_certificate_file="client.crt",
        mqtt_tls_key_file="client.key",
        mqtt_tls_server_name="broker.test",
        mqtt_client_id="mine",
        mqtt_clean_start=False,
    )
    assert (made.ca_file, made.certificate_file, made.key_file) == ("ca.crt", "client.crt", "client.key")
    assert (made.server_name, made.client_id, made.clean_start) == ("broker.test", "mine", False)
    assert (made.tls_insecure, made.keepalive) == (True, 7)


def test_without_a_host_there_is_no_address_to_connect_to():
    assert connect().host == connect(mqtt_broker_host=",").host == ""


def test_each_topic_is_subscribed_to_once():
    settings = parse({"mqtt_custom_identifier": "ender", "ha_discovery_enabled": False})
    topics = topics_of(settings)
    assert topics.base == "octoprint/temp_eta/ender"
    ours = (topics.commands, topics.of("info"))
    assert subscriptions(settings, topics, ("a", topics.commands, "b", "a")) == (*ours, "a", "b")


def test_a_brief_connection_keeps_no_session_and_leaves_the_status_of_the_printer_alone():
    settings = parse({"mqtt_custom_identifier": "ender", "mqtt_broker_host": "broker", "mqtt_clean_start": False})
    made = brief_connection(settings)
    assert (made.host, made.clean_start, made.subscriptions) == ("broker", True, ())
    assert (made.will.topic, made.will.payload, made.will.retain) == (
        "octoprint/temp_eta/ender/probe",
        b"",
        False,
    )


def test_the_error_without_a_broker_names_the_setting():
    error = no_broker("t")
    assert (error.code, error.path, error.transaction) == ("not_available", "/settings/mqtt_broker_host", "t")

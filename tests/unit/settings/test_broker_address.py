"""What users may write for the address of a broker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.settings.broker_address import BrokerAddress, InvalidAddress, hosts, parse_addresses

DEFAULT = BrokerAddress("", 1883)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("broker.local", BrokerAddress("broker.local", 1883)),
        (" 192.168.1.5 ", BrokerAddress("192.168.1.5", 1883)),
        ("broker:1884", BrokerAddress("broker", 1884)),
        ("::1", BrokerAddress("::1", 1883)),
        ("[::1]", BrokerAddress("::1", 1883)),
        ("[fe80::1%eth0]:1884", BrokerAddress("fe80::1%eth0", 1884)),
        ("user@broker", BrokerAddress("broker", 1883, username="user")),
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("tcp://broker/", BrokerAddress("broker", 1883)),
        ("mqtts://user@host:8883", BrokerAddress("host", 8883, tls=True, username="user")),
        ("MQTTS://host", BrokerAddress("host", 8883, tls=True)),
        ("ssl://a-ats.iot.eu-west-1.amazonaws.com", BrokerAddress("a-ats.iot.eu-west-1.amazonaws.com", 8883, True)),
        ("ws://host", BrokerAddress("host", 80, websocket_path="/mqtt")),
        ("wss://host/mqtt", BrokerAddress("host", 443, tls=True, websocket_path="/mqtt")),
        ("wss://[2001:db8::7]:8084/a/b", BrokerAddress("2001:db8::7", 8084, tls=True, websocket_path="/a/b")),
        ("mqtt://home%20user@host", BrokerAddress("host", 1883, username="home user")),
    ],
)  # fmt: skip
def test_an_address_is_understood(text: str, address: BrokerAddress):
    assert parse_addresses(text, DEFAULT) == (address,)


def test_an_address_without_scheme_uses_the_other_settings():
    default = BrokerAddress("", 8884, tls=True, websocket_path="/ws")
    assert parse_addresses("broker", default) == (BrokerAddress("broker", 8884, True, "/ws"),)
    assert parse_addresses("mqtt://broker", default) == (BrokerAddress("broker", 1883),)


def test_a_list_is_separated_by_commas():
    assert parse_addresses("a, b:2 ,mqtts://c", DEFAULT) == (
        BrokerAddress("a", 1883),
        BrokerAddress("b", 2),
        BrokerAddress("c", 8883, tls=True),
    )
    assert parse_addresses("", DEFAULT) == parse_addresses(" , ", DEFAULT) == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("http://broker", "must start with one of mqtt://, tcp://"),
        ("broker/mqtt", "a path needs a URL that starts with ws:// or wss://"),
        ("mqtt://broker/mqtt", "must have no path unless it starts with ws:// or wss://"),
        ("wss://broker/mqtt?x=1", "without '?' and '#'"),
        ("wss://broker/a b", "without blanks"),
        ("mqtt://user:secret@broker", "enter it in the field Password"),
        ("broker:0", "must have a port from 1 to 65535"),
        ("broker:99999", "must have a port from 1 to 65535"),
        ("broker:abc", "must have a port from 1 to 65535"),
        ("[::1", "in brackets"),
        ("my broker", "must be a host name"),
        ("mqtt://", "must be a host name"),
        (",".join("abcdefghijklmnopq"), "at most 16 brokers"),
    ],
)
def test_what_is_no_address_is_refused_with_the_rule(text: str, rule: str):
    with pytest.raises(InvalidAddress) as caught:
        parse_addresses(text, DEFAULT)
    assert rule in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_hosts_of_a_list():
    assert hosts("mqtts://eve@Broker.test:8883, broker.test, [::1]:1884") == {"broker.test", "::1"}
    assert hosts("") == frozenset()


@pytest.mark.parametrize(
    ("address", "text"), [(BrokerAddress("host", 1), "host:1"), (BrokerAddress("::1", 8883), "[::1]:8883")]
)
def test_an_address_is_shown_with_its_port(address: BrokerAddress, text: str):
    assert str(address) == text


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str):
    try:
        addresses = parse_addresses(text, DEFAULT)
    except InvalidAddress:
        return
    for address in addresses:
        assert address.host
        assert 1 <= address.port <= 65535

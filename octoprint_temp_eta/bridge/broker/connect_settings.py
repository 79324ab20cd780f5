"""The connection that the settings describe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ...messages.decode import CommandError, Transaction
from ...messages.topics import Topics
from ...settings.broker_address import BrokerAddress, parse_addresses
from ...settings.table import Settings
from ..protocol.effects import Connect, ConnectionTest, Publish
from ..protocol.inputs import BrokerConnected


def topics_of(settings: Settings) -> Topics:
    """Return the topics that the settings describe."""
    return Topics(f"{settings.mqtt_base_topic}/{settings.mqtt_custom_identifier}")


def not_verified(where: str) -> str:
    """Return the warning about a connection to the broker `where` whose certificate is not verified."""
    return (
        f"The certificate of {where} is not verified: anyone on the network can pose as the broker. Turn off Skip "
        "certificate verification, and set the CA file if the broker has an authority of its own."
    )


def warnings(connect: Connect, broker: BrokerConnected) -> tuple[str, ...]:
    """Return what is wrong with the connection to `broker` although it works."""
    encrypted = any(
        address.tls and (address.host, address.port) == (broker.host, broker.port) for address in connect.addresses
    )
    return (not_verified(broker.address),) if encrypted and connect.tls_insecure else ()


def subscriptions(settings: Settings, topics: Topics, more: Iterable[str]) -> tuple[str, ...]:
    """Return the topics to subscribe to, without repetition; `more` after the bridge's own."""
    status = (settings.ha_status_topic,) if settings.ha_discovery_enabled else ()
    return tuple(dict.fromkeys((topics.commands, *status, topics.of("info"), *more)))


def no_broker(transaction: Transaction = None) -> CommandError:
    """Return the error of a command that needs a broker, although the settings have none."""
    text = "There is no broker. Enter a host first."
    return CommandError("not_available", text, "/settings/mqtt_broker_host", transaction)


def connection(settings: Settings, will: Publish, subscriptions: tuple[str, ...]) -> Connect:
    """Return the connection; its host is empty if the settings have none."""
    websocket_path = settings.mqtt_websocket_path if settings.mqtt_transport == "websockets" else None
    default = BrokerAddress("", settings.mqtt_broker_port, settings.mqtt_use_tls, websocket_path)
    first, *more = parse_addresses(settings.mqtt_broker_host, default) or (default,)
    return Connect(
        host=first.host,
        port=first.port,
        client_id=settings.mqtt_client_id or f"temp_eta_{settings.mqtt_custom_identifier}",
        will=will,
        subscriptions=subscriptions,
        username=first.username or settings.mqtt_username,
        password=settings.mqtt_password,
        tls=first.tls,
        tls_insecure=settings.mqtt_tls_insecure,
        keepalive=settings.mqtt_keepalive,
        websocket_path=first.websocket_path,
        more_addresses=tuple(more),
        ca_file=settings.mqtt_tls_ca_file,
        certificate_file=settings.mqtt_tls_certificate_file,
        key_file=settings.mqtt_tls_key_file,
        server_name=settings.mqtt_tls_server_name,
        clean_start=settings.mqtt_clean_start,
    )


def brief_connection(settings: Settings) -> Connect:
    """Return a connection beside the bridge's, whose session is not kept; its host is empty if the settings have none.

    It needs a client ID of its own. If it breaks, the broker publishes an empty message on `<base>/probe`.
    """
    will = Publish(f"{settings.mqtt_base_topic}/{settings.mqtt_custom_identifier or 'none'}/probe", b"", 0)
    return replace(connection(settings, will, ()), clean_start=True)


def connection_test(settings: Settings, connect: Connect, **more: Any) -> ConnectionTest:
    """Return the test of `connect`, as the settings describe it; `more` are its other fields."""
    discovery = settings.ha_discovery_enabled
    return ConnectionTest(
        connect,
        base=f"{settings.mqtt_base_topic}/{settings.mqtt_custom_identifier}",
        status_topic=settings.ha_status_topic if discovery else "",
        birth_payload=settings.ha_birth_payload,
        discovery_prefix=settings.ha_discovery_prefix if discovery else "",
        device_id=f"temp_eta_{settings.mqtt_custom_identifier}",
        **more,
    )

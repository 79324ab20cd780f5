"""How the plugin reaches the broker, and its topics."""

from __future__ import annotations

from ...core.topic_filter import TEXT
from ..broker_address import DEFAULT_PATH, BrokerAddress, check_path, parse_addresses
from ..forms import SLUG_FORM, TOPIC, TOPIC_FORM
from ..rules import Group, group, setting


@group
class Connection(Group):
    """How the plugin reaches the broker, and its topics."""

    TITLE = "Connection"

    mqtt_enabled: bool = setting(True, "Enable MQTT", "When off, there is no connection to a broker.")
    mqtt_broker_host: str = setting(
        "",
        "Broker host",
        "Host name, IP address or URL such as mqtts://host:8883; several are separated by commas, blank disconnects.",
        parse=lambda text: parse_addresses(text, BrokerAddress("", 1883)),
        private=True,
    )
    mqtt_broker_port: int = setting(
        1883, "Port", "Usually 1883, or 8883 with TLS; a URL has its own.", low=1, high=65535, private=True
    )
    mqtt_transport: str = setting(
        "tcp",
        "Transport",
        "WebSockets get through web proxies; the broker needs a port for them.",
        choices={"tcp": "TCP", "websockets": "WebSockets"},
    )
    mqtt_websocket_path: str = setting(
        DEFAULT_PATH,
        "WebSocket path",
        "The path at which the broker accepts WebSockets.",
        parse=check_path,
        private=True,
    )
    mqtt_username: str = setting(
        "",
        "Username",
        "Blank for an anonymous connection; the password is then removed.",
        pattern=TEXT,
        form="text without control characters",
        private=True,
    )
    mqtt_password: str = setting("", "Password", "Is saved, and never shown again.", secret=True)
    mqtt_use_tls: bool = setting(
        False,
        "Use TLS",
        "Encrypt the connection and check the broker's certificate against the system's authorities.",
        safer=True,
    )
    mqtt_tls_insecure: bool = setting(
        False,
        "Skip certificate verification (insecure)",
        "The connection is encrypted, but anyone on the network can pose as the broker.",
    )
    mqtt_tls_ca_file: str = setting(
        "",
        "CA file (blank = system)",
        "PEM file with the certificate authority that signed the broker's certificate.",
        private=True,
    )
    mqtt_tls_certificate_file: str = setting(
        "",
        "Client certificate file",
        "PEM file with the certificate, if the broker requires one from clients.",
        private=True,
    )
    mqtt_tls_key_file: str = setting(
        "",
        "Client key file",
        "PEM file with the key of the client certificate, without a password.",
        private=True,
    )
    mqtt_tls_server_name: str = setting(
        "",
        "Server name (blank = broker)",
        "The name in the broker's certificate, if it differs from the host.",
        pattern=r"[A-Za-z0-9._-]{0,253}",
        form="a host name",
        private=True,
    )
    mqtt_client_id: str = setting(
        "",
        "Client ID (blank = from printer ID)",
        "The broker ends a connection when another client with the same ID connects.",
        pattern=r"[!-~]{0,128}",
        form="up to 128 characters without blanks",
        private=True,
    )
    mqtt_clean_start: bool = setting(
        True,
        "Clean start",
        "When off, the broker keeps commands while OctoPrint is away, and they are executed late.",
    )
    mqtt_keepalive: int = setting(
        30,
        "Keep-alive",
        "A lost connection is noticed after about one and a half times this interval.",
        unit="s",
        low=5,
        high=3600,
    )
    mqtt_base_topic: str = setting(
        "octoprint/temp_eta",
        "Base topic",
        "All topics start with the base topic and the printer ID.",
        pattern=TOPIC,
        form=TOPIC_FORM,
    )
    mqtt_response_topics: str = setting(
        "",
        "Allowed response topics",
        "Prefixes outside the base topic to which MQTT 5 requests may have their replies sent.",
        pattern=rf"({TOPIC}(, {TOPIC})*)?",
        form="topics such as node-red/replies, separated by commas",
        names=True,
    )
    mqtt_custom_identifier: str = setting(
        "",
        "Printer ID (blank = generate)",
        "The topic level after the base topic; each printer needs its own. A new ID is a new device in Home Assistant.",
        pattern=r"[A-Za-z0-9_-]{0,64}",
        form=f"up to 64 {SLUG_FORM}",
    )
    mqtt_publish_interval: float = setting(
        1.0,
        "Minimum publish interval",
        "A heater's ETA is published about this often at most; changes of its state are published at once.",
        unit="s",
        low=0.1,
        high=300,
    )

"""The settings: one row each. Defaults, validation, the settings dialog and the documentation come from these rows.

Every package above the core may import it. Names are TempETA's where the meaning is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from .broker_address import DEFAULT_PATH, BrokerAddress, check_path, parse_addresses
from .rules import InvalidSetting, Rule, check_value, names, setting

__all__ = [
    "COLOR",
    "InvalidSetting",
    "Rule",
    "Settings",
    "check",
    "defaults",
    "names",
    "parse",
    "rows",
    "salvage",
    "secret_keys",
]

_TOPIC = r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"
_TOPIC_FORM = "letters, digits, '_' and '-', separated by '/'"
_SLUG_FORM = "letters, digits, '_' and '-'"
COLOR = "#[0-9A-Fa-f]{6}"
_COLOR_FORM = "a colour such as #5cb85c"

_NAMES = r"([\w.-]+(, [\w.-]+)*)?"
_NAMES_FORM = "names of letters, digits, '_', '-' and '.', separated by commas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; the fields are the table."""

    # Estimation
    enabled: bool = setting(True, "Enable Temperature ETA", "When off, nothing is estimated, published or shown.")
    algorithm: str = setting(
        "model",
        "Estimation method",
        "Adaptive learns how each heater behaves; the other two only look at the current rate.",
        choices={"model": "Adaptive (recommended)", "linear": "Linear", "exponential": "Exponential"},
    )
    enable_heating_eta: bool = setting(True, "Show heating ETA", "Estimate when a heating heater reaches its target.")
    suppress_while_printing: bool = setting(
        False, "Hide ETA while printing", "No ETA is published or shown during a print job."
    )
    threshold_start: float = setting(
        5.0,
        "Hide ETA within",
        "With Linear and Exponential, no ETA is shown this close to the target.",
        unit="°C",
        low=1,
        high=50,
    )
    min_rate: float = setting(
        0.1,
        "Minimum heating rate",
        "With Linear and Exponential, a heater that heats more slowly gets no ETA.",
        unit="°C/s",
        low=0.001,
        high=10,
    )
    max_eta: float = setting(
        3600.0,
        "Maximum ETA",
        "With Linear and Exponential, a longer ETA is not shown.",
        unit="s",
        low=60,
        high=86400,
    )

    extra_heaters: str = setting(
        "",
        "Additional heaters",
        "Names that the printer reports and that are heaters, although the printer profile does not have them.",
        pattern=_NAMES,
        form=_NAMES_FORM,
        names=True,
    )
    ignored_heaters: str = setting(
        "",
        "Ignored heaters and sensors",
        "Names that the printer reports and that are neither published nor shown.",
        pattern=_NAMES,
        form=_NAMES_FORM,
        names=True,
    )

    # Cool-down
    enable_cooldown_eta: bool = setting(
        True, "Show cool-down ETA", "Estimate when a heater that is switched off has cooled down."
    )
    cooldown_mode: str = setting(
        "threshold",
        "Cool-down target",
        "A heater has cooled down at a fixed temperature, or when it is close to the ambient temperature.",
        choices={"threshold": "Fixed temperature", "ambient": "Ambient temperature"},
    )
    cooldown_target_tool0: float = setting(
        50.0, "Tool: cool below", "A tool has cooled down at this temperature.", unit="°C", low=0, high=400
    )
    cooldown_target_bed: float = setting(
        40.0, "Bed: cool below", "The bed has cooled down at this temperature.", unit="°C", low=0, high=200
    )
    cooldown_target_chamber: float = setting(
        30.0,
        "Chamber: cool below",
        "The chamber, or a heater with a custom name, has cooled down at this temperature.",
        unit="°C",
        low=0,
        high=100,
    )
    cooldown_ambient_temp: float | None = setting(
        None,
        "Ambient temperature (blank = detect)",
        "Blank: the lowest temperature that was measured is taken as the ambient temperature.",
        unit="°C",
        low=0,
        high=80,
        nullable=True,
    )
    cooldown_hysteresis_c: float = setting(
        1.0,
        "Margin above ambient",
        "A heater has cooled down when it is this close to the ambient temperature.",
        unit="°C",
        low=0.1,
        high=20,
    )
    cooldown_fit_window_seconds: float = setting(
        120.0,
        "Cooling-rate window",
        "Linear and Exponential take the cooling rate from the readings of this time span.",
        unit="s",
        low=10,
        high=1800,
    )
    cooldown_extrapolation_minutes: float = setting(
        60.0,
        "Continue cool-downs without a connection for",
        "When a hot printer is disconnected, its cool-down is extrapolated for this long.",
        unit="min",
        low=0,
        high=1440,
    )

    # Connection
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
    )
    mqtt_username: str = setting(
        "", "Username", "Blank for an anonymous connection; the password is then removed.", private=True
    )
    mqtt_password: str = setting("", "Password", "Is saved, and never shown again.", secret=True)
    mqtt_use_tls: bool = setting(
        False, "Use TLS", "Encrypt the connection and check the broker's certificate against the system's authorities."
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
        "PEM file with the certificate that the broker wants from clients; blank without one.",
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
        pattern=_TOPIC,
        form=_TOPIC_FORM,
    )
    mqtt_response_topics: str = setting(
        "",
        "Allowed response topics",
        "Prefixes outside the base topic to which MQTT 5 requests may have their replies sent.",
        pattern=rf"({_TOPIC}(, {_TOPIC})*)?",
        form="topics such as node-red/replies, separated by commas",
        names=True,
    )
    mqtt_custom_identifier: str = setting(
        "",
        "Printer ID (blank = generate)",
        "The topic level after the base topic; each printer needs its own.",
        pattern=r"[A-Za-z0-9_-]{0,64}",
        form=f"up to 64 {_SLUG_FORM}",
    )
    mqtt_publish_interval: float = setting(
        1.0,
        "Minimum publish interval",
        "A heater's ETA is published at most this often; changes of its state are published at once.",
        unit="s",
        low=0.1,
        high=300,
    )

    # MQTT commands
    allow_reset: bool = setting(True, "Allow reset", "Accept the command `reset`, which discards measurements.")
    allow_snapshot: bool = setting(
        True, "Allow snapshot", "Accept the command `snapshot`, which returns the current state."
    )
    allow_forecast: bool = setting(
        True, "Allow forecast", "Accept the command `forecast`, which estimates a heat-up in advance."
    )
    allow_target: bool = setting(
        False, "Allow setting temperatures", "Accept the command `target`: any MQTT client may then heat the printer."
    )
    allow_script_start: bool = setting(
        True, "Allow starting scripts", "Accept the command `script/start`, and the start buttons on the page."
    )
    allow_scripts: str = setting(
        "",
        "Scripts that may be started (blank = all)",
        "IDs of scripts, separated by commas; any other script is refused, over MQTT and on the page.",
        pattern=_NAMES,
        form=_NAMES_FORM,
        names=True,
    )
    allow_script_cancel: bool = setting(
        True, "Allow cancelling scripts", "Accept the command `script/cancel`, and the cancel button on the page."
    )
    allow_job_pause: bool = setting(True, "Allow pausing prints", "Accept the command `job/pause`.")
    allow_job_resume: bool = setting(True, "Allow resuming prints", "Accept the command `job/resume`.")
    allow_job_cancel: bool = setting(True, "Allow cancelling prints", "Accept the command `job/cancel`.")
    allow_job_start: bool = setting(
        False, "Allow starting prints", "Accept the command `job/start`: any MQTT client may then start a print."
    )
    allow_printer_connect: bool = setting(True, "Allow connecting", "Accept the command `printer/connect`.")
    allow_printer_disconnect: bool = setting(
        True, "Allow disconnecting", "Accept the command `printer/disconnect`, which also ends a print."
    )
    allow_printer_emergency_stop: bool = setting(
        True, "Allow the emergency stop", "Accept the command `printer/emergency_stop`, which sends M112."
    )
    target_max_tool: float = setting(
        260.0,
        "Maximum tool temperature",
        "The command `target` rejects a higher temperature for a tool.",
        unit="°C",
        low=0,
        high=500,
    )
    target_max_bed: float = setting(
        110.0,
        "Maximum bed temperature",
        "The command `target` rejects a higher temperature for the bed.",
        unit="°C",
        low=0,
        high=200,
    )
    target_max_chamber: float = setting(
        60.0,
        "Maximum chamber temperature",
        "The command `target` rejects a higher temperature for the chamber or a heater with a custom name.",
        unit="°C",
        low=0,
        high=200,
    )

    # Scripts
    script_folder: str = setting(
        "~/.mecodescripts",
        "Script folder (blank = no scripts)",
        "Each Python file in this folder is offered as an automation script.",
        pattern="|[/~].*",
        form="an absolute path, or a path that begins with ~",
        private=True,
    )
    script_time_limit: float | None = setting(
        None,
        "Time limit (blank = none)",
        "A script that runs longer is ended.",
        unit="s",
        low=1,
        high=86400,
        nullable=True,
    )
    script_line_timeout: float = setting(
        3600.0,
        "Time limit for one line",
        "A script is ended when the printer does not acknowledge one of its lines within this time.",
        unit="s",
        low=300,
        high=86400,
    )
    script_allow_motion: bool = setting(
        False,
        "Allow others to move the printer",
        "While a script runs, others may move the printer too; heating is always possible.",
    )
    script_confirm: bool = setting(
        False, "Ask before a script starts", "A click on a script's button asks first whether to start it."
    )
    script_layer_height: float = setting(
        0.19, "Layer height", "The default of `g.extrude` in scripts.", unit="mm", low=0.01, high=10
    )
    script_extrusion_width: float = setting(
        0.4, "Extrusion width", "The default of `g.extrude` in scripts.", unit="mm", low=0.01, high=10
    )
    script_filament_diameter: float = setting(
        1.75, "Filament diameter", "The default of `g.extrude` in scripts.", unit="mm", low=0.1, high=10
    )
    script_heaters_after: str = setting(
        "restored",
        "After cancel or failure, heaters",
        "What happens to the heater targets that a cancelled or failed script has changed.",
        choices={
            "restored": "Return to previous targets",
            "off": "Turn off",
            "left": "Stay as they are",
        },
    )

    # Home Assistant
    ha_discovery_enabled: bool = setting(
        True,
        "Enable Home Assistant discovery",
        "The printer appears in Home Assistant; when switched off, it is removed there.",
    )
    ha_discovery_mode: str = setting(
        "device",
        "Discovery format",
        "Home Assistant before 2024.12 needs one message per entity.",
        choices={"device": "Device (HA 2024.12+)", "per_entity": "Per entity"},
    )
    ha_discovery_prefix: str = setting(
        "homeassistant",
        "Discovery prefix",
        "The discovery prefix that is set in Home Assistant's MQTT integration.",
        pattern=_TOPIC,
        form=_TOPIC_FORM,
    )
    ha_suggested_area: str = setting(
        "", "Suggested area", "Home Assistant suggests this area when the printer first appears."
    )
    ha_status_topic: str = setting(
        "homeassistant/status",
        "Status topic",
        "Home Assistant publishes its start on this topic; the entities are then announced again.",
        pattern=_TOPIC,
        form=_TOPIC_FORM,
    )
    ha_birth_payload: str = setting(
        "online", "Online payload", "What Home Assistant publishes on the status topic when it starts."
    )

    # Display
    show_in_sidebar: bool = setting(True, "Show in sidebar", "Show the heaters in the sidebar.")
    show_in_navbar: bool = setting(True, "Show in navigation bar", "Show the countdowns in the navigation bar.")
    show_in_tab: bool = setting(True, "Show tab", "Show the heaters in a tab with graphs and details.")
    show_scripts: bool = setting(
        True, "Show scripts in sidebar", "Show the automation scripts in the sidebar when there are any."
    )
    update_interval: float = setting(
        1.0,
        "Page update interval",
        "The pages are updated at most this often; changes of state are shown at once.",
        unit="s",
        low=0.1,
        high=5,
    )
    show_progress_bars: bool = setting(True, "Show progress bars", "Show how much of a heat-up or cool-down is done.")
    show_historical_graph: bool = setting(True, "Show graphs", "Show a temperature graph for each heater in the tab.")
    historical_graph_window_seconds: int = setting(
        180, "Graph time span", "How far back the graphs go.", unit="s", low=30, high=1800
    )
    temp_display: str = setting(
        "octoprint",
        "Temperature unit",
        "Applies to the pages; MQTT messages are always in °C.",
        choices={"octoprint": "Same as OctoPrint", "c": "°C", "cf": "°C and °F"},
    )
    color_mode: str = setting(
        "bands",
        "Colour by",
        "The colours show how much time is left, or what the heater is doing.",
        choices={"bands": "Time left", "status": "State"},
    )
    color_heating: str = setting(
        "#5cb85c",
        "Heating colour",
        "With Colour by State: the colour of a heater that heats.",
        pattern=COLOR,
        form=_COLOR_FORM,
    )
    color_cooling: str = setting(
        "#337ab7",
        "Cooling colour",
        "With Colour by State: the colour of a heater that cools down.",
        pattern=COLOR,
        form=_COLOR_FORM,
    )
    color_idle: str = setting(
        "#777777",
        "Idle colour",
        "With Colour by State: the colour of a heater that is off.",
        pattern=COLOR,
        form=_COLOR_FORM,
    )

    # Sounds and notifications
    sound_enabled: bool = setting(False, "Enable sounds", "When off, no sound is played.")
    sound_target_reached: bool = setting(
        True, "On target reached: sound", "Play a sound when a heater reaches its target."
    )
    sound_cooldown_finished: bool = setting(
        True, "On cool-down finished: sound", "Play a sound when a heater has cooled down."
    )
    sound_stalled: bool = setting(
        True, "On a heater that does not heat up: sound", "Play a sound when a heater heats far too slowly."
    )
    sound_script_failed: bool = setting(
        True, "On a failed script: sound", "Play a sound when an automation script fails."
    )
    sound_connection_lost: bool = setting(
        True, "On a lost connection: sound", "Play a sound when the connection to the broker is lost."
    )
    sound_volume: float = setting(0.5, "Volume", "How loud the sounds are played.", low=0, high=1)
    sound_min_interval_s: float = setting(
        10.0,
        "Minimum interval between sounds",
        "The same sound for the same heater is not repeated within this time.",
        unit="s",
        low=0,
        high=300,
    )
    notification_enabled: bool = setting(False, "Enable notifications", "When off, no notification is shown.")
    notification_target_reached: bool = setting(
        True, "On target reached: notification", "Show a notification when a heater reaches its target."
    )
    notification_cooldown_finished: bool = setting(
        True, "On cool-down finished: notification", "Show a notification when a heater has cooled down."
    )
    notification_stalled: bool = setting(
        True,
        "On a heater that does not heat up: notification",
        "Show a notification when a heater heats far too slowly.",
    )
    notification_script_failed: bool = setting(
        True, "On a failed script: notification", "Show a notification when an automation script fails."
    )
    notification_connection_lost: bool = setting(
        True, "On a lost connection: notification", "Show a notification when the connection to the broker is lost."
    )
    notification_timeout_s: float = setting(
        6.0, "Display time", "A notification disappears after this time.", unit="s", low=1, high=60
    )
    notification_min_interval_s: float = setting(
        10.0,
        "Minimum interval between notifications",
        "The same notification for the same heater is not repeated within this time.",
        unit="s",
        low=0,
        high=300,
    )


def rows() -> Iterator[tuple[Field[Any], Rule]]:
    """Yield the table: each field with its rule."""
    for row in fields(Settings):
        yield row, row.metadata["rule"]


def defaults() -> dict[str, Any]:
    """Return the default of each key."""
    return {row.name: row.default for row, _ in rows()}


def secret_keys() -> list[str]:
    """Return the keys whose values must not appear in any reply, page, message or log."""
    return [row.name for row, rule in rows() if rule.secret]


def parse(raw: Mapping[str, Any]) -> Settings:
    """Return `raw` as settings, absent keys with their defaults, unknown keys ignored.

    Raises `InvalidSetting` for the first value that its row does not accept.
    """
    return Settings(**{row.name: check_value(row, raw[row.name]) for row, _ in rows() if row.name in raw})


def salvage(raw: Mapping[str, Any]) -> tuple[Settings, list[InvalidSetting]]:
    """Return the valid values of `raw`, defaults for the rest, and an error for each invalid one."""
    valid, invalid = {}, []
    for key in (row.name for row, _ in rows() if row.name in raw):
        try:
            valid[key] = check(key, raw[key])
        except InvalidSetting as error:
            invalid.append(error)
    return Settings(**valid), invalid


def check(key: str, value: Any) -> Any:
    """Return `value` in the type of the setting `key`. Raises `InvalidSetting`."""
    return check_value(_TABLE[key], value)


_TABLE = {row.name: row for row in fields(Settings)}

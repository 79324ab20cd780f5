"""The settings: one row each, from which defaults, validation, secrets and documentation come.

Every room above the core may import it. Names are TempETA's where they mean the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from ..core.estimation.methods import METHODS


class InvalidSetting(ValueError):
    """A value that a setting does not take; `key` and `rule` say which and why."""

    def __init__(self, key: str, value: object, rule: str) -> None:
        self.key, self.value, self.rule = key, value, rule
        super().__init__(f"{key}: {rule}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting means and takes."""

    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    #: In words, what `pattern` asks for.
    form: str = ""
    nullable: bool = False
    secret: bool = False
    #: A text of names separated by commas; a list of names is accepted, too.
    names: bool = False


def setting(default: Any, meaning: str, **rule: Any) -> Any:
    """Return a field with a `Rule`; its keywords are the rule's."""
    return field(default=default, repr=not rule.get("secret"), metadata={"rule": Rule(meaning, **rule)})


_TOPIC = r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"
_TOPIC_FORM = "levels of letters, digits, '_' and '-', separated by '/'"
_SLUG_FORM = "letters, digits, '_' and '-'"
_NAMES = r"([\w.-]+(, [\w.-]+)*)?"
_NAMES_FORM = "names of letters, digits, '_', '-' and '.', separated by commas"
COLOR = "#[0-9A-Fa-f]{6}"
_COLOR_FORM = "a colour such as #5cb85c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; the fields are the table."""

    enabled: bool = setting(True, "Estimate and publish at all")

    algorithm: str = setting("model", "Method of estimation", choices=METHODS)
    enable_heating_eta: bool = setting(True, "Tell when a heating heater is ready")
    enable_cooldown_eta: bool = setting(True, "Tell when a cooling heater has cooled")
    suppress_while_printing: bool = setting(False, "Tell no ETA while a job is printed")
    threshold_start: float = setting(
        5.0,
        "`linear` and `exponential`: distance from the target below which no ETA is told",
        unit="°C",
        low=1,
        high=50,
    )
    min_rate: float = setting(
        0.1,
        "`linear` and `exponential`: heating more slowly gets no ETA",
        unit="°C/s",
        low=0.001,
        high=10,
    )
    max_eta: float = setting(
        3600.0, "`linear` and `exponential`: a longer ETA is not told", unit="s", low=60, high=86400
    )
    cooldown_mode: str = setting(
        "threshold",
        "What counts as cooled: a fixed temperature or the ambient",
        choices=("threshold", "ambient"),
    )
    cooldown_target_tool0: float = setting(50.0, "A tool counts as cooled at", unit="°C", low=0, high=400)
    cooldown_target_bed: float = setting(40.0, "The bed counts as cooled at", unit="°C", low=0, high=200)
    cooldown_target_chamber: float = setting(
        30.0, "The chamber, or a custom heater, counts as cooled at", unit="°C", low=0, high=100
    )
    cooldown_ambient_temp: float | None = setting(
        None, "Ambient temperature; empty: the coolest seen", unit="°C", low=0, high=80, nullable=True
    )
    cooldown_hysteresis_c: float = setting(
        1.0, "So far above the ambient counts as cooled", unit="°C", low=0.1, high=20
    )
    cooldown_extrapolation_minutes: float = setting(
        60.0,
        "Continue cool-downs without a connection for",
        unit="min",
        low=0,
        high=1440,
    )
    cooldown_fit_window_seconds: float = setting(
        120.0,
        "`linear` and `exponential`: readings that a cooling rate is taken from",
        unit="s",
        low=10,
        high=1800,
    )

    extra_heaters: str = setting(
        "",
        "Additional heaters",
        pattern=_NAMES,
        form=_NAMES_FORM,
        names=True,
    )
    ignored_heaters: str = setting(
        "",
        "Ignored heaters and sensors",
        pattern=_NAMES,
        form=_NAMES_FORM,
        names=True,
    )

    mqtt_enabled: bool = setting(True, "Connect to the broker named below")
    mqtt_broker_host: str = setting("", "Host name or address of the broker; empty: no connection")
    mqtt_broker_port: int = setting(1883, "Port of the broker", low=1, high=65535)
    mqtt_username: str = setting("", "User name at the broker")
    mqtt_password: str = setting("", "Password at the broker", secret=True)
    mqtt_use_tls: bool = setting(False, "Encrypt the connection; the system's certificate authorities are trusted")
    mqtt_tls_insecure: bool = setting(False, "Don't check the broker's certificate")
    mqtt_keepalive: int = setting(30, "Keepalive interval of the connection", unit="s", low=5, high=3600)
    mqtt_base_topic: str = setting(
        "octoprint/temp_eta",
        "All topics lie below this one and the instance",
        pattern=_TOPIC,
        form=_TOPIC_FORM,
    )
    mqtt_custom_identifier: str = setting(
        "",
        "The instance: this printer's level below the base topic; made once when empty",
        pattern=r"[A-Za-z0-9_-]{0,64}",
        form=f"up to 64 {_SLUG_FORM}",
    )
    mqtt_publish_interval: float = setting(
        1.0,
        "A heater's state is published at most this often, changes of state at once",
        unit="s",
        low=0.1,
        high=300,
    )
    allow_reset: bool = setting(True, "Take the command `reset`")
    allow_snapshot: bool = setting(True, "Take the command `snapshot`")
    allow_forecast: bool = setting(True, "Take the command `forecast`")
    allow_target: bool = setting(False, "Take the command `target`, which heats")
    allow_script_start: bool = setting(True, "Take the command `script/start`")
    allow_script_cancel: bool = setting(True, "Take the command `script/cancel`")
    target_max_tool: float = setting(
        260.0, "The highest target that the command `target` sets for a tool", unit="°C", low=0, high=500
    )
    target_max_bed: float = setting(110.0, "The same for the bed", unit="°C", low=0, high=200)
    target_max_chamber: float = setting(60.0, "The same for the chamber or a custom heater", unit="°C", low=0, high=200)

    script_folder: str = setting(
        "~/.mecodescripts",
        "Folder of the automation scripts (blank = no scripts)",
        pattern="|[/~].*",
        form="an absolute path, or a path that begins with ~",
    )
    script_time_limit: float | None = setting(
        None,
        "A script that runs for longer is ended; empty: it takes what it takes",
        unit="s",
        low=1,
        high=86400,
        nullable=True,
    )
    script_line_timeout: float = setting(
        3600.0,
        "Time limit for one line that the printer does not acknowledge",
        unit="s",
        low=300,
        high=86400,
    )
    script_allow_motion: bool = setting(False, "Allow others to move the printer while a script runs")
    script_layer_height: float = setting(0.19, "Layer height for `g.extrude`", unit="mm", low=0.01, high=10)
    script_extrusion_width: float = setting(0.4, "Extrusion width for `g.extrude`", unit="mm", low=0.01, high=10)
    script_filament_diameter: float = setting(1.75, "Filament diameter for `g.extrude`", unit="mm", low=0.1, high=10)
    script_heaters_after: str = setting(
        "restored",
        "What becomes of heater targets that a script has changed, when it is cancelled or fails",
        choices=("restored", "off", "left"),
    )

    ha_discovery_enabled: bool = setting(True, "Announce the entities to Home Assistant")
    ha_discovery_mode: str = setting(
        "device",
        "Form of the announcement: of the whole device (Home Assistant 2024.12 or newer), or of each entity (older)",
        choices=("device", "per_entity"),
    )
    ha_discovery_prefix: str = setting(
        "homeassistant", "Home Assistant's discovery prefix", pattern=_TOPIC, form=_TOPIC_FORM
    )
    ha_status_topic: str = setting(
        "homeassistant/status", "Home Assistant's birth topic", pattern=_TOPIC, form=_TOPIC_FORM
    )
    ha_birth_payload: str = setting("online", "Home Assistant's birth message")

    show_in_sidebar: bool = setting(True, "Show the heaters in the sidebar")
    show_in_navbar: bool = setting(True, "Show the countdown in the navigation bar")
    show_in_tab: bool = setting(True, "Show the heaters in a tab of their own")
    show_scripts: bool = setting(True, "Show the automation scripts in the sidebar, where there are any")
    show_progress_bars: bool = setting(True, "Show progress bars")
    show_historical_graph: bool = setting(True, "Show the temperatures of each heater as a graph in the tab")
    historical_graph_window_seconds: int = setting(180, "The graph shows the last", unit="s", low=30, high=1800)
    temp_display: str = setting("octoprint", "Unit of the temperatures", choices=("octoprint", "c", "cf"))
    color_mode: str = setting("bands", "What the colours tell", choices=("bands", "status"))
    color_heating: str = setting("#5cb85c", "Colour of heating", pattern=COLOR, form=_COLOR_FORM)
    color_cooling: str = setting("#337ab7", "Colour of cooling", pattern=COLOR, form=_COLOR_FORM)
    color_idle: str = setting("#777777", "Colour of a heater that does neither", pattern=COLOR, form=_COLOR_FORM)

    sound_enabled: bool = setting(False, "Play sounds")
    sound_target_reached: bool = setting(False, "Sound when a heater has reached its target")
    sound_cooldown_finished: bool = setting(False, "Sound when a heater has cooled down")
    sound_volume: float = setting(0.5, "Volume, 1 is the loudest", low=0, high=1)
    sound_min_interval_s: float = setting(
        10.0, "Time between two sounds of the same kind for a heater, at least", unit="s", low=0, high=300
    )
    notification_enabled: bool = setting(False, "Show notifications on the page")
    notification_target_reached: bool = setting(False, "Notification when a heater has reached its target")
    notification_cooldown_finished: bool = setting(False, "Notification when a heater has cooled down")
    notification_timeout_s: float = setting(6.0, "A notification stays for", unit="s", low=1, high=60)
    notification_min_interval_s: float = setting(
        10.0, "Time between two notifications of the same kind for a heater, at least", unit="s", low=0, high=300
    )


def rows() -> Iterator[tuple[Field[Any], Rule]]:
    """Yield the table: each field with its rule."""
    for row in fields(Settings):
        yield row, row.metadata["rule"]


def defaults() -> dict[str, Any]:
    """Return the default of each key."""
    return {row.name: row.default for row, _ in rows()}


def secret_keys() -> list[str]:
    """Return the keys whose values leave by no way."""
    return [row.name for row, rule in rows() if rule.secret]


def parse(raw: Mapping[str, Any]) -> Settings:
    """Return `raw` as settings, absent keys with their defaults.

    Raises `InvalidSetting` for the first value that its row does not take. Unknown keys are not ours to judge.
    """
    return Settings(**{row.name: check(row.name, raw[row.name]) for row, _ in rows() if row.name in raw})


def salvage(raw: Mapping[str, Any]) -> tuple[Settings, list[InvalidSetting]]:
    """Return what is valid in `raw`, defaults for the rest, and what was not."""
    valid, invalid = {}, []
    for key in (row.name for row, _ in rows() if row.name in raw):
        try:
            valid[key] = check(key, raw[key])
        except InvalidSetting as error:
            invalid.append(error)
    return Settings(**valid), invalid


def check(key: str, value: Any) -> Any:
    """Return `value` in the type of the setting `key`. Raises `InvalidSetting`."""
    row, rule = _TABLE[key]
    if value is None or value == "":
        if rule.nullable:
            return None
        if value is None:
            raise InvalidSetting(key, value, "must have a value")
    kind: type = float if rule.nullable else type(row.default)
    if kind is bool:
        return _bool(key, value)
    if kind is str:
        return _text(key, value, rule)
    return _number(key, value, rule, whole=kind is int)


def _bool(key: str, value: Any) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if not isinstance(value, bool):
        raise InvalidSetting(key, value, "must be true or false")
    return value


def names(text: str) -> list[str]:
    """Return the names in the text of a setting that holds names."""
    return [name for name in re.split(r"[,\s]+", text) if name]


def _text(key: str, value: Any, rule: Rule) -> str:
    if rule.names and isinstance(value, list | tuple) and all(isinstance(name, str | int) for name in value):
        value = ", ".join(map(str, value))
    if not isinstance(value, str):
        raise InvalidSetting(key, value, "must be text")
    text = value if rule.secret else value.strip()
    if rule.names:
        text = ", ".join(names(text))
    if len(text) > 1024 or any(ord(character) < 32 for character in text):
        raise InvalidSetting(key, value, "must be one line of at most 1024 characters")
    if rule.choices and text not in rule.choices:
        raise InvalidSetting(key, value, f"must be one of {', '.join(rule.choices)}")
    if rule.pattern and not re.fullmatch(rule.pattern, text):
        raise InvalidSetting(key, value, f"must be {rule.form}")
    return text


def _number(key: str, value: Any, rule: Rule, *, whole: bool) -> float | int:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or (whole and number != int(number)):
        raise InvalidSetting(key, value, f"must be a {'whole ' if whole else ''}number")
    if (rule.low is not None and number < rule.low) or (rule.high is not None and number > rule.high):
        raise InvalidSetting(key, value, f"must be from {rule.low} to {rule.high}{rule.unit and ' ' + rule.unit}")
    return int(number) if whole else number


_TABLE = {row.name: (row, rule) for row, rule in rows()}

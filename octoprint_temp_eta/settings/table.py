"""The settings: one row each, by group. Defaults, checks, the settings dialog and the documentation come from the rows.

Every package above the core may import it. Names are TempETA's where the meaning is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from typing import Any

from ..core.frozen import frozen
from .forms import COLOR
from .groups.alerts import Alerts
from .groups.commands import Commands
from .groups.connection import Connection
from .groups.cool_down import CoolDown
from .groups.display import Display
from .groups.estimation import Estimation
from .groups.home_assistant import HomeAssistant
from .groups.scripts import Scripts
from .rules import Group, InvalidSetting, Rule, check_value, names

__all__ = [
    "COLOR",
    "GROUPS",
    "Group",
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

#: The groups in the order of the settings dialog.
GROUPS: tuple[type[Group], ...] = (Connection, HomeAssistant, Estimation, CoolDown, Display, Alerts, Commands, Scripts)


@frozen
class Settings(Scripts, Commands, Alerts, Display, CoolDown, Estimation, HomeAssistant, Connection):
    """All settings: the rows of all groups."""


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

    Raises `InvalidSetting` for the first value that its row does not accept, or that is one of the printer's topics.
    """
    settings = Settings(**{row.name: check_value(row, raw[row.name]) for row, _ in rows() if row.name in raw})
    own = next(_own_topics(settings), None)
    if own is not None:
        raise own
    return settings


def salvage(raw: Mapping[str, Any]) -> tuple[Settings, list[InvalidSetting]]:
    """Return the valid values of `raw`, defaults or safer values for the rest, and an error for each invalid one."""
    valid, invalid = {}, []
    for row, rule in rows():
        if row.name not in raw:
            continue
        try:
            valid[row.name] = check_value(row, raw[row.name])
        except InvalidSetting as error:
            invalid.append(error)
            if rule.safer is not None:
                valid[row.name] = rule.safer
    own = list(_own_topics(Settings(**valid)))
    for each in own:
        del valid[each.key]
    return Settings(**valid), [*invalid, *own]


def _own_topics(settings: Settings) -> Iterator[InvalidSetting]:
    """Yield an error for each topic of Home Assistant at which the bridge would receive what it publishes itself."""
    own = f"{settings.mqtt_base_topic}/{settings.mqtt_custom_identifier}/"
    for key in ("ha_discovery_prefix", "ha_status_topic"):
        value, default = getattr(settings, key), defaults()[key]
        if value != default and f"{value}/".startswith(own):
            yield InvalidSetting(key, value, f"must not be one of the printer's own topics: {own}…")


def check(key: str, value: Any) -> Any:
    """Return `value` in the type of the setting `key`. Raises `InvalidSetting`."""
    return check_value(_TABLE[key], value)


_TABLE = {row.name: row for row in fields(Settings)}

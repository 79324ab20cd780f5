"""Home Assistant's discovery."""

from __future__ import annotations

from ..forms import TOPIC, TOPIC_FORM
from ..rules import Group, group, setting


@group
class HomeAssistant(Group):
    """Home Assistant's discovery."""

    TITLE = "Home Assistant"

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
        pattern=TOPIC,
        form=TOPIC_FORM,
    )
    ha_suggested_area: str = setting(
        "", "Suggested area", "Home Assistant suggests this area when the printer first appears."
    )
    ha_climate: bool = setting(
        False,
        "Thermostats",
        "Each heater is also a thermostat (climate) with OctoPrint's temperature presets.",
    )
    ha_status_topic: str = setting(
        "homeassistant/status",
        "Status topic",
        "Home Assistant publishes its start on this topic; the entities are then announced again.",
        pattern=TOPIC,
        form=TOPIC_FORM,
    )
    ha_birth_payload: str = setting(
        "online", "Online payload", "What Home Assistant publishes on the status topic when it starts."
    )

"""Home Assistant MQTT discovery: checked configurations in, messages out. No client, no clock, no I/O.

Describe a device with DeviceConfig and its components. `plan` returns the messages that change Home Assistant from the
previous announcement to the new one, and remove what is no longer announced. See docs/reference/ha-discovery.md.
"""

from ha_discovery.config.availability import ALWAYS, Availability, AvailabilityTopic
from ha_discovery.config.components import Component, Entity
from ha_discovery.config.device import Device, DeviceConfig, Origin
from ha_discovery.config.errors import DiscoveryError
from ha_discovery.config.platforms import BinarySensor, Button, Climate, DeviceTrigger, Event, Number, Sensor
from ha_discovery.config.templates import json_flag, json_text, json_value
from ha_discovery.planning.announced import Announced, Announcement, Place
from ha_discovery.planning.messages import Form, Message, clear_message, device_topic
from ha_discovery.planning.plan import SETTLE_SECONDS, Plan, plan

__all__ = [
    "ALWAYS",
    "SETTLE_SECONDS",
    "Announced",
    "Announcement",
    "Availability",
    "AvailabilityTopic",
    "BinarySensor",
    "Button",
    "Climate",
    "Component",
    "Device",
    "DeviceConfig",
    "DeviceTrigger",
    "DiscoveryError",
    "Entity",
    "Event",
    "Form",
    "Message",
    "Number",
    "Origin",
    "Place",
    "Plan",
    "Sensor",
    "clear_message",
    "device_topic",
    "json_flag",
    "json_text",
    "json_value",
    "plan",
]

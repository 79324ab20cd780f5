"""Home Assistant MQTT discovery: checked configurations in, messages out. No client, no clock, no I/O.

Describe a device with DeviceConfig and its components; `plan` gives the messages that lead from what was announced
before to what is wanted now, without leaving anything behind. See docs/ha-discovery.md.
"""

from ha_discovery.announced import Announced, Announcement, Place
from ha_discovery.availability import ALWAYS, Availability, AvailabilityTopic
from ha_discovery.commanded import Button, Number
from ha_discovery.components import Component, Entity
from ha_discovery.device import Device, DeviceConfig, Origin
from ha_discovery.errors import DiscoveryError
from ha_discovery.messages import Form, Message
from ha_discovery.plan import SETTLE_SECONDS, Plan, plan
from ha_discovery.reported import BinarySensor, DeviceTrigger, Event, Sensor
from ha_discovery.templates import json_flag, json_value

__all__ = [
    "ALWAYS",
    "SETTLE_SECONDS",
    "Announced",
    "Announcement",
    "Availability",
    "AvailabilityTopic",
    "BinarySensor",
    "Button",
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
    "json_flag",
    "json_value",
    "plan",
]

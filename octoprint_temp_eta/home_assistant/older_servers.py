"""Changes for Home Assistant before 2024.12, where timestamps, enums and texts cannot be "unknown".

Such a server logs a warning for each of these messages, or shows the text None. So an entity without a value is
unavailable there, through an availability topic of its own, and its state is a placeholder that causes no warning.
"""

from __future__ import annotations

from dataclasses import replace

from ha_discovery import Availability, AvailabilityTopic, Component, Sensor

_PLACEHOLDERS = {"timestamp": "1970-01-01T00:00:00+00:00", None: ""}


def for_older_servers(component: Component, inherited: Availability) -> Component:
    """Return `component` so that it never becomes "unknown"; `inherited` is the device's availability."""
    if not isinstance(component, Sensor) or component.value_template is None:
        return component
    if component.unit_of_measurement or component.state_class:
        return component  # numbers can be unknown
    placeholder = component.options[0] if component.options else _PLACEHOLDERS[component.device_class]
    state = f"{{% set state %}}{component.value_template}{{% endset %}}"
    availability = component.availability or inherited
    # A topic has one availability: where there is one of this topic already, both must hold.
    others = tuple(topic for topic in availability.topics if topic.topic != component.state_topic)
    same = next((topic for topic in availability.topics if topic.topic == component.state_topic), None)
    known = (
        f"{{% set known %}}{same.value_template}{{% endset %}}" if same is not None else "{% set known = 'online' %}"
    )
    has_value = AvailabilityTopic(
        component.state_topic,
        value_template=f"{state}{known}{{{{ 'offline' if state == 'None' or known == 'offline' else 'online' }}}}",
    )
    return replace(
        component,
        value_template=f"{state}{{{{ '{placeholder}' if state == 'None' else state }}}}",
        availability=replace(availability, topics=(*others, has_value)),
    )

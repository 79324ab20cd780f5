"""What Home Assistant before 2024.12 needs: it cannot take "unknown" for a moment, a word or a text.

It would warn at each such message, or show the word None. So there an entity that has nothing to say is unavailable, by
an availability of its own, and its state meanwhile is anything that raises no complaint.
"""

from __future__ import annotations

from dataclasses import replace

from ha_discovery import Availability, AvailabilityTopic, Component, Sensor

_NOTHING = {"timestamp": "1970-01-01T00:00:00+00:00", None: ""}


def for_older_servers(component: Component, inherited: Availability) -> Component:
    """Return `component` such that it never becomes "unknown"; `inherited` is the device's availability."""
    if not isinstance(component, Sensor) or component.value_template is None:
        return component
    if component.unit_of_measurement or component.state_class:
        return component  # a number: that can be unknown
    nothing = component.options[0] if component.options else _NOTHING[component.device_class]
    state = f"{{% set state %}}{component.value_template}{{% endset %}}"
    has_one = AvailabilityTopic(
        component.state_topic, value_template=f"{state}{{{{ 'offline' if state == 'None' else 'online' }}}}"
    )
    availability = component.availability or inherited
    return replace(
        component,
        value_template=f"{state}{{{{ '{nothing}' if state == 'None' else state }}}}",
        availability=replace(availability, topics=(*availability.topics, has_one)),
    )

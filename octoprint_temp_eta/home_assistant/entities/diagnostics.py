"""The rows for the bridge's health, and for temperatures that are not heaters."""

from __future__ import annotations

from collections.abc import Iterator

from ha_discovery import ALWAYS, BinarySensor, Component, Sensor

from .parts import EXPIRE_AFTER_S, Scope, field, keys_of, state_at, text_at

#: By key: name, icon and path of the counters in the message `diagnostics`.
COUNTERS = {
    "connections": ("Connections", "mdi:lan-connect", ("connections",)),
    "messages_sent": ("Messages sent", "mdi:email-fast-outline", ("messages", "sent")),
    "messages_dropped": ("Messages dropped", "mdi:email-remove-outline", ("messages", "dropped")),
    "commands_rejected": ("Commands rejected", "mdi:cancel", ("commands", "rejected")),
}


def bridge(scope: Scope) -> Component:
    """Return the connectivity sensor of the bridge itself."""
    # A delay, not an expiry: after a clean shutdown it stays off instead of becoming unavailable.
    sensor: Component = scope.add(
        BinarySensor,
        "bridge",
        "Bridge",
        device_class="connectivity",
        entity_category="diagnostic",
        state_topic=scope.topics.of("status"),
        payload_on="online",
        payload_off="offline",
        off_delay=EXPIRE_AFTER_S,
        availability=ALWAYS,
    )
    return sensor


def temperatures(scope: Scope) -> Iterator[Component]:
    """Yield a sensor for each reported temperature that is not a heater."""
    keys = keys_of(scope.offer.sensors)
    for name in scope.offer.sensors:
        yield scope.add(
            Sensor,
            f"sensor_{keys[name]}",
            "{heater} temperature",
            {"heater": name.replace("_", " ").strip() or name},
            device_class="temperature",
            unit_of_measurement="°C",
            state_class="measurement",
            enabled_by_default=False,
            **state_at(scope.topics.of("temperatures"), name),
        )


def diagnostics(scope: Scope) -> Iterator[Component]:
    """Yield the entities of the message `diagnostics`."""
    topic = scope.topics.of("diagnostics")
    hidden = {"entity_category": "diagnostic", "enabled_by_default": False}
    common = {**hidden, "availability": scope.without_printer}
    yield scope.add(
        Sensor, "last_error", "Last error", icon="mdi:alert-circle-outline", **text_at(topic, "last_error"), **common
    )
    yield scope.add(
        BinarySensor,
        "clash",
        "Identity conflict",
        device_class="problem",
        state_topic=topic,
        value_template=f"{{{{ 'ON' if {field('clash')} else 'OFF' }}}}",
        **common,
    )
    for key, (name, icon, path) in COUNTERS.items():
        yield scope.add(
            Sensor, key, name, icon=icon, state_class="total_increasing", **state_at(topic, *path), **common
        )
    for heater in scope.offer.heaters:
        yield scope.add(
            Sensor,
            f"{heater}_estimate_error",
            "{heater} estimate error",
            {"heater": scope.heater(heater)},
            unit_of_measurement="%",
            **state_at(topic, "accuracy", heater, "mean_error_percent"),
            **hidden,
        )

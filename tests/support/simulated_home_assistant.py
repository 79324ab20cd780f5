"""A simulation of Home Assistant's discovery: which message creates, moves, ignores or removes what.

Based on real servers (2024.3, 2025.4, 2026.11). A component has a discovery id (platform, device id, key), the same
in both forms, and subscribes to the topic it was discovered on. An entity is an entry in a registry that survives
restarts; only an explicit removal deletes it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ha_discovery import Message

DiscoveryId = tuple[str, str, str]


@dataclass
class Broker:
    """Keeps the retained messages and passes every message to the subscriber."""

    listener: "HomeAssistant"
    retained: dict[str, str] = field(default_factory=dict)

    def publish(self, step: Iterable[Message]) -> None:
        """Pass on the messages of a step, and wait until they are processed."""
        for message in step:
            if message.retain and message.payload:
                self.retained[message.topic] = message.payload
            elif message.retain:
                self.retained.pop(message.topic, None)
            self.listener.receive(message.topic, message.payload)
        self.listener.settle()

    def clear(self, topic: str) -> None:
        """Clear a topic, as Home Assistant does when a disabled entity is removed."""
        self.retained.pop(topic, None)
        self.listener.receive(topic, "")


@dataclass
class Entry:
    """An entity in the registry."""

    number: int
    device: int
    disabled: bool


@dataclass
class Discovered:
    """A loaded component, subscribed to its topic. `identity`: for an entity, its key in the registry."""

    topic: str
    identity: tuple[str, str]
    device: int


@dataclass
class HomeAssistant:
    """`removes_disabled`: as of 2026. `prompt`: processes each message before the next one arrives.

    `only_loses_broker`: it does not stop, but has no connection for a while.
    """

    prefix: str = "homeassistant"
    removes_disabled: bool = True
    prompt: bool = True
    only_loses_broker: bool = False
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    devices: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    discovered: dict[DiscoveryId, Discovered] = field(default_factory=dict)
    disabled: dict[DiscoveryId, Discovered] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    online: bool = True

    def __post_init__(self) -> None:
        self.broker = Broker(self)
        self._numbers = count()
        self._pending: dict[DiscoveryId, list[tuple[str, Any]]] = {}

    def stop(self) -> None:
        """Stop: only the registries are kept. Or lose the broker: what was received is processed."""
        if self.only_loses_broker:
            self.settle()
            self.online = False
            return
        self.online = False
        self.discovered.clear()
        self.disabled.clear()
        self._pending.clear()

    def start(self) -> None:
        """Start or connect again, and receive the retained messages."""
        if not self.online:
            self.online = True
            for topic, payload in sorted(self.broker.retained.items()):
                self.receive(topic, payload)
            self.settle()

    # messages

    def receive(self, topic: str, payload: str) -> None:
        """Split a message into components. After one that is pending, the rest of the payload is dropped."""
        if not self.online or not topic.startswith(f"{self.prefix}/"):
            return
        platform, *ids, _ = topic.removeprefix(f"{self.prefix}/").split("/")
        value = json.loads(payload) if payload else {}
        migrating = value == {"migrate_discovery": True}
        if platform != "device":
            parts = [((platform, ids[0], ids[1]), "migrate" if migrating else value)]
        elif migrating or not value:
            known = [*self.discovered, *(self.disabled if self.removes_disabled else ())]
            parts = [(id_, "migrate" if migrating else {}) for id_ in known if id_[1] == ids[0]]
        else:
            parts = []
            for key, component in value["components"].items():
                own = {name: part for name, part in component.items() if name != "platform"}
                rest = {"device": value["device"]} if own else {}
                parts.append(((component["platform"], ids[0], key), own | rest))
        for id_, config in parts:
            if id_ in self._pending:
                self._pending[id_].append((topic, config))
                return
            self._pending[id_] = [(topic, config)]
        if self.prompt:
            self.settle()

    def settle(self) -> None:
        """Process what is pending."""
        while self._pending:
            id_, queue = next(iter(self._pending.items()))
            topic, config = queue.pop(0)
            if not queue:
                del self._pending[id_]
            self._process(id_, topic, config)

    def _process(self, id_: DiscoveryId, topic: str, config: Any) -> None:
        known = self.discovered.get(id_)
        if known is not None and known.topic != topic:
            self.conflicts.append(f"{id_} is known from {known.topic}, not {topic}")
        elif config == "migrate":
            self.discovered.pop(id_, None)
            if self.removes_disabled:
                self.disabled.pop(id_, None)
        elif known is not None:
            self._update(id_, known, config)
        elif config:
            self._add(id_, topic, config)
        elif self.removes_disabled and id_ in self.disabled and self.disabled[id_].topic == topic:
            self._remove_entry(self.disabled.pop(id_).identity)

    # components

    def _add(self, id_: DiscoveryId, topic: str, config: dict[str, Any]) -> None:
        tracked = self.disabled.get(id_)
        if (
            self.removes_disabled
            and tracked is not None
            and tracked.topic != topic
            and tracked.identity in self.entries
        ):
            self.conflicts.append(f"disabled {id_} is known from {tracked.topic}, not {topic}")
            return
        device = self._device(config["device"])
        identity = _identity(id_, config, device)
        if any(other.identity == identity for other in self.discovered.values()):
            self.conflicts.append(f"{identity} is there already, not from {topic}")
            return
        here = Discovered(topic, identity, device)
        if id_[0] == "device_automation":
            self.discovered[id_] = here
            return
        self.disabled.pop(id_, None)
        disabled = not config.get("enabled_by_default", True)
        entry = self.entries.setdefault(identity, Entry(next(self._numbers), device, disabled))
        entry.device = device
        (self.disabled if entry.disabled else self.discovered)[id_] = here

    def _update(self, id_: DiscoveryId, known: Discovered, config: dict[str, Any]) -> None:
        if not config:
            del self.discovered[id_]
            if id_[0] != "device_automation":
                self._remove_entry(known.identity)
            self._clean_up(known.device)
            return
        self._device(config["device"])
        if id_[0] == "device_automation":
            identity = _identity(id_, config, known.device)
            if any(other.identity == identity for other in self.discovered.values() if other is not known):
                self.conflicts.append(f"{identity} is there already")
            else:
                known.identity = identity

    def _remove_entry(self, identity: tuple[str, str]) -> None:
        """Also clear the topic of a disabled entity; newer servers do so only if its device is gone."""
        entry = self.entries.pop(identity, None)
        for id_, tracked in list(self.disabled.items()):
            if tracked.identity == identity:
                del self.disabled[id_]
                if not self.removes_disabled or (entry is not None and entry.device not in self.devices):
                    self.broker.clear(tracked.topic)
        if entry is not None:
            self._clean_up(entry.device)

    # devices

    def _device(self, config: dict[str, Any]) -> int:
        marks = {("", i) for i in config.get("identifiers", [])} | {tuple(c) for c in config.get("connections", [])}
        for number, known in self.devices.items():
            if known & marks:
                known.update(marks)
                return number
        number = next(self._numbers)
        self.devices[number] = marks
        return number

    def _clean_up(self, device: int) -> None:
        """Remove a device without enabled entities, together with its disabled ones."""
        enabled = any(entry.device == device and not entry.disabled for entry in self.entries.values())
        triggers = any(
            id_[0] == "device_automation" and known.device == device for id_, known in self.discovered.items()
        )
        if device in self.devices and not enabled and not triggers:
            del self.devices[device]
            for identity in [identity for identity, entry in self.entries.items() if entry.device == device]:
                self._remove_entry(identity)


def _identity(id_: DiscoveryId, config: dict[str, Any], device: int) -> tuple[str, str]:
    """Return platform and unique id; for a trigger, device, type and subtype."""
    if id_[0] == "device_automation":
        return id_[0], f"{device} {config['type']} {config['subtype']}"
    return id_[0], config["unique_id"]

"""The steps of the connection test that need a connection: what the user may publish and read, and who is there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...bridge.protocol.effects import ConnectionTest, Publish
from ...bridge.protocol.inputs import MessageArrived
from ...settings.broker_address import BrokerAddress
from ..broker import errors, reach
from ..broker.reach import StepFailed, StepSkipped
from ..threads.inbox import now
from .short_connection import NO_SUBSCRIBERS, ShortConnection

#: Seconds to wait for retained messages after the subscription.
RETAINED_S = 1.0
#: Plugins of OctoPrint that announce the printer to Home Assistant too, and those that publish on topics of their own.
ANNOUNCING, PUBLISHING = {"homeassistant": "HomeAssistant Discovery"}, {"mqtt": "MQTT"}
#: A device of this plugin in a discovery topic begins so; its printer ID follows.
OUR_DEVICE = "temp_eta_"


class Probe:
    """A client that connects, subscribes, publishes and reads back. `close` ends it."""

    def __init__(self, test: ConnectionTest, address: BrokerAddress) -> None:
        self._test = test
        self._topic = f"{test.base}/probe"
        self._info = f"{test.base}/info"
        self._secret = secrets.token_hex(8).encode()
        # With a client ID of its own the test does not take over the session of the connection that may be up.
        client_id = f"{test.connect.client_id}_test"
        will = Publish(self._topic, b"", 0)
        spec = replace(test.connect, client_id=client_id, will=will, clean_start=True)
        self._connection = ShortConnection(spec, address)
        self._messages: list[MessageArrived] = []
        self._readable: set[str] = set()
        self._published = False

    def connect(self) -> str:
        """Connect with MQTT 5, or else with 3.1.1."""
        return f"The broker accepts the connection with MQTT {self._connection.open()}."

    def subscribe(self) -> str:
        """Subscribe to each topic that the bridge needs, and to its own probe."""
        test = self._test
        wanted = [f"{test.base}/command/#", self._info, self._topic, *filter(None, [test.status_topic])]
        refused = []
        for topic in wanted:
            why = self._connection.subscribe(topic)
            if why is None:
                self._readable.add(topic)
            else:
                refused.append(errors.subscription_refused(topic, why))
        if refused:
            raise StepFailed(" ".join(refused))
        return f"The broker grants the subscriptions to {', '.join(wanted)}."

    def publish(self) -> str:
        """Publish the probe, and wait for the acknowledgement."""
        self._connection.publish(Publish(self._topic, self._secret, content_type="text/plain", expiry_seconds=60))
        self._published = True
        return f"The broker acknowledges a message on {self._topic}."

    def read_back(self) -> str:
        """Wait until the probe comes back."""
        if not self._published or self._topic not in self._readable:
            raise StepSkipped("The probe was not published, or the user may not read it.")
        until = now().at + reach.STEP_TIMEOUT_S
        while not any(message.payload == self._secret for message in self._messages):
            if not self._receive(until):
                raise StepFailed(
                    f"The broker accepted a message on {self._topic}, but did not send it back. States do not "
                    f"arrive on the broker, or commands will not arrive here. "
                    f"Allow the user to read and write {self._test.base}/# (ACL)."
                )
        return "The message came back."

    def identity(self) -> str:
        """Look whether another machine publishes with the same base topic and instance."""
        if self._test.conflict:
            raise StepFailed(self._test.conflict)
        if self._info not in self._readable:
            raise StepSkipped(f"The user may not read {self._info}.")
        self._receive_retained()
        payloads = [message.payload for message in self._messages if message.topic == self._info and message.payload]
        others = [host for machine, host in map(_machine_and_host, payloads) if machine not in ("", self._test.machine)]
        if others:
            raise StepFailed(
                f"{self._info} was published by another machine, {others[-1]!r}. If that printer still exists, set "
                "another printer ID here; otherwise this printer will use the topic."
            )
        return f"No other machine publishes on {self._test.base}."

    def other_publishers(self) -> str:
        """Look whether another plugin or bridge announces this printer to Home Assistant."""
        test = self._test
        found = [f"the plugin {name}" for key, name in ANNOUNCING.items() if key in test.other_plugins]
        for topic in self._discovery_topics:
            self._connection.subscribe(topic)
        self._receive_retained()
        announced = dict(filter(None, map(self._announced_by_another, self._messages)))
        for topic in self._discovery_topics:
            self._connection.unsubscribe(topic)
        namesakes = [device.removeprefix(OUR_DEVICE) for device in announced if device.startswith(OUR_DEVICE)]
        found += [who for device, who in announced.items() if not device.startswith(OUR_DEVICE)]
        if namesakes:
            raise StepFailed(
                f"Another printer has the same name in Home Assistant, {test.device_name!r}: "
                f"{', '.join(namesakes[:5])}. Give each its own name in OctoPrint's settings (Appearance). If that "
                "printer no longer exists, remove it with temp_eta:clean."
            )
        if found:
            raise StepFailed(
                f"This printer is also announced to Home Assistant by {', '.join(found[:5])}, so it appears there "
                "twice. Turn off discovery in one of them, or clear what is left of a removed one."
            )
        more = [name for key, name in PUBLISHING.items() if key in test.other_plugins]
        nobody = "No other plugin announces this printer."
        return f"{nobody} The plugin {more[0]} publishes on topics of its own." if more else nobody

    def home_assistant(self) -> str:
        """Look whether Home Assistant is connected to this broker and reads the discovery prefix."""
        test = self._test
        if not test.discovery_prefix:
            raise StepSkipped("Home Assistant discovery is off.")
        # An empty message removes an entity that does not exist: nothing. MQTT 5 reports whether anyone got it.
        topic = f"{test.discovery_prefix}/sensor/{test.device_id}/probe/config"
        code = self._connection.publish(Publish(topic, b""))
        born = test.home_assistant_online or any(
            message.topic == test.status_topic and message.payload == test.birth_payload.encode()
            for message in self._messages
        )
        if code == NO_SUBSCRIBERS:
            raise StepFailed(
                f"No client is subscribed to discovery messages below {test.discovery_prefix!r}. Check whether Home "
                "Assistant's MQTT integration uses this broker and this prefix. Without Home Assistant, turn off "
                "Enable Home Assistant discovery."
            )
        if born:
            return f"Home Assistant is online: its birth message was received on {test.status_topic}."
        if self._nobody_reads_the_probe():
            return (
                f"A client is subscribed to discovery messages below {test.discovery_prefix!r}. A birth message was "
                f"not received yet: Home Assistant publishes it on {test.status_topic} when it starts."
            )
        raise StepSkipped(
            f"Not known: no birth message was received on {test.status_topic}, and the broker does not report who is "
            "subscribed. Reload Home Assistant's MQTT integration and test again."
        )

    def _nobody_reads_the_probe(self) -> bool:
        """Whether the broker reports that no client reads the probe: then it would report it for any topic."""
        self._connection.unsubscribe(self._topic)
        return self._connection.publish(Publish(self._topic, self._secret)) == NO_SUBSCRIBERS

    def packet_limit(self) -> str:
        """Compare the broker's packet limit with the largest message."""
        seen = (len(message.topic) + len(message.payload) for message in self._messages)
        limit, largest = self._connection.limits.maximum_packet_size, self._test.largest_message or max(seen, default=0)
        if limit is None:
            raise StepSkipped("The broker announces no packet limit.")
        if largest > limit:
            raise StepFailed(
                f"The broker accepts packets of up to {limit} bytes, and the largest message has {largest}. "
                f"{errors.remedy(errors.PACKET_TOO_LARGE)}."
            )
        return f"The broker accepts packets of up to {limit} bytes; the largest message has {largest}."

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    @property
    def _discovery_topics(self) -> tuple[str, ...]:
        prefix = self._test.discovery_prefix
        return (f"{prefix}/+/+/config", f"{prefix}/+/+/+/config") if prefix else ()

    def _announced_by_another(self, message: MessageArrived) -> tuple[str, str] | None:
        """Return the device in the topic, and who announced it, if it has this printer's name but is another one."""
        test = self._test
        if not test.device_name or not message.topic.endswith("/config") or test.device_id in message.topic.split("/"):
            return None
        try:
            config = json.loads(message.payload)
            device: Any = config.get("device") or config.get("dev")
            same = str(device["name"]).casefold() == test.device_name.casefold()
            ids = device.get("identifiers") or device.get("ids") or ()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        if not same or ids == test.device_id or (isinstance(ids, list) and test.device_id in ids):
            return None
        component, found, *_ = message.topic.removeprefix(f"{test.discovery_prefix}/").split("/")
        return found, f"{_maker(config, device)} ({test.discovery_prefix}/{component}/{found}/…)"

    def _receive(self, until: float) -> bool:
        """Keep the next message; return whether one came in time."""
        message = self._connection.receive(until)
        if message is not None:
            self._messages.append(message)
        return message is not None

    def _receive_retained(self) -> None:
        until = now().at + RETAINED_S
        while self._receive(until):
            pass


def _maker(config: Mapping[str, Any], device: Mapping[str, Any]) -> str:
    """Return who made a discovery message, as far as it contains that."""
    origin = config.get("origin") or config.get("o")
    name = origin.get("name") if isinstance(origin, Mapping) else None
    return repr(str(name or device.get("model") or device.get("mdl") or "an unknown program")[:64])


def _machine_and_host(payload: bytes) -> tuple[str, str]:
    """Return the machine's id and host name in an `info`, empty where it is none."""
    try:
        info = json.loads(payload)
        return str(info["machine"]), str(info["host"])[:64]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""

"""A bridge with a simulated clock and a simulated broker: pass it inputs and look at the effects.

Every published message is validated against its schema, whatever the test is about.

    driver = BridgeDriver(mqtt_publish_interval=5)
    driver.connect()
    driver.printer()
    driver.read(bed=(21.0, 60.0))
    driver.advance(10)
    assert driver.state("eta", heater="bed")["state"] == "heating"
    assert driver.command("reset", {"heater": "bed"})[0]["status"] == "completed"
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from octoprint_temp_eta.bridge.bridge import Bridge
from octoprint_temp_eta.bridge.faults import FAULT
from octoprint_temp_eta.bridge.protocol.effects import (
    Connect,
    Disconnect,
    Effect,
    Log,
    Publish,
    RestReply,
    Save,
    SetTarget,
    Subscribe,
)
from octoprint_temp_eta.bridge.protocol.identity import Identity
from octoprint_temp_eta.bridge.protocol.inputs import (
    Answer,
    ApiCommand,
    BrokerConnected,
    BrokerLost,
    Delivered,
    Input,
    MessageArrived,
    PrinterChanged,
    Profile,
    Readings,
    SettingsChanged,
    Started,
    TargetSet,
    Tick,
)
from octoprint_temp_eta.bridge.protocol.job_effects import PrinterAction
from octoprint_temp_eta.bridge.protocol.job_inputs import ActionDone
from octoprint_temp_eta.bridge.protocol.script_effects import ScanScripts
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptsFound
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.core.scripts.catalogue import FolderState, Script
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from octoprint_temp_eta.settings.table import parse
from tests.support import curves
from tests.support.message_checks import MessageChecks

INSTANCE = "ender-3-x7k2"
IDENTITY = Identity(
    boot_id="4f1b9c02",
    machine="9f86d081884c7d65",
    host="octopi",
    device_name="Ender 3",
    plugin_version="1.0.0",
    octoprint_version="1.11.8",
)
PROFILE = Profile("_default", "Default", "Ender-3")
#: The time at which a driver starts: monotonic s, and Unix s.
START = Now(at=1000.0, wall=1_795_188_600.0)
TICK_S = 0.5
PASSWORD = "a secret that stays here"


class BridgeDriver:
    """Drives a bridge; keyword arguments are settings. The broker accepts everything and acknowledges at once.

    `started`: whether the bridge has started. `acknowledges`: whether the broker acknowledges messages.
    """

    def __init__(
        self,
        *,
        remembered: Mapping[str, Any] | None = None,
        started: bool = True,
        acknowledges: bool = True,
        identity: Identity = IDENTITY,
        scripts: tuple[Script, ...] | None = (),
        **settings: Any,
    ) -> None:
        defaults = {
            "mqtt_broker_host": "broker.test",
            "mqtt_custom_identifier": INSTANCE,
            "mqtt_username": "printer",
            "mqtt_password": PASSWORD,
            "algorithm": "linear",
        }
        self.now = START
        self.settings = parse(defaults | settings)
        self.bridge = Bridge(identity, self.settings, remembered or {}, self.now)
        self.acknowledges = acknowledges
        #: The beginnings of the topics on which it acknowledges nothing.
        self.silent_on: tuple[str, ...] = ()
        #: What the broker does with the messages that it acknowledges, and on which topics: all if it is empty.
        self.answer = Answer.ACCEPTED
        self.answers_on = ""
        #: Whether the broker delivers the bridge's own `info`, and the beginnings of other topics that it may not read.
        self.delivers = True
        self.unreadable: tuple[str, ...] = ()
        #: The scripts in the script folder; None if it has not been scanned yet.
        self.scripts = scripts
        #: Why OctoPrint refuses targets, None: it takes them.
        self.target_refusal: str | None = None
        #: Whether parts may raise exceptions.
        self.expects_faults = False
        #: Whether OctoPrint carries out commands about the job at once.
        self.carries_out = True
        self.link: int | None = None
        #: All effects so far except the messages, oldest first; and the messages, each with its name in the catalogue.
        self.effects: list[Effect] = []
        self.sent: list[tuple[str, Publish]] = []
        #: The retained messages on the broker, by topic.
        self.retained: dict[str, bytes] = {}
        #: The topics of the last `Subscribe` on this connection.
        self.subscribed: tuple[str, ...] = ()
        self._links = itertools.count(1)
        self._tickets = itertools.count(1)
        self._checks = MessageChecks()
        if started:
            self.handle(Started())

    # Time

    def advance(self, seconds: float, *, tick: float = TICK_S) -> list[Publish]:
        """Let `seconds` pass, with the worker's ticks, and return the published messages."""
        mark = len(self.sent)
        end = self.now.at + seconds
        while self.now.at + tick <= end + 1e-9:
            self.skip(tick)
            self.handle(Tick())
        self.skip(end - self.now.at)
        return [publish for _, publish in self.sent[mark:]]

    def skip(self, seconds: float) -> None:
        """Let `seconds` pass without the bridge noticing."""
        self.now = Now(self.now.at + seconds, self.now.wall + seconds)

    def set_wall(self, wall: float) -> None:
        """Set the wall clock alone, as a time server does."""
        self.now = Now(self.now.at, wall)

    # Inputs

    def handle(self, event: Input) -> list[Effect]:
        """Handle an input and the broker's reactions to it; return all effects, each validated."""
        effects: list[Effect] = []
        inputs: deque[Input] = deque([event])
        while inputs:
            for effect in self.bridge.handle(inputs.popleft(), self.now):
                effects.append(effect)
                self._take(effect)
                if isinstance(effect, Subscribe):
                    inputs += self._subscribed(effect.topics)
                if isinstance(effect, Publish) and effect.topic in self.subscribed and self._reads(effect.topic):
                    inputs.append(MessageArrived(effect.topic, effect.payload))
                if isinstance(effect, Publish) and self._acknowledges(effect.topic):
                    assert effect.token is not None, f"nobody would hear that it is there: {effect}"
                    assert self.link is not None
                    inputs.append(Delivered(self.link, effect.token, self._answer(effect.topic)))
                    if effect.topic == self.topic("info") and self.delivers:
                        inputs.append(MessageArrived(effect.topic, effect.payload))
                elif isinstance(effect, SetTarget) and effect.token is not None:
                    inputs.append(TargetSet(effect.token, self.target_refusal))
                elif isinstance(effect, PrinterAction) and self.carries_out:
                    inputs.append(ActionDone(effect.token))
                elif isinstance(effect, ScanScripts) and self.scripts is not None:
                    inputs.append(ScriptsFound(effect.folder, self.scripts))
        return effects

    def _subscribed(self, topics: tuple[str, ...]) -> list[Input]:
        """Return what the broker has retained on the topics that are new, but for the bridge's own."""
        new, self.subscribed = [topic for topic in topics if topic not in self.subscribed], topics
        return [
            MessageArrived(topic, self.retained[topic], retained=True)
            for topic in new
            if topic in self.retained and not topic.startswith(f"{self.base}/") and self._reads(topic)
        ]

    def connect(self, *, forget: bool = False, host: str = "broker.test", **announced: Any) -> list[Effect]:
        """Connect to the broker, with `forget` to one that lost its retained messages; `announced` are its limits."""
        if forget:
            self.retained.clear()
        self.link = next(self._links)
        self.subscribed = ()
        return self.handle(BrokerConnected(self.link, host, 1883, "5", **announced))

    def lose(self, reason: str = "The connection to broker.test:1883 is lost") -> list[Effect]:
        """Lose the connection, so that the broker publishes the will."""
        link, self.link = self.link or next(self._links), None
        effects = self.handle(BrokerLost(link, reason))
        self.retained[self.topic("status")] = b"offline"
        return effects

    def printer(
        self,
        *,
        connected: bool = True,
        printing: bool = False,
        state: str | None = "OPERATIONAL",
        profile: Profile | None = PROFILE,
    ) -> list[Effect]:
        """Change the printer's state."""
        return self.handle(PrinterChanged(state, connected=connected, printing=printing, profile=profile))

    def read(self, **heaters: tuple[object, object]) -> list[Effect]:
        """Pass a reading: `bed=(actual, target)`."""
        return self.handle(Readings(heaters))

    def heat(self, heater: str, readings: Sequence[tuple[float, object, object]]) -> list[str]:
        """Play `(second, actual, target)` of one heater from now on, with ticks, and return its changes of state."""
        begin, mark = self.now.at, len(self.sent)
        for second, actual, target in readings:
            self.advance(begin + second - self.now.at)
            self.read(**{heater: (actual, target)})
        return [body["state"] for body in self.bodies("state_change", since=mark) if body["heater"] == heater]

    def found(
        self, scripts: tuple[Script, ...], state: FolderState | None = None, *, complete: bool = True
    ) -> list[Effect]:
        """Report these scripts in the folder of the settings."""
        return self.handle(
            ScriptsFound(self.settings.script_folder, scripts, state or FolderState(), complete=complete)
        )

    def change_settings(self, **settings: Any) -> list[Effect]:
        """Save other settings."""
        current = asdict(self.settings)
        self.settings = parse(current | settings)
        return self.handle(SettingsChanged(self.settings))

    def command(self, name: str, payload: object = b"{}", **properties: Any) -> list[dict[str, Any]]:
        """Send a command, as bytes or as an object for JSON; return the replies on our response topic."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        mark = len(self.sent)
        self.handle(MessageArrived(self.topic(f"command/{name}"), raw, **properties))
        return self.bodies("response", since=mark)

    def call(self, name: str, body: object) -> list[dict[str, Any]]:
        """Send a command over REST; return the replies to its ticket."""
        ticket = next(self._tickets)
        effects = self.handle(ApiCommand(name, body, ticket))
        return [dict(effect.reply) for effect in effects if isinstance(effect, RestReply) and effect.ticket == ticket]

    # Results

    @property
    def base(self) -> str:
        """Base topic and instance."""
        return f"{self.settings.mqtt_base_topic}/{self.settings.mqtt_custom_identifier}"

    def topic(self, message: str, **levels: str) -> str:
        """Return the topic of a message in the catalogue, else `message` under the base topic."""
        if message in MESSAGES:
            return MESSAGES[message].topic.format(base=self.base, **levels)
        return f"{self.base}/{message}"

    def state(self, message: str, **levels: str) -> Any:
        """Return the retained payload of a message. Raises KeyError if there is none."""
        payload = self.retained[self.topic(message, **levels)].decode()
        return json.loads(payload) if MESSAGES[message].content_type == "application/json" else payload

    def bodies(self, message: str, *, since: int = 0) -> list[dict[str, Any]]:
        """Return the bodies of all messages of this name on our own topics, oldest first."""
        return [json.loads(publish.payload) for name, publish in self.sent[since:] if name == message]

    def of(self, kind: type[Effect]) -> list[Any]:
        """Return the effects of one type other than `Publish`, oldest first."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def eta(self, heater: str = "bed") -> dict[str, Any]:
        """Return the retained state of a heater."""
        return dict(self.state("eta", heater=heater))

    @property
    def heaters(self) -> list[str]:
        """The heaters with a retained state."""
        return sorted(topic.split("/")[-2] for topic in self.retained if topic.endswith("/eta"))

    # Checks

    def _take(self, effect: Effect) -> None:
        if isinstance(effect, Publish):
            assert self.link is not None, f"published without a connection: {effect}"
            self.sent.append((self._checks.name(effect, self.base, self.now), effect))
            if effect.retain and self._answer(effect.topic) is Answer.ACCEPTED:
                self._retain(effect)
            return
        self.effects.append(effect)
        if isinstance(effect, Connect):
            assert self._checks.name(effect.will, self.base, self.now) == "status"
            assert PASSWORD not in repr(effect)
        elif isinstance(effect, Disconnect):
            for publish in effect.last_messages:
                if self.link is not None and publish.retain:
                    self._retain(publish)
            self.link = None
        elif isinstance(effect, RestReply):
            MESSAGES["response"].validate(effect.reply)
        elif isinstance(effect, Save):
            json.dumps(effect.value, allow_nan=False)
        elif isinstance(effect, Log):
            assert PASSWORD not in effect.text
            assert self.expects_faults or not effect.text.startswith(FAULT), effect.text

    def _acknowledges(self, topic: str) -> bool:
        return self.link is not None and self.acknowledges and not topic.startswith(self.silent_on)

    def _reads(self, topic: str) -> bool:
        return self.delivers and not topic.startswith((*self.unreadable, f"{self.base}/"))

    def _answer(self, topic: str) -> Answer:
        return self.answer if topic.startswith(self.answers_on) else Answer.ACCEPTED

    def _retain(self, publish: Publish) -> None:
        self.retained.pop(publish.topic, None)
        if publish.payload:
            self.retained[publish.topic] = publish.payload


def connected(**arguments: Any) -> BridgeDriver:
    """Return a driver whose broker and printer are connected."""
    driver = BridgeDriver(**arguments)
    driver.connect()
    driver.printer()
    return driver


def heating(**arguments: Any) -> BridgeDriver:
    """Return a connected driver with a heating bed."""
    driver = connected(**arguments)
    driver.heat("bed", curves.heating(60.0)[:30])
    return driver


def logged(driver: BridgeDriver, level: int) -> list[str]:
    return [log.text for log in driver.of(Log) if log.level == level]

"""The bridge: handles inputs and returns effects. It never waits and performs no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..core.clock import Now
from ..messages import encode
from ..messages.decode import Command
from ..messages.encode import Payload
from ..messages.topics import Topics, stored_topics
from ..settings.table import Settings
from .broker.commands import Commands
from .broker.connect_settings import topics_of
from .broker.connection import Connection
from .broker.former_bases import BASES, FormerBases
from .broker.left_elsewhere import LEFT_BEHIND, LEFT_ELSEWHERE, LeftElsewhere
from .connection_test import ConnectionTestRuns
from .diagnostics import Diagnostics
from .faults import Faults
from .heaters.commands import HeaterCommands
from .heaters.forecasts import FORECASTS, Forecasts
from .heaters.heaters import Heaters
from .heaters.readiness import Readiness
from .heaters.store import LEARNED, HeaterStore
from .home_assistant.announcing import HomeAssistant
from .info import Info
from .job.commands import JobCommands
from .job.events import Events
from .job.job import Job
from .job.open_print import PRINT
from .other_plugins import OtherPlugins
from .outbox.outbox import Outbox
from .pages import Pages
from .part import CommandHandler, InputHandler, Part
from .printer.printer import Printer
from .printer.storage_print import STORAGE_PRINT, StoragePrint
from .protocol.effects import Effect, Reply, Save
from .protocol.identity import Identity
from .protocol.inputs import BrokerConnected, Input, SettingsChanged, Tick
from .scripts.scripts import Scripts

#: Seconds by which the wall clock has to move against the monotonic one to count as set.
CLOCK_SET_S = 5.0


class Bridge:
    """The plugin's decisions: its parts, and what is done with all of them."""

    def __init__(self, identity: Identity, settings: Settings, remembered: Mapping[str, Any], now: Now) -> None:
        self._outbox = outbox = Outbox(
            topics_of(settings), identity.boot_id, left_behind=stored_topics(remembered.get(LEFT_BEHIND))
        )
        store = HeaterStore(remembered.get(LEARNED))
        printer = Printer()
        storage = StoragePrint(printer, remembered.get(STORAGE_PRINT))
        heaters = Heaters(outbox, printer, store, settings, remembered)
        outbox.earlier = outbox.topics.retained(heaters.names)
        readiness = Readiness(outbox, printer, heaters, settings)
        forecasts = Forecasts(outbox, heaters, identity.plugin_version, remembered.get(FORECASTS))
        heater_commands = HeaterCommands(printer, storage, heaters, store)
        scripts = Scripts(outbox, printer, storage, heaters, settings, identity.boot_id, remembered)
        job_commands = JobCommands(printer, storage, scripts)
        handlers = {"snapshot": self._snapshot, **_commands(heater_commands, *scripts.parts, job_commands)}
        self._commands = commands = Commands(outbox, settings, handlers, heaters)
        other_plugins = OtherPlugins(outbox)
        info = Info(outbox, printer, commands, identity, settings)
        former_bases = FormerBases(outbox, identity, settings, stored_topics(remembered.get(BASES)))
        if (moved_from := former_bases.moved_from) is not None:  # config.yaml was edited
            outbox.clear_unused(Topics(moved_from).retained(heaters.names))
        self._connection = connection = Connection(outbox, identity, settings, other_plugins, former_bases)
        left_elsewhere = LeftElsewhere(outbox, former_bases, remembered.get(LEFT_ELSEWHERE))
        self._pages = pages = Pages(heaters, readiness, connection, settings)
        home_assistant = HomeAssistant(
            outbox,
            printer,
            heaters,
            forecasts,
            scripts,
            commands,
            info,
            connection,
            former_bases,
            settings,
            remembered,
        )
        tests = ConnectionTestRuns(outbox, info, home_assistant, connection, settings)
        diagnostics = Diagnostics(outbox, heaters, commands, connection, tests, now)
        heating = (heaters, readiness, pages, store, forecasts, heater_commands)
        printing = (Job(outbox, printer), Events(outbox, printer, remembered.get(PRINT)), *scripts.parts, job_commands)
        leaving = (former_bases, connection, left_elsewhere, home_assistant)
        connecting = (commands, info, other_plugins, *leaving, tests, diagnostics)
        #: In this order they handle an input. Scripts end before the connection; it notes a conflict before others act.
        self._parts: tuple[Part, ...] = (printer, storage, *heating, *printing, *connecting)
        self._steps = {kind: handler for part in self._parts for kind, handler in part.steps.items()}
        self._inputs = _handlers(self._parts)
        self._ticking = [part for part in self._parts if type(part).tick is not Part.tick]
        self._storing = [part for part in self._parts if type(part).stored is not Part.stored]
        self._saved = self._stored
        self._faults = Faults()
        #: From the monotonic clock to the wall clock, in seconds: constant until the clock is set.
        self._clock_offset = now.wall - now.at

    def handle(self, event: Input, now: Now) -> list[Effect]:
        """Handle an input at `now`, and return the effects, in order."""
        return [effect for effects in self.steps(event, now) for effect in effects]

    def steps(self, event: Input, now: Now) -> Iterator[list[Effect]]:
        """Handle an input as `handle` does, and yield the effects of each step, to be performed before the next one.

        An estimate takes milliseconds, and the message of one heater does not wait for the estimates of the others.
        """
        shifted = self._notice_clock(now)
        steps = self._steps.get(type(event))
        if steps is not None:
            yield from self._stepped(steps(event, now), now)
        effects = self._dispatch(event, now)
        messages = self._guarded(lambda: list(self._outbox.drain(now)), now)
        pages = self._guarded(lambda: self._pages.copies(self._outbox.take_published()), now)
        not_sent = self._guarded(lambda: self._connection.report_not_sent(now), now)
        yield [*shifted, *effects, *self._save(now), *not_sent, *messages, *pages]

    def snapshot(self, now: Now) -> dict[str, Any]:
        """Return the current state for REST.

        `eta` by heater, `printer`, `mqtt`, `scripts` and `script`, and the `script_settings` by script.
        """
        return {key: value for part in self._parts for key, value in part.snapshot(now).items()}

    def _stepped(self, steps: Iterator[list[Effect]], now: Now) -> Iterator[list[Effect]]:
        try:
            for effects in steps:
                yield [*self._routed(effects, now), *self._outbox.drain(now, step=True)]
        except Exception as error:
            yield self._faults.report(error, now)

    def _dispatch(self, event: Input, now: Now) -> list[Effect]:
        effects: list[Effect] = []
        if isinstance(event, BrokerConnected):
            effects += self._publish_all(now)
        for handle in self._inputs.get(type(event), ()):
            effects += self._guarded(partial(handle, event, now), now)
        if isinstance(event, SettingsChanged):
            for part in self._parts:
                effects += self._guarded(partial(part.configure, event.settings, now), now)
            effects += self._publish_all(now)
        elif isinstance(event, Tick):
            for part in self._ticking:
                effects += self._guarded(partial(part.tick, now), now)
        return effects

    def _guarded(self, act: Callable[[], Sequence[Effect] | None], now: Now) -> list[Effect]:
        """Return the effects of `act` without the replies, which are sent; or the report of its fault."""
        return self._faults.guarded(lambda: self._routed(act() or (), now), now)

    def _routed(self, effects: Sequence[Effect], now: Now) -> list[Effect]:
        """Send the replies among `effects`; return the others, in order."""
        routed: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Reply):
                routed += self._commands.reply(effect.command, dict(effect.body), now)
            else:
                routed.append(effect)
        return routed

    def _notice_clock(self, now: Now) -> list[Effect]:
        """Correct all times if the clock was set, such as on a machine that starts without a battery for its clock."""
        offset = now.wall - now.at
        shift, self._clock_offset = offset - self._clock_offset, offset
        if abs(shift) < CLOCK_SET_S:
            return []
        effects = [effect for part in self._parts for effect in self._guarded(partial(part.clock_set, shift), now)]
        return [*effects, *self._publish_all(now)]

    def _publish_all(self, now: Now) -> list[Effect]:
        """Publish every state; return the reports of faults."""
        return [effect for part in self._parts for effect in self._guarded(partial(part.publish_all, now), now)]

    def _snapshot(self, command: Command, now: Now) -> tuple[Payload, list[Effect]]:
        """Execute the command `snapshot`: reply with all retained messages as they are now."""
        faults = self._publish_all(now)
        result: dict[str, Any] = {"heaters": {}}
        for (message, heater), body in self._outbox.states.items():
            if heater is not None:
                result["heaters"][heater] = body
            elif message != "status":
                result[message] = body
        return encode.completed(command, result), faults

    @property
    def _stored(self) -> Mapping[str, Any]:
        return {name: value for part in self._storing for name, value in part.stored.items()}

    def _save(self, now: Now) -> list[Effect]:
        before, saved, faults = self._saved, dict(self._saved), list[Effect]()
        for part in self._storing:
            faults += self._guarded(partial(_add_stored, part, saved), now)
        self._saved = saved
        return [*faults, *(Save(name, value) for name, value in saved.items() if value != before[name])]


def _add_stored(part: Part, saved: dict[str, Any]) -> None:
    saved.update(part.stored)


def _commands(*parts: Part) -> dict[str, CommandHandler]:
    """Return the handlers of commands by name."""
    return {name: handler for part in parts for name, handler in part.commands.items()}


def _handlers(parts: Iterable[Part]) -> dict[type, list[InputHandler]]:
    """Return the handlers by type of input, in the order of the parts."""
    handlers: dict[type, list[InputHandler]] = {}
    for part in parts:
        for kind, handler in part.inputs.items():
            handlers.setdefault(kind, []).append(handler)
    return handlers

"""Carries out the plans of `ha_discovery`: changes coalesced, step by step, with a record on disk.

A step is done once the broker has acknowledged all of its messages: only then is the record of the next step stored.
What a lost connection interrupts is planned anew from the record of the last step.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from math import inf

from ha_discovery import SETTLE_SECONDS, Announced, Announcement, DeviceTrigger, Message, Place, plan

from ...core.clock import Now
from ...messages.encode import encode
from ..broker.former_bases import FormerBases, Use
from ..outbox.events import Receipt
from ..outbox.outbox import Outbox
from ..outbox.pauses import pause_for_good
from ..protocol.effects import Effect, Log, Publish, Save
from ..protocol.inputs import MessageArrived
from .cleared_device import ClearedDevice, clearing, clearing_all
from .elsewhere import Elsewhere, without

#: The file with the record of what Home Assistant may still have.
ANNOUNCED = "announced"
#: Seconds for which changes are collected: at startup heaters and scripts are found one by one.
COALESCE_S = 2.0
#: The same after a reconnect: everything is known by then, and the broker may have lost its retained messages.
RECONNECT_S = 0.5
#: The same after the broker has refused some of it several times, but may accept it later.
REFUSED_S = 600.0
#: Seconds for which an announcement waits until everything is found that was announced before, such as scripts.
HOLD_S = 30.0
#: Seconds after which the broker has published the will of a Home Assistant that is gone: its keep-alive is 60 s.
WILL_S = 120.0
#: A warning for the log.
NEW_TEXTS = (
    "Texts by which Home Assistant identifies device triggers have changed, with OctoPrint's language, the printer's "
    "heaters or an update. Choose the triggers again in automations: those with the former texts have no effect."
)


class Discovery:
    """Leads Home Assistant from what was announced to what is wanted.

    `online`: Home Assistant is known to be connected.
    """

    def __init__(self, outbox: Outbox, announced: Announced, elsewhere: Elsewhere, former_bases: FormerBases) -> None:
        self.online = False
        #: When the last plan was finished, in monotonic seconds, None if there was none on this connection.
        self._finished_at: float | None = None
        #: What was in the record at the beginning of this connection.
        self._inherited = announced
        #: Whether anything was announced since OctoPrint started.
        self._announced_once = False
        self._outbox = outbox
        self._announced = announced
        self._elsewhere = elsewhere
        self._former_bases = former_bases
        self.cleared = ClearedDevice()
        #: What only the connected broker may have: it was removed while another one was connected.
        self._left: frozenset[Place] = frozenset()
        self._wanted: Announcement | None = None
        #: What clears our device's topic if nothing is wanted, whether or not it is in the record.
        self._unrecorded: tuple[Message, ...] = ()
        #: Makes what is wanted now, None if that is `_wanted`.
        self._make: Callable[[], Announcement | None] | None = None
        #: What was wanted when the last plan began.
        self._begun: Announcement | None = None
        #: The last complete announcement on this connection, and whether the next one must be complete.
        self._complete: Announcement | None = None
        self._needs_all = True
        self._due_at: float | None = None
        #: The steps that are left of the plan, each with its record.
        self._steps: deque[tuple[Announced, tuple[Message, ...]]] = deque()
        self._after: Announced | None = None
        self._next_step_at = 0.0
        #: Of the messages of the last step.
        self._receipt = Receipt()
        #: How often the broker has refused some of a step for good since the last complete announcement it accepted.
        self._denials = 0
        #: How often the outbox had tried its culprits again when that was last looked at.
        self._retries = outbox.limits.retries
        #: What stays in the records of this plan, because the broker did not accept a message on its topic.
        self._kept: frozenset[Place] = frozenset()
        #: The triggers of the last plan: one that is interrupted warns once.
        self._warned: set[str] = set()
        #: What this plan leaves alone: devices that may be another machine's now.
        self._aside = Announced()

    @property
    def has_announced(self) -> bool:
        """Whether anything is announced."""
        return bool(self._announced.places)

    @property
    def remembers(self) -> bool:
        """Whether Home Assistant may still have something that was removed."""
        return bool(self._announced.everything)

    @property
    def removal(self) -> tuple[Publish, ...]:
        """What removes all that Home Assistant may have of our device, in one step."""
        return tuple(map(as_publish, clearing_all(self._announced.places, self._former_bases.present_device)))

    def want(self, make: Callable[[], Announcement | None], now: Now, delay: float = COALESCE_S) -> None:
        """Carry out what `make` returns in `delay` seconds, when it is called; None removes everything."""
        self._make = make
        self._set_due(now, delay)

    def clear(self, prefix: str, now: Now) -> None:
        """Clear our device's topic once nothing is wanted, also if it is not in the record: the broker may have it."""
        self._unrecorded = (clearing(prefix, self._former_bases.present_device),)
        self.announce(now, 0.0)

    def connected(self, broker: str, now: Now) -> None:
        """Announce everything on a new connection: the broker may have lost its retained messages.

        It may also have what was removed while another broker was connected.
        """
        self.online, self._finished_at, self._inherited = False, None, self._announced
        self._abandon()
        places = self._announced.places
        self._left = self._elsewhere.connected(broker) - places
        self._announced = replace(self._announced, places=places | self._left)
        self.cleared.connected(now)
        self._watch(now)
        # what has become due without a connection waits too: another machine's `info` may be about to arrive
        self._due_at = None
        self.announce(now, RECONNECT_S if self._announced_once else COALESCE_S)

    def arrived(self, message: MessageArrived, now: Now) -> None:
        """Note what has arrived on the topic of our device."""
        if self._outbox.connected and message.topic == self.cleared.topic:
            finished = self._finished_at is not None and not self._receipt.waiting and self._after is None
            self.cleared.arrived(message, now, announced=finished)

    def offline(self, now: Now) -> list[Effect]:
        """Home Assistant's will has come: what it misses of the present plan is announced again.

        If there was no birth message on this connection, it was online all the time, and has seen what was announced,
        unless it was gone before and its will comes late.
        """
        was_known, self.online = self.online, False
        if self._steps or self._after is not None:
            self._abandon()
            self.announce(now)
            return []
        if was_known or self._finished_at is None or now.at - self._finished_at < WILL_S:
            return []
        announced, inherited = self._announced, self._inherited
        departed, former = announced.departed & inherited.departed, announced.former & inherited.former
        return self._remember(replace(announced, departed=departed, former=former))

    def disown(self) -> list[Effect]:
        """Forget what was announced of our device, without removing it: it belongs to another bridge now."""
        return self._forget({self._former_bases.present_device})

    def _abandon(self) -> None:
        """End the plan; the record of its last step stays."""
        self._steps.clear()
        self._after = None
        self._kept, self._aside = frozenset(), Announced()
        self._receipt = Receipt()

    def announce(self, now: Now, delay: float = COALESCE_S) -> None:
        """Announce everything in `delay` seconds, or earlier if an announcement is already due by then."""
        self._needs_all = True
        self._set_due(now, delay)

    def _set_due(self, now: Now, delay: float) -> None:
        due_at = now.at + delay
        self._due_at = due_at if self._due_at is None else min(self._due_at, due_at)

    def tick(self, now: Now, *, may_remove: bool = True, pauses: bool = False) -> list[Effect]:
        """Carry out what is due; with `pauses`, all waits.

        Without `may_remove`, a plan that removes something waits, but not for ever: then it removes nothing.

        A plan is finished before the next one starts: halfway, Home Assistant has components that are about to be
        removed.
        """
        if not self._outbox.connected:
            self._abandon()
            return []
        if self.cleared.due(now):
            self.announce(now)
        return [*self._look(now), *(() if pauses else self._carry_out(now, may_remove=may_remove))]

    def _watch(self, now: Now) -> None:
        self._former_bases.watch({place.device_id for place in self._announced.everything}, now)

    def _look(self, now: Now) -> list[Effect]:
        """Forget devices that are another machine's now; remove those of which it is known by now that they are not."""
        self._watch(now)
        devices = self._former_bases.devices
        if any(devices.get(place.device_id) is Use.NOBODY for place in self._aside.everything):
            self._aside = Announced()
            self.announce(now)
        taken = {device for device, use in devices.items() if use is Use.ANOTHER}
        if not taken:
            return []
        self.announce(now)
        return self._forget(taken)

    def _forget(self, devices: Collection[str]) -> list[Effect]:
        """Forget what was announced of these devices, by their ids, without removing it: they are others' now."""
        self._abandon()
        self._elsewhere.forget_devices(devices)
        return self._remember(without(self._announced, devices))

    def _carry_out(self, now: Now, *, may_remove: bool) -> list[Effect]:
        """Do what is due, with a connection."""
        if self._receipt.waiting:
            if self._after is not None:
                self._next_step_at = now.at + SETTLE_SECONDS
                return []
        elif self._receipt.failed:
            self._keep_failed(now)
        if self._retries != self._outbox.limits.retries:
            self._retries = self._outbox.limits.retries
            self.announce(now)
        if now.at < self._next_step_at:
            return []
        if self._after is not None:
            return self._step(now)
        waits = not may_remove and now.at - self._outbox.connected_at < HOLD_S and bool(self._not_wanted)
        may_begin = not waits and Use.LOOKING not in self._former_bases.devices.values()
        return self._begin(now, may_remove=may_remove) if self._is_due(now) and may_begin else []

    def _is_due(self, now: Now) -> bool:
        """Whether something is to be announced now; makes the announcement."""
        if self._due_at is None or now.at < self._due_at:
            return False
        if self._make is not None:
            self._wanted, self._make = self._make(), None
            self.cleared.watch(self._wanted)
        if not self._needs_all and self._wanted == self._begun:
            self._due_at = None
        return self._due_at is not None

    @property
    def _not_wanted(self) -> frozenset[Place]:
        """What is announced and would be removed."""
        kept = {place.identity for place in self._wanted.places} if self._wanted else frozenset()
        return frozenset(place for place in self._announced.places if place.identity not in kept)

    def _begin(self, now: Now, *, may_remove: bool) -> list[Effect]:
        self._due_at, self._announced_once, self._receipt = None, True, Receipt()
        if self._begun not in (None, self._wanted):
            self._outbox.republish(("info",), 0.0, now)  # an old one shows that this is old, too
        self._begun = self._wanted
        update = self._device_update()
        if update is not None:
            self._publish(update, now)
            return []
        self._complete, self._needs_all, self._kept = self._wanted, False, frozenset()
        unknown = {device for device, use in self._former_bases.devices.items() if use is Use.UNKNOWN}
        known = without(self._announced, unknown) - Announced(frozenset() if may_remove else self._not_wanted)
        self._aside = self._announced - known
        todo = plan(known, self._wanted, online=self.online)
        self._elsewhere.removed(known.places - self._left - todo.after.places)
        unrecorded, self._unrecorded = self._unrecorded, ()
        if self._wanted is None:
            recorded = {message.topic for step in todo.steps for message in step}
            self._publish((message for message in unrecorded if message.topic not in recorded), now)
        if not todo.steps:
            self._done(now)
            return self._record(todo.after)
        self._steps, self._after = deque(zip(todo.records, todo.steps, strict=True)), todo.after
        return [*self._warning(known.places, todo.after.places), *self._step(now)]

    def _warning(self, before: Iterable[Place], after: Iterable[Place]) -> list[Effect]:
        """Warn if triggers of our device are replaced: one that only disappears or is new needs nothing of the user."""
        ours = (DeviceTrigger.platform, self._former_bases.present_device)
        old, new = ({p.identity for p in places if (p.platform, p.device_id) == ours} for places in (before, after))
        warned, self._warned = self._warned, new
        return [Log(logging.WARNING, NEW_TEXTS)] if old - new and new - old and new != warned else []

    def _step(self, now: Now) -> list[Effect]:
        """Carry out the next step; after the last one, publish all retained states: new entities have none yet.

        Unless the broker did not accept a single one.
        """
        self._next_step_at = now.at + SETTLE_SECONDS
        if self._steps:
            record, messages = self._steps.popleft()
            self._publish(messages, now)
            return self._record(record)
        after, self._after = self._after, None
        self._done(now)
        if after is None or not after.places or after.places - self._kept:
            self._outbox.resend_states()
        return self._record(after) if after is not None else []

    def _done(self, now: Now) -> None:
        self._elsewhere.done()
        self._finished_at = now.at
        self._left = frozenset()
        if not self._kept:
            self._denials = 0

    def _keep_failed(self, now: Now) -> None:
        """Keep what was announced on topics on which a message failed: Home Assistant may still have it.

        The next complete announcement tries it again: after a pause if the broker has refused it, at the latest on the
        next connection.
        """
        receipt, self._receipt = self._receipt, Receipt()
        self._kept |= {place for place in self._announced.places if place.topic in receipt.failed}
        self._needs_all = True
        if receipt.for_good:
            self._denials += 1
            self.announce(now, pause_for_good(self._denials))
        elif receipt.for_now:
            self.announce(now, REFUSED_S)

    def _record(self, announced: Announced) -> list[Effect]:
        return self._remember(announced | Announced(self._kept) | self._aside)

    def _device_update(self) -> tuple[Message, ...] | None:
        """Return the messages for a change of the device's name, model or versions; None if more has changed."""
        if self._needs_all or self._wanted is None or self._complete is None:
            return None
        return self._wanted.device_update(self._complete)

    def _publish(self, messages: Iterable[Message], now: Now) -> None:
        for message in messages:
            publish = as_publish(message)
            # Not limited like events: there are as many as there are entities.
            self._outbox.send_event(f"discovery {message.topic}", publish, now, keep_s=inf, receipt=self._receipt)

    def _remember(self, announced: Announced) -> list[Effect]:
        if announced == self._announced:
            return []
        self._announced = announced
        return [Save(ANNOUNCED, announced.as_json())]


def as_publish(message: Message) -> Publish:
    """Return a message of the discovery as it is sent."""
    return Publish(message.topic, encode(message.payload), message.qos, message.retain)

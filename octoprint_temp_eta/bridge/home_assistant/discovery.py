"""Announcing the device to Home Assistant: coalesced, step by step, and remembered."""

from __future__ import annotations

from collections import deque

from ha_discovery import SETTLE_SECONDS, Announced, Announcement, Message, plan

from ...messages.encode import encode
from ..broker.outbox import Outbox
from ..protocol.effects import Effect, Publish, Save
from ..protocol.inputs import Now

#: The file in which it is remembered what Home Assistant may know of.
ANNOUNCED = "announced"
#: s for which changes are gathered: heaters and scripts turn up one by one.
COALESCE_S = 2.0
#: The same for a broker that is reached again: what there is has turned up, and the broker may have forgotten it.
RECONNECT_S = 0.5
#: s for which a step waits for a connection; later the whole is planned anew.
KEEP_S = 30.0


class Discovery:
    """Leads Home Assistant from what was announced to what is wanted.

    `online` is whether Home Assistant is known to listen.
    """

    def __init__(self, outbox: Outbox, announced: Announced) -> None:
        self.online = False
        #: Whether anything was announced since OctoPrint has started.
        self._spoke = False
        self._outbox = outbox
        self._announced = announced
        self._wanted: Announcement | None = None
        self._due_at: float | None = None
        self._steps: deque[tuple[Message, ...]] = deque()
        self._after: Announced | None = None
        self._next_step_at = 0.0

    def want(self, wanted: Announcement | None, now: Now) -> None:
        """Set what Home Assistant is to know, None: nothing."""
        if wanted != self._wanted:
            self._wanted = wanted
            self.announce(now)

    def connected(self, now: Now) -> None:
        """There is a connection: announce it all, whatever this broker still knows."""
        self.online = False
        self.announce(now, RECONNECT_S if self._spoke else COALESCE_S)

    def disown(self) -> list[Effect]:
        """Forget what was announced: it is somebody else's now, and not ours to take back."""
        self._steps.clear()
        self._after = None
        return self._remember(Announced())

    def announce(self, now: Now, delay: float = COALESCE_S) -> None:
        """Announce (again) in `delay` seconds, or with whatever else changes until then."""
        due_at = now.at + delay
        self._due_at = due_at if self._due_at is None else min(self._due_at, due_at)

    def tick(self, now: Now, *, may_remove: bool = True) -> list[Effect]:
        """Do what is due; unless it `may_remove`, what would take something back waits.

        A plan under way is finished before the next: halfway, Home Assistant may hold what is about to be taken back.
        """
        if not self._outbox.connected:
            self._steps.clear()
            self._after = None
            return []
        if now.at < self._next_step_at:
            return []
        if self._after is not None:
            return self._step(now)
        due = self._due_at is not None and now.at >= self._due_at
        return self._begin(now) if due and (may_remove or not self._removes) else []

    @property
    def _removes(self) -> bool:
        kept = self._wanted.places if self._wanted else frozenset()
        return not {place.identity for place in self._announced.places} <= {place.identity for place in kept}

    def _begin(self, now: Now) -> list[Effect]:
        self._due_at, self._spoke = None, True
        way = plan(self._announced, self._wanted, online=self.online)
        if not way.steps:
            return self._remember(way.after)
        self._steps, self._after = deque(way.steps), way.after
        return [*self._remember(way.before), *self._step(now)]

    def _step(self, now: Now) -> list[Effect]:
        """Take the next step; once all were taken and have settled, tell all levels: new entities wait for theirs."""
        self._next_step_at = now.at + SETTLE_SECONDS
        if self._steps:
            for message in self._steps.popleft():
                publish = Publish(message.topic, encode(message.payload), message.qos, message.retain)
                # Bounded by itself: there are as many as there are entities.
                self._outbox.raw_edge(f"discovery {message.topic}", publish, now, keep_s=KEEP_S)
            return []
        after, self._after = self._after, None
        self._outbox.repeat()
        return self._remember(after) if after is not None else []

    def _remember(self, announced: Announced) -> list[Effect]:
        if announced == self._announced:
            return []
        self._announced = announced
        return [Save(ANNOUNCED, announced.as_json())]

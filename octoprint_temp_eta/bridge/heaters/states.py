"""The retained state of each heater: its body at a time, and when it is published."""

from __future__ import annotations

from ...core.clock import Now
from ...core.heating.track import HeaterView
from ...messages import encode
from ..outbox.outbox import Outbox
from ..outbox.publish_policy import Gate, policy_of
from .tracks import Tracks


class HeaterStates:
    """Publishes the heaters at each reading, and at a tick only what changes without a reading.

    Views and bodies are kept until something changes: several parts use them at the same time.
    """

    def __init__(self, outbox: Outbox, tracks: Tracks) -> None:
        self._outbox = outbox
        self._tracks = tracks
        self._gates: dict[str, Gate] = {}
        #: Counts the changes of what is published, except that time passes.
        self.revision = 0
        self._viewed: tuple[Now, list[HeaterView], dict[str, encode.Payload]] | None = None
        #: The revision that was published last, and when the newest reading came, in monotonic seconds.
        self._published = 0
        self._read_at = 0.0

    def touch(self) -> None:
        """Note that a heater has changed."""
        self._viewed = None
        self.revision += 1

    def read(self, now: Now) -> None:
        """Note that a reading has come."""
        self._read_at = now.at
        self.touch()

    def drop(self, heater: str) -> None:
        """Clear what was published of a heater that was dropped."""
        self.touch()
        self._gates.pop(heater, None)
        self._outbox.clear("eta", heater=heater)

    def views(self, now: Now) -> list[HeaterView]:
        """Return what is published of each heater."""
        return self._at(now)[0]

    def bodies(self, now: Now) -> dict[str, encode.Payload]:
        """Return the body of `eta` by heater; it is never changed."""
        return self._at(now)[1]

    def publish(self, now: Now, interval: float, *, all_of_them: bool = False) -> None:
        """Publish the heaters that are due, each every `interval` s at most, or all of them."""
        if all_of_them:
            self._gates.clear()
        self._published = self.revision
        for heater, body in self.bodies(now).items():
            gate = self._gates.get(heater)
            if gate is None:
                gate = self._gates[heater] = Gate(policy_of("eta"))
            if gate.passes(body, now.at, interval):
                self._outbox.publish_state("eta", body, now, heater=heater)

    def tick(self, now: Now, interval: float) -> None:
        """Publish what has changed since the newest reading, and what waits for the next one if that is late."""
        waits = self.is_late(now, interval) and any(gate.waits for gate in self._gates.values())
        if waits or self._published != self.revision:
            self.publish(now, interval)

    def is_late(self, now: Now, interval: float) -> bool:
        """Return whether no reading has come for `interval` s."""
        return now.at - self._read_at >= interval

    def _at(self, now: Now) -> tuple[list[HeaterView], dict[str, encode.Payload]]:
        if self._viewed is None or self._viewed[0] is not now:
            views = [self._tracks[name].view(now.at, now.wall) for name in self._tracks.names]
            self._viewed = now, views, {view.heater: encode.eta(view) for view in views}
        return self._viewed[1:]

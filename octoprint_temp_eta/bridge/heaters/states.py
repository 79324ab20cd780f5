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
        #: The time of the views and bodies that are kept, and these by heater.
        self._viewed_at: Now | None = None
        self._viewed: dict[str, tuple[HeaterView, encode.Payload]] = {}
        #: The revision that was published last, and when the newest reading came, in monotonic seconds.
        self._published = 0
        self._read_at = 0.0

    def touch(self) -> None:
        """Note that a heater has changed."""
        self._viewed_at = None
        self.revision += 1

    def read(self, now: Now) -> None:
        """Note that a reading has come, which is processed heater by heater."""
        self._read_at = now.at
        self.touch()

    def drop(self, heater: str) -> None:
        """Clear what was published of a heater that was dropped."""
        self.touch()
        self._gates.pop(heater, None)
        self._outbox.clear("eta", heater=heater)

    def views(self, now: Now) -> list[HeaterView]:
        """Return what is published of each heater."""
        return [self._at(heater, now)[0] for heater in self._tracks.names]

    def bodies(self, now: Now) -> dict[str, encode.Payload]:
        """Return the body of `eta` by heater; it is never changed."""
        return {heater: self._at(heater, now)[1] for heater in self._tracks.names}

    def publish(self, now: Now, interval: float, *, all_of_them: bool = False) -> None:
        """Publish the heaters that are due, each every `interval` s at most, or all of them."""
        if all_of_them:
            self._gates.clear()
        self._published = self.revision
        for heater in self._tracks.names:
            self._publish_one(heater, now, interval)

    def publish_read(self, heater: str, now: Now, interval: float) -> None:
        """Publish a heater whose reading has been processed, if it is due."""
        self._viewed.pop(heater, None)
        self._publish_one(heater, now, interval)

    def _publish_one(self, heater: str, now: Now, interval: float) -> None:
        gate = self._gates.get(heater)
        if gate is None:
            gate = self._gates[heater] = Gate(policy_of("eta"))
        body = self._at(heater, now)[1]
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

    def _at(self, heater: str, now: Now) -> tuple[HeaterView, encode.Payload]:
        if self._viewed_at is not now:
            self._viewed_at, self._viewed = now, {}
        found = self._viewed.get(heater)
        if found is None:
            view = self._tracks[heater].view(now.at, now.wall)
            found = self._viewed[heater] = view, encode.eta(view)
        return found

"""What a script says of itself in its attribute `script_status`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from .allowance import Allowance
from .channel import Channel

#: Seconds between two looks at it; it is also looked at before each line.
POLL = 0.05
#: Changes that are told at once, and each second after that. Of more, the newest is told as soon as it may be.
BURST, RATE = 20, 4.0
#: Longer texts are cut.
MAX_TEXT = 4000


class Status:
    """Tells OctoPrint what the script's attribute `script_status` says, whenever that changes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._script: object = None
        self._told: str | None = None
        self._allowance = Allowance(BURST, RATE)
        self._looking = threading.Lock()
        self._over = threading.Event()

    def look(self) -> None:
        """Tell the status if it is another one than last time; None is none."""
        with self._looking:
            status = self._read()
            # The last one is told in any case.
            if status not in (None, self._told) and (self._over.is_set() or self._allowance.take()):
                self._told = status
                self._channel.send("status", status=status)

    @contextlib.contextmanager
    def of(self, script: object) -> Iterator[None]:
        """Look at the status of `script` also while it computes, sleeps or waits."""
        self._script = script

        def watch() -> None:
            while not self._over.wait(POLL):
                self.look()

        watcher = threading.Thread(target=watch, name="status", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()
            self.look()

    def _read(self) -> str | None:
        # It may be a property of the user's: its errors must not end the run.
        with contextlib.suppress(Exception):
            status = getattr(self._script, "script_status", None)
            return None if status is None else str(status)[:MAX_TEXT]
        return None

"""Two machines with one identity, such as a cloned SD card: seen, said, and not fought over."""

from __future__ import annotations

import json

from ..protocol.identity import Identity


class Clash:
    """Watches our own retained `info`: once ours has come back to us, nobody else has any business there."""

    def __init__(self) -> None:
        #: Who else uses our identity, in words; None: nobody that we know of.
        self.text: str | None = None
        #: Whether it was we who had to leave: what lies there is the other's now.
        self.left = False
        self._ours_is_there = False

    def forget(self) -> None:
        """Begin anew, such as below other topics."""
        self.text, self.left, self._ours_is_there = None, False, False

    def arrived(self, payload: bytes, identity: Identity) -> bool:
        """Take what came on our own `info`; return whether it is we who have to leave.

        What lies there before ours has come back may be our own of before a crash, or of a machine that is no more. Of
        two that live the one with the greater id leaves, so that one stays.
        """
        try:
            info = json.loads(payload)
            boot_id, machine, host = (str(info[key])[:64] for key in ("boot_id", "machine", "host"))
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        if boot_id == identity.boot_id:
            self._ours_is_there = True
            return False
        if not self._ours_is_there:
            return False
        self.text = f"Another OctoPrint, on {host!r}, uses the same instance. Empty it in the settings of one of them"
        self.left = (identity.machine, identity.boot_id) > (machine, boot_id)
        return self.left

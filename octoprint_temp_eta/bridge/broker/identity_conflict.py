"""Detects two machines with one identity, such as after cloning an SD card."""

from __future__ import annotations

import json

from ..protocol.identity import Identity


class IdentityConflict:
    """Watches our retained `info`. After our own has arrived, a foreign one is a conflict."""

    def __init__(self) -> None:
        #: A description of the other machine, None without a conflict.
        self.text: str | None = None
        #: Whether we had to disconnect. Then the topics belong to the other machine.
        self.left = False
        self._ours_is_there = False

    def forget(self) -> None:
        """Reset, such as for other topics."""
        self.text, self.left, self._ours_is_there = None, False, False

    def arrived(self, payload: bytes, identity: Identity) -> bool:
        """Handle a message on our `info`; return whether we have to disconnect.

        A foreign `info` that arrives before our own may be from before a crash, or from a machine that is gone. Of two
        running machines, the one with the greater id disconnects.
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

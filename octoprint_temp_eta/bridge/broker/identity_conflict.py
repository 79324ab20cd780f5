"""Detects two machines with one identity, such as after cloning an SD card."""

from __future__ import annotations

import json
from collections import deque

from ...core.clock import Now
from ...messages import encode
from ..protocol.identity import Identity

#: The reason code with which a broker of MQTT 5 ends a connection because another client uses its client ID.
SESSION_TAKEN_OVER = 0x8E
#: So many takeovers within so many s are a conflict: one alone may be our own connection from before a network failure.
TAKEOVERS, TAKEOVER_WINDOW_S = 3, 300.0
#: s without a takeover after which the conflict is over.
RESOLVED_S = 600.0


class IdentityConflict:
    """Watches our retained `info`, and how often the broker gives our session to another client.

    After our own `info` has arrived, a foreign one is a conflict; so are repeated takeovers.
    """

    def __init__(self) -> None:
        #: Who the other machine is, since when, and what to do; None without a conflict.
        self.text: str | None = None
        #: Whether we had to disconnect. Then the topics belong to the other machine.
        self.left = False
        self._ours_is_there = False
        #: Machine, boot ID and host of the newest foreign `info`.
        self._foreign: tuple[str, str, str] | None = None
        self._takeovers: deque[Now] = deque(maxlen=TAKEOVERS)
        self._since: str | None = None

    def forget(self) -> None:
        """Reset, such as for other topics."""
        self.text, self.left, self._ours_is_there = None, False, False
        self._foreign = self._since = None
        self._takeovers.clear()

    def arrived(self, payload: bytes, identity: Identity, now: Now) -> bool:
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
        if machine != identity.machine:
            self._foreign = machine, boot_id, host
        if not self._ours_is_there:
            return False
        self.text = (
            f"Another OctoPrint, on {host!r}, uses the same printer ID since {self._first(now)}. "
            "Empty Printer ID in the settings of one of them"
        )
        self.left = (identity.machine, identity.boot_id) > (machine, boot_id)
        return self.left

    def taken_over(self, client_id: str, identity: Identity, now: Now) -> bool:
        """Note that another client took over our session; return whether we have to disconnect.

        Only one of the two may: that is decided as for `info`, if the other one's was seen.
        """
        self._takeovers.append(now)
        first = self._takeovers[0]
        if len(self._takeovers) < TAKEOVERS or now.at - first.at > TAKEOVER_WINDOW_S:
            return False
        foreign = self._foreign
        who = f"Another OctoPrint, on {foreign[2]!r}," if foreign else "Another client"
        self.text = (
            f"{who} uses the client ID {client_id!r} since {self._first(first)}, and the broker lets only one of them "
            "be connected. Empty Printer ID, and set another Client ID if it is set, in the settings of one of them"
        )
        self.left = foreign is not None and (identity.machine, identity.boot_id) > foreign[:2]
        return self.left

    def tick(self, now: Now) -> None:
        """End a conflict by takeovers after a time without any."""
        if self._takeovers and now.at - self._takeovers[-1].at > RESOLVED_S and not self.left:
            self._takeovers.clear()
            self.text = self._since = None

    def _first(self, now: Now) -> str:
        self._since = self._since or encode.instant(now.wall)
        return str(self._since)

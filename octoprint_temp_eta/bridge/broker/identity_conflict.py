"""Detects two machines with one identity, such as after cloning an SD card."""

from __future__ import annotations

import json
import re
from collections import deque
from enum import Enum, auto
from math import inf

from ...core.clock import Now
from ...messages import encode
from ..protocol.identity import Identity
from .connection_times import ConnectionTimes

#: The reason code with which a broker of MQTT 5 ends a connection because another client uses its client ID.
SESSION_TAKEN_OVER = 0x8E
#: The number of takeovers within a window in seconds that is a conflict. A single one may be our own connection from
#: before a network failure.
TAKEOVERS, TAKEOVER_WINDOW_S = 3, 300.0
#: Seconds without a takeover after which the conflict has ended.
RESOLVED_S = 600.0
#: How often our `info` is published, and at which interval in seconds, to see whether the sender of a foreign one
#: replies. A single message is no conflict: any client can publish it, or it is left over from earlier.
ASKS, ASK_EVERY_S = 3, 5.0
#: Seconds after which a machine that left checks whether the other one is still there; doubled each time, up to a
#: maximum.
RETURN_S, GREATEST_RETURN_S = 60.0, 960.0
#: Seconds after which the other machine would have left if the topics were not its own, and the longest in which it is
#: not noticed meanwhile: one that has left returns later than that.
YIELD_S, LONGEST_GAP_S = 30.0, 15.0
#: Seconds between two times that the machine that stays publishes everything again: the other one has overwritten it.
DEFEND_S = 5.0
_MACHINE, _BOOT_ID = re.compile(r"[0-9a-f]{8,64}"), re.compile(r"[A-Za-z0-9_-]{1,64}")


class Found(Enum):
    """What a message on our `info` means."""

    NOTHING = auto()
    #: Publish our states again: a running machine replies, and may have overwritten them.
    ANOTHER = auto()
    #: Disconnect: the topics belong to the other machine.
    LEAVE = auto()


class IdentityConflict:
    """Watches our retained `info`, and how often the broker gives our session to another client.

    After our own `info` has arrived, a foreign one whose sender replies to ours is a conflict. So are repeated
    takeovers. The machine that was there first stays: a copy that is started later, or a client that poses as one,
    cannot take a running printer off its topics. Of two machines that connect at the same time, such as after a restart
    of the broker, the one with the greater id leaves; if it does not, the topics are its own.
    """

    def __init__(self) -> None:
        #: Who the other machine is, since when, and what to do; None without a conflict.
        self.text: str | None = None
        #: Whether we had to disconnect. Then the topics belong to the other machine.
        self.left = False
        self._ours_is_there = False
        #: Machine, boot ID and host of the newest foreign `info`.
        self._foreign: tuple[str, str, str] | None = None
        #: The boot ID whose reply we wait for, when we published our `info` for it last, and how often.
        self._asked: str | None = None
        self._asked_at, self._asks = 0.0, 0
        self._takeovers: deque[Now] = deque(maxlen=TAKEOVERS)
        self._since: str | None = None
        self._left_at = 0.0
        self.times = ConnectionTimes()
        #: When the other machine was noticed last.
        self._noticed_at = 0.0
        #: When an `info` arrived last that may be a running machine's, and whether one did not long ago.
        self._heard_at = -inf
        self._disputed = False
        #: The boot ID of the other machine in the conflict, since when it stays, and the one whose the topics are.
        self._other: str | None = None
        self._stays_since = self._other_at = 0.0
        self._owner: str | None = None
        #: Whether it has overwritten our states, and when they were published again last.
        self._overwritten, self._defended_at = False, -inf
        #: Seconds from leaving until the next look.
        self.return_s = RETURN_S

    def forget(self, *, moved: bool) -> None:
        """Reset, as the settings have changed; `moved`: to other topics. On the same ones, the other is still there."""
        self.return_s = RETURN_S
        self._heard_at = -inf if moved else self._heard_at
        self._other = self._owner = None
        self._look_again()

    def disputed(self, now: Now) -> bool:
        """Return whether another machine may be using our topics: one that does is heard again before long."""
        return now.at - self._heard_at <= LONGEST_GAP_S

    def yields(self, now: Now) -> bool:
        """Return whether what is on our topics may be another machine's: it may be there, and have been there first."""
        return self.disputed(now) and not self.times.owned

    def defends(self, found: Found, now: Now, *, connected: bool) -> bool:
        """Return whether to publish everything again, as the other machine publishes; not at each of its messages."""
        self._overwritten |= found is Found.ANOTHER
        if not (self._overwritten and connected and now.at - self._defended_at >= DEFEND_S):
            return False
        self._overwritten, self._defended_at = False, now.at
        return True

    def returns(self, now: Now) -> bool:
        """Return whether it is time to connect again and to look whether the other machine is still there."""
        if not self.left or now.at - self._left_at < self.return_s:
            return False
        self.return_s = min(2 * self.return_s, GREATEST_RETURN_S)
        self._look_again()
        return True

    def _look_again(self) -> None:
        self.text, self.left, self._ours_is_there = None, False, False
        self._foreign = self._since = self._asked = None
        self.times = ConnectionTimes()
        self._takeovers.clear()

    def arrived(self, payload: bytes, identity: Identity, now: Now) -> Found:
        """Handle a message on our `info`.

        A foreign `info` that arrives before our own may be from before a crash, or from a machine that is gone.
        """
        sender = sender_of(payload)
        if sender is None:
            return Found.NOTHING
        machine, boot_id, host = sender
        if boot_id == identity.boot_id:
            self._ours_is_there = True
            return Found.NOTHING
        if machine != identity.machine:
            self._foreign = sender
        # one of this machine that arrives before our own is most likely from before a restart
        if self._ours_is_there or machine != identity.machine:
            self._heard_at = now.at
        if not self._ours_is_there:
            return Found.NOTHING
        if boot_id != self._asked:
            return self._ask(boot_id, now)
        # the first text stays: the host is whatever the sender writes, and each new text is reported
        self.text = self.text or (
            f"Another OctoPrint, on {host!r}, uses the same printer ID since {self._first(now)}. "
            "Empty Printer ID in the settings of one of them"
        )
        return self._decide(identity, machine, boot_id, now)

    def _ask(self, boot_id: str, now: Now) -> Found:
        """Find out whether the sender of a foreign `info` is running, one sender at a time."""
        if self._asked is not None and self.text is None:
            return Found.NOTHING
        self._asked, self._asked_at, self._asks = boot_id, now.at, 1
        # a message that arrives before our own info has come back is no reply to it
        self._ours_is_there = False
        return Found.ANOTHER

    def _decide(self, identity: Identity, machine: str, boot_id: str, now: Now) -> Found:
        """Return whether we disconnect: the topics are not ours, and our id is the greater one, or the other stays."""
        if boot_id != self._other or now.at - self._other_at > LONGEST_GAP_S:
            self._other, self._stays_since = boot_id, now.at
        self._noticed_at = self._other_at = now.at
        if now.at - self._stays_since >= YIELD_S:
            self._owner = boot_id
        greater = (identity.machine, identity.boot_id) > (machine, boot_id)
        self.left = not self.times.owned and (greater or boot_id == self._owner)
        if self.left:
            self._left_at = now.at
        return Found.LEAVE if self.left else Found.ANOTHER

    def taken_over(self, client_id: str, identity: Identity, now: Now) -> Found:
        """Note that another client took over our session.

        Only one of the two may: that is decided as for `info`, if the other one's was seen.
        """
        self._takeovers.append(now)
        self._noticed_at = now.at
        first = self._takeovers[0]
        if len(self._takeovers) < TAKEOVERS or now.at - first.at > TAKEOVER_WINDOW_S:
            return Found.NOTHING
        foreign = self._foreign
        who = f"Another OctoPrint, on {foreign[2]!r}," if foreign else "Another client"
        self.text = self.text or (
            f"{who} uses the client ID {client_id!r} since {self._first(first)}, and the broker lets only one of them "
            "be connected. Empty Printer ID, and set another Client ID if it is set, in the settings of one of them"
        )
        return Found.ANOTHER if foreign is None else self._decide(identity, foreign[0], foreign[1], now)

    def tick(self, now: Now) -> Found:
        """Publish our `info` again for a sender that has not replied; end a conflict that is over.

        What is published again when nobody else is heard any more, replaces the last that the other one published.
        """
        self._end(now)
        before, self._disputed = self._disputed, self.disputed(now)
        if self.text is None and self._asked is None:
            self.times.undisputed(now)
        if self.text is None and now.at - self._left_at > 2 * GREATEST_RETURN_S:
            self.return_s = RETURN_S
        asks = self._asks_again(now)
        return Found.ANOTHER if asks or (before and not self._disputed) else Found.NOTHING

    def _asks_again(self, now: Now) -> bool:
        """Return whether our `info` is to be published for a sender that has not replied yet."""
        if self._asked is None or self.text is not None or now.at - self._asked_at < ASK_EVERY_S:
            return False
        if self._asks == ASKS:
            self._asked = None
            return False
        self._asked_at, self._asks = now.at, self._asks + 1
        return True

    def _end(self, now: Now) -> None:
        """Forget takeovers that have stopped, and a machine that was not noticed even when it should have returned."""
        if self.left or (self.text is None and not self._takeovers):
            return
        if now.at - self._noticed_at > (RESOLVED_S if self._takeovers else 2 * GREATEST_RETURN_S):
            self._takeovers.clear()
            self.text = self._since = self._asked = self._owner = None

    def _first(self, now: Now) -> str:
        self._since = self._since or encode.instant(now.wall)
        return str(self._since)


def sender_of(payload: bytes) -> tuple[str, str, str] | None:
    """Return machine, boot ID and host of an `info`, also of another version of the plugin; None if it is invalid."""
    try:
        info = json.loads(payload)
        machine, boot_id, host = info["machine"], info["boot_id"], info["host"]
        valid = _MACHINE.fullmatch(machine) and _BOOT_ID.fullmatch(boot_id) and isinstance(host, str) and host
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not valid:
        return None
    return machine, boot_id, host[:64]

"""Pairs sent messages with their acknowledgements."""

from __future__ import annotations

from ....bridge.protocol.effects import Publish


class Receipts:
    """The messages in flight by packet id. An acknowledgement may come before the library has returned the id.

    Both sides leave their note first and take the message then: taking is atomic, so exactly one of them gets it, and
    no lock is held where the library calls back.
    """

    def __init__(self) -> None:
        self._sent: dict[int, Publish] = {}
        #: The reason codes of acknowledgements that came before.
        self._early: dict[int, int] = {}

    def expect(self, mid: int, message: Publish) -> int | None:
        """Note a sent message; return the reason code if it is acknowledged already."""
        self._sent[mid] = message
        if mid not in self._early:
            return None
        code = self._early.pop(mid, None)
        return code if self._sent.pop(mid, None) is not None else None

    def arrived(self, mid: int, code: int) -> Publish | None:
        """Note an acknowledgement; return the message, None if `expect` has not been called yet."""
        self._early[mid] = code
        message = self._sent.pop(mid, None)
        if message is not None:
            self._early.pop(mid, None)
        return message

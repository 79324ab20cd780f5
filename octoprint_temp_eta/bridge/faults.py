"""Keeps a fault of one part from the others: it is logged, and what the others decide is carried out."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence

from ..core.clock import Now
from .protocol.effects import Effect, Log

#: What the log lines begin with.
FAULT = "A fault of the plugin, which goes on without what failed"
#: Seconds until the same fault is logged again, and the most faults that are told apart.
AGAIN_S, MOST = 600.0, 50


class Faults:
    """Runs what may fail: an exception is a fault of the plugin, which may come with every tick."""

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}

    def guarded(self, act: Callable[[], Sequence[Effect] | None], now: Now) -> list[Effect]:
        """Return the effects of `act`, or the log line of its exception."""
        try:
            return list(act() or ())
        except Exception as error:
            return self.report(error, now)

    def report(self, error: Exception, now: Now) -> list[Effect]:
        """Return the log line of `error`; none if the same one was logged in the last minutes."""
        place = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__}, {place.filename}:{place.lineno}"
        if now.at - self._logged_at.get(fault, -AGAIN_S) < AGAIN_S:
            return []
        if len(self._logged_at) >= MOST:
            self._logged_at.clear()
        self._logged_at[fault] = now.at
        text = "".join(traceback.format_exception(error))
        return [Log(logging.ERROR, f"{FAULT}:\n{text}")]

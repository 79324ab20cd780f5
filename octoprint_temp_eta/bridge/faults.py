"""Keeps a fault of one part from the others: it is logged, and what the others decide is carried out."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence

from ..core.clock import Now
from .protocol.effects import Effect, Log

#: What the log lines begin with.
FAULT = "An internal error in the plugin, which continues without what failed"
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
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else ""
        fault = f"{type(error).__name__}, {where}"
        if now.at - self._logged_at.get(fault, -AGAIN_S) < AGAIN_S:
            return []
        if len(self._logged_at) >= MOST:
            self._logged_at.clear()
        self._logged_at[fault] = now.at
        text = "".join(traceback.format_exception(error))
        return [Log(logging.ERROR, f"{FAULT}:\n{text}")]

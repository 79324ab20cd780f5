"""The notification about a movement that is refused because a script controls the printer."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ...core.clock import Now
from ..part import InputHandler, Part
from ..protocol.effects import Effect, Log, Page
from ..protocol.script_inputs import MotionRefused
from .runs import ScriptRun

#: Seconds between two notifications. The lines of one button come together.
NOTIFY_EVERY_S = 2.0


class RefusedMotion(Part):
    """Notifies users on the page and in the log."""

    def __init__(self, run: ScriptRun) -> None:
        self._run = run
        self._notified_at = -NOTIFY_EVERY_S

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {MotionRefused: self._refused}

    def _refused(self, event: MotionRefused, now: Now) -> list[Effect]:
        run = self._run.runner.run
        if run is None or now.at < self._notified_at + NOTIFY_EVERY_S:
            return []
        self._notified_at = now.at
        text = (
            f"The printer was not moved ({event.line}): the script {run.title!r} controls it. "
            "Wait for its end, or cancel it."
        )
        page = {"type": "notification", "level": "warning", "title": run.title, "message": text}
        return [Log(logging.INFO, text), Page({**page, "refused_line": event.line})]

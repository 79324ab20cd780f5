"""The shape that all parts of the bridge share.

A part gets the parts that it reads from in its constructor and uses their public, read-only members only. It publishes
through the outbox and returns everything else as effects. A later reply to a command is returned as a `Reply`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..core.clock import Now
from ..messages.decode import Command
from ..messages.encode import Payload
from ..settings.table import Settings
from .protocol.effects import Effect

#: Handles one type of input.
InputHandler = Callable[[Any, Now], list[Effect]]

#: Handles one type of input in steps, and yields the effects of each step.
StepHandler = Callable[[Any, Now], Iterator[list[Effect]]]

#: Executes a command: returns its reply, None if that comes later as a `Reply`, and the effects. Raises `CommandError`
#: if the command is refused.
CommandHandler = Callable[[Command, Now], tuple[Payload | None, list[Effect]]]


class Part:
    """A part of the bridge. Every member has an empty default; a part overrides those that it needs."""

    #: The current settings. The constructor of a part that reads them sets the first ones.
    _settings: Settings

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input. Several parts may handle the same input; they do so in the bridge's order."""
        return {}

    @property
    def steps(self) -> Mapping[type, StepHandler]:
        """The handlers of inputs that take long, by type: what a step publishes is sent before the next step starts.

        They handle an input before those of `inputs` do. Each type of input belongs to one part.
        """
        return {}

    @property
    def commands(self) -> Mapping[str, CommandHandler]:
        """The handlers by name of command. Each command belongs to one part."""
        return {}

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Apply changed settings. `publish_all` follows."""
        del now
        self._settings = settings
        return []

    def tick(self, now: Now) -> list[Effect]:
        """Do what is due."""
        del now
        return []

    def clock_set(self, shift: float) -> None:
        """Move the Unix times that this part holds by `shift` seconds: the clock was set. `publish_all` follows."""
        del shift

    def publish_all(self, now: Now) -> None:
        """Publish every retained state, such as for a new connection or on other topics."""
        del now

    @property
    def stored(self) -> Mapping[str, Any]:
        """What the next start needs: small JSON values by file name, without ending. The bridge saves what changed.

        They are compared after every input. A part that stores a large value returns `Save` itself when it changes.
        """
        return {}

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return this part's keys of the snapshot that REST shows; values are never changed afterwards."""
        del now
        return {}

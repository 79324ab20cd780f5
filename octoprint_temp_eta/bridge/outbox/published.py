"""What the outbox tells the pages."""

from __future__ import annotations

from typing import Any

from ...core.frozen import frozen


@frozen
class Published:
    """A message that was published: its heater if it has one, and its payload; None: the topic is cleared."""

    message: str
    heater: str | None
    payload: Any

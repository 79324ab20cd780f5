"""Fits the announcement into the broker's Maximum Packet Size."""

from __future__ import annotations

from dataclasses import replace

from ha_discovery import Announcement, Form

from ...core.frozen import frozen
from ..outbox.send_limits import GUESS, SendLimits
from .discovery import as_publish


@frozen
class Fitted:
    """An announcement that fits, and what had to be changed for it, as a sentence for people."""

    announcement: Announcement | None
    problem: str | None = None


def fit(announcement: Announcement, limits: SendLimits) -> Fitted:
    """Return the announcement in the single form if the device message is too large for the broker.

    Entities whose own message is too large are left out.
    """
    if all(limits.fits(as_publish(message)) for message in announcement.messages):
        return Fitted(announcement)
    largest = max(len(message.payload.encode()) for message in announcement.messages)
    single = replace(announcement, form=Form.SINGLE)
    messages = zip(single.config.components, single.messages, strict=True)
    fitting = tuple(component for component, message in messages if limits.fits(as_publish(message)))
    left_out = len(single.config.components) - len(fitting)
    problem = (
        f"The announcement to Home Assistant has {largest} bytes, but the broker accepts packets of up to "
        f"{limits.maximum_packet_size}. Each entity is announced in a message of its own instead. "
        + (f"{left_out} entities do not fit and are left out. " if left_out else "")
        + "Raise the broker's packet limit (mosquitto: max_packet_size, message_size_limit)."
        + (GUESS if limits.guessed else "")
    )
    return Fitted(replace(single, config=replace(single.config, components=fitting)), problem)

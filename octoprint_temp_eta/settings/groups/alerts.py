"""Sounds and notifications."""

from __future__ import annotations

from ..rules import Group, group, setting


@group
class Alerts(Group):
    """Sounds and notifications."""

    TITLE = "Sounds and notifications"

    sound_enabled: bool = setting(False, "Enable sounds", "When off, no sound is played.")
    sound_target_reached: bool = setting(
        True, "On target reached: sound", "Play a sound when a heater reaches its target."
    )
    sound_cooldown_finished: bool = setting(
        True, "On cool-down finished: sound", "Play a sound when a heater has cooled down."
    )
    sound_stalled: bool = setting(
        True, "On a heater that does not heat up: sound", "Play a sound when a heater heats far too slowly."
    )
    sound_script_failed: bool = setting(
        True, "On a failed script: sound", "Play a sound when an automation script fails."
    )
    sound_connection_lost: bool = setting(
        True, "On a lost connection: sound", "Play a sound when the connection to the broker is lost."
    )
    sound_volume: float = setting(0.5, "Volume", "How loud the sounds are played.", low=0, high=1)
    sound_min_interval_s: float = setting(
        10.0,
        "Minimum interval between sounds",
        "The same sound for the same heater is not repeated within this time.",
        unit="s",
        low=0,
        high=300,
    )
    notification_enabled: bool = setting(False, "Enable notifications", "When off, no notification is shown.")
    notification_target_reached: bool = setting(
        True, "On target reached: notification", "Show a notification when a heater reaches its target."
    )
    notification_cooldown_finished: bool = setting(
        True, "On cool-down finished: notification", "Show a notification when a heater has cooled down."
    )
    notification_stalled: bool = setting(
        True,
        "On a heater that does not heat up: notification",
        "Show a notification when a heater heats far too slowly.",
    )
    notification_script_failed: bool = setting(
        True, "On a failed script: notification", "Show a notification when an automation script fails."
    )
    notification_connection_lost: bool = setting(
        True, "On a lost connection: notification", "Show a notification when the connection to the broker is lost."
    )
    notification_timeout_s: float = setting(
        6.0, "Display time", "A notification disappears after this time.", unit="s", low=1, high=60
    )
    notification_min_interval_s: float = setting(
        10.0,
        "Minimum interval between notifications",
        "The same notification for the same heater is not repeated within this time.",
        unit="s",
        low=0,
        high=300,
    )

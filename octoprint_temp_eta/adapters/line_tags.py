"""Whose a line in OctoPrint's hooks is, as its tags say."""

from __future__ import annotations

from collections.abc import Iterable

#: Tags that mark the source of a command in OctoPrint's log and for other plugins.
TAGS = frozenset({"source:plugin", "plugin:temp_eta"})
#: The prefix of the tag that identifies a line of a run in OctoPrint's hooks; its key follows.
_KEY_TAG = "temp_eta:script:"
#: The tags of the buttons on OctoPrint's control tab: their lines belong together.
_JOGGING = frozenset({"trigger:printer.jog", "trigger:printer.home", "trigger:printer.extrude"})
#: The tag of the M108 with which OctoPrint cancels a print.
_ABORT_HEATUP = "trigger:abort_heatup"


def tags_of(key: str) -> set[str]:
    """Return the tags of the line `key` of a run."""
    return {*TAGS, f"{_KEY_TAG}{key}"}


def key_of(tags: Iterable[str] | None) -> str | None:
    """Return the key of a line of a run, None for other lines."""
    return next((tag.removeprefix(_KEY_TAG) for tag in tags or () if tag.startswith(_KEY_TAG)), None)


def run_of(key: str) -> str | None:
    """Return the run whose script has sent a line; None for those at the end of a run, which have words for numbers."""
    run, _, number = key.rpartition(".")
    return run if number.isdecimal() else None


def is_ours(tags: set[str]) -> bool:
    """Whether a line is the plugin's."""
    return tags >= TAGS


def is_jog(tags: set[str]) -> bool:
    """Whether a line is of a button on OctoPrint's control tab."""
    return bool(tags & _JOGGING)


def ends_heat_up(gcode: str | None, tags: set[str]) -> bool:
    """Whether a line is the M108 of a print that is cancelled. If our command cancels it, it has our tags, too."""
    return gcode == "M108" and _ABORT_HEATUP in tags

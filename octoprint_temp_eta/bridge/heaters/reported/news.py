"""What is new in a reading: OctoPrint repeats the last temperature of each name that the printer has not reported."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ....core.estimation.samples import plausible
from ...protocol.inputs import Profile
from .selection import Reading


def values(raw: Mapping[str, tuple[object, object]]) -> dict[str, Reading]:
    """Return temperature and target of each name, None for what is none."""
    return {name: (plausible(actual), _target(plausible(target))) for name, (actual, target) in raw.items()}


def repeated_names(names: Collection[str], repeated: frozenset[str], profile: Profile | None) -> frozenset[str]:
    """Return the `repeated` ones: OctoPrint copies the temperature of a shared nozzle from one tool to all others."""
    if not repeated or profile is None or not profile.shared_nozzle:
        return repeated
    tools = {name for name in names if name.startswith("tool")}
    return repeated if tools <= repeated else repeated - tools


def news(
    readings: Mapping[str, Reading],
    repeated: frozenset[str],
    zeros: frozenset[str],
    targets: Mapping[str, float],
) -> dict[str, Reading]:
    """Return what has been reported, and of `repeated` names the targets other than those in `targets`.

    Of `zeros` only the target has been reported, see `Presence`.

    OctoPrint sets the target when it sends a command: that counts before the printer has reported it. It is new until
    it is in `targets`: a heater may not believe it at once.
    """
    found = {}
    for name, (actual, target) in readings.items():
        if name not in repeated:
            found[name] = None if name in zeros else actual, target
        elif target is not None and target != targets.get(name):
            found[name] = None, target
    return found


def _target(value: float | None) -> float | None:
    return None if value is None or value < 0 else value or 0.0

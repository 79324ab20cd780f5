"""The retained forecast: how long it would take from now to each of OctoPrint's temperature presets."""

from __future__ import annotations

from typing import Any

from ...core.clock import Now
from ...core.estimation.estimator import Estimate
from ...messages import encode
from ..broker.outbox import Outbox
from ..protocol.inputs import Preset, Presets
from .heaters import Heaters

#: s between two looks, and °C that a heater must have moved to look again: a forecast is no countdown.
INTERVAL_S, MOVED_C = 300.0, 3.0
#: A forecast is published again when it has changed by more than so many seconds, and this share of it.
MOVED_S, MOVED_SHARE = 5.0, 0.05


class Forecasts:
    """Looks ahead now and then, and tells when the outlook has really changed."""

    def __init__(self, outbox: Outbox, heaters: Heaters) -> None:
        self._outbox = outbox
        self._heaters = heaters
        self._presets: tuple[Preset, ...] = ()
        self._looked_at: float | None = None
        self._looked_from: dict[str, float] = {}
        self._told: list[dict[str, Any]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The presets' names, in OctoPrint's order."""
        return tuple(preset.name for preset in self._presets)

    def presets(self, event: Presets, now: Now) -> None:
        """Take OctoPrint's presets."""
        self._presets = event.presets
        self.look_again(now)

    def look_again(self, now: Now) -> None:
        """Something has changed that matters to forecasts: look at the next tick."""
        del now
        self._looked_at = None

    def tick(self, now: Now) -> None:
        """Look ahead where that is due and worth it."""
        actuals = {view.heater: view.actual for view in self._heaters.views(now) if view.actual is not None}
        if self._looked_at is not None and actuals.keys() == self._looked_from.keys():
            moved = (abs(actual - self._looked_from[heater]) for heater, actual in actuals.items())
            if now.at - self._looked_at < INTERVAL_S or max(moved, default=0.0) < MOVED_C:
                return
        self._looked_at, self._looked_from = now.at, actuals
        told = [self._preset(preset, list(actuals)) for preset in self._presets]
        if self._told is None or _changed(self._told, told):
            self._told = told
            self._outbox.publish_state("forecast", {"presets": told}, now)

    def tell(self, now: Now) -> None:
        """Set the level again, below topics that are new."""
        if self._told is not None:
            self._outbox.publish_state("forecast", {"presets": self._told}, now)

    def _preset(self, preset: Preset, heaters: list[str]) -> dict[str, Any]:
        targets = {heater: target for heater in heaters if (target := preset.target(heater))}
        estimates = {heater: self._heaters.forecast(heater, target) for heater, target in targets.items()}
        return {
            "name": preset.name,
            "printer": _printer(list(estimates.values())),
            "heaters": {
                heater: {"target": targets[heater]} | encode.estimate(estimate)
                for heater, estimate in estimates.items()
            },
        }


def _printer(estimates: list[Estimate | None]) -> dict[str, Any] | None:
    """Return when the last heater is ready: all heat at the same time. None where one of them can't be told."""
    known = [estimate for estimate in estimates if estimate is not None]
    if not known or len(known) < len(estimates):
        return None
    lows, highs = [each.low for each in known], [each.high for each in known]
    return encode.estimate(
        Estimate(
            max(each.eta for each in known),
            None if None in lows else max(low for low in lows if low is not None),
            None if None in highs else max(high for high in highs if high is not None),
        )
    )


def _changed(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> bool:
    """Whether more than the seconds have changed, or the seconds by more than is worth a recorder row."""

    def outline(told: list[dict[str, Any]]) -> list[Any]:
        return [
            (p["name"], {h: (e["target"], e["eta_seconds"] is None) for h, e in p["heaters"].items()}) for p in told
        ]

    if outline(before) != outline(after):
        return True
    pairs = (
        (old["heaters"][heater]["eta_seconds"], new["heaters"][heater]["eta_seconds"])
        for old, new in zip(before, after, strict=True)
        for heater in new["heaters"]
    )
    return any(old is not None and abs(new - old) > max(MOVED_S, MOVED_SHARE * old) for old, new in pairs)

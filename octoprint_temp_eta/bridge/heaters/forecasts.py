"""The retained forecast: how long it would take from now to each of OctoPrint's temperature presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...core.clock import Now
from ...core.estimation.estimator import Estimate
from ...home_assistant.entities.parts import HEARTBEAT_S
from ...messages import encode
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..protocol.effects import Effect
from ..protocol.inputs import Learned, Preset, Presets
from .heaters import Heaters

#: How far a heater must have moved for another computation, in °C, and seconds between two while heaters move.
MOVED_C, INTERVAL_S = 1.0, 30.0
#: The published seconds stay while the new ones differ by at most this number, or by this share of them.
DEADBAND_S, DEADBAND_SHARE = 5.0, 0.05

#: Presets at most, and the longest name in characters: each preset costs a forecast for each heater.
MOST_PRESETS, LONGEST_NAME = 32, 64

#: What a forecast depends on besides temperatures: state and target of each heater.
States = dict[str, tuple[str, float | None]]


class Forecasts(Part):
    """Computes the forecasts when what they depend on changes, and publishes them when they differ."""

    def __init__(self, outbox: Outbox, heaters: Heaters) -> None:
        self._outbox = outbox
        self._heaters = heaters
        self._presets: tuple[Preset, ...] = ()
        #: When and from what the forecasts were computed last, None: they are to be computed.
        self._computed_at: float | None = None
        self._states: States = {}
        #: The heaters' revision at the last look.
        self._seen = -1
        self._actuals: dict[str, float] = {}
        self._published: list[dict[str, Any]] | None = None
        self._published_at = 0.0

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Presets: self.presets, Learned: self.look_again}

    @property
    def names(self) -> tuple[str, ...]:
        """The presets' names, in OctoPrint's order."""
        return tuple(preset.name for preset in self._presets)

    @property
    def known(self) -> tuple[Preset, ...]:
        """OctoPrint's presets, in its order."""
        return self._presets

    def presets(self, event: Presets, now: Now) -> list[Effect]:
        """Use OctoPrint's presets, as far as there are not too many."""
        presets = event.presets[:MOST_PRESETS]
        self._presets = tuple(replace(preset, name=preset.name[:LONGEST_NAME]) for preset in presets)
        return self.look_again(event, now)

    def look_again(self, _: Presets | Learned, __: Now) -> list[Effect]:
        """Compute the forecasts at the next tick: something else that they depend on has changed."""
        self._computed_at = None
        return []

    def tick(self, now: Now) -> list[Effect]:
        """Compute the forecasts if that is due; publish them if they differ, and at the heartbeat."""
        revision = self._heaters.states.revision
        if self._computed_at is not None and revision == self._seen and not self._heartbeat_is_due(now):
            return []
        self._seen = revision
        views = [view for view in self._heaters.states.views(now) if view.actual is not None]
        states: States = {view.heater: (view.state.value, view.target) for view in views}
        actuals = {view.heater: view.actual for view in views if view.actual is not None}
        if not self._is_due(states, actuals, now):
            return []
        self._computed_at, self._states, self._actuals = now.at, states, actuals
        forecasts = [self._preset(preset, list(actuals)) for preset in self._presets]
        if self._published is None or _differ(self._published, forecasts):
            self._published, self._published_at = forecasts, now.at
            self._outbox.publish_state("forecast", {"presets": forecasts}, now)
        elif self._heartbeat_is_due(now):
            # Confirmed within the deadband: the same seconds again, as other ones would be a row in a recorder.
            self._published_at = now.at
            self._outbox.republish(("forecast",), HEARTBEAT_S, now)
        return []

    def publish_all(self, now: Now) -> None:
        """Publish the forecasts again, on topics that are new."""
        if self._published is not None:
            self._outbox.publish_state("forecast", {"presets": self._published}, now)

    def _is_due(self, states: States, actuals: dict[str, float], now: Now) -> bool:
        if self._computed_at is None or states != self._states or actuals.keys() != self._actuals.keys():
            return True
        moved = any(abs(actual - self._actuals[heater]) >= MOVED_C for heater, actual in actuals.items())
        return (moved and now.at - self._computed_at >= INTERVAL_S) or self._heartbeat_is_due(now)

    def _heartbeat_is_due(self, now: Now) -> bool:
        return now.at - self._published_at >= HEARTBEAT_S

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
    """Return when the last heater is ready: all heat at the same time. None if one of them has no forecast."""
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


def _differ(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> bool:
    """Return whether more than the seconds differ, or the seconds by more than the deadband."""

    def outline(forecasts: list[dict[str, Any]]) -> list[Any]:
        return [
            (p["name"], {h: (e["target"], e["eta_seconds"] is None) for h, e in p["heaters"].items()})
            for p in forecasts
        ]

    if outline(before) != outline(after):
        return True
    pairs = (
        (old["heaters"][heater]["eta_seconds"], new["heaters"][heater]["eta_seconds"])
        for old, new in zip(before, after, strict=True)
        for heater in new["heaters"]
    )
    return any(old is not None and _moved(old, new) for old, new in pairs)


def _moved(before: float, after: float) -> bool:
    arrived = (before == 0) != (after == 0)
    return arrived or abs(after - before) > max(DEADBAND_S, DEADBAND_SHARE * before)

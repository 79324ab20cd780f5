"""The retained forecast: how long it would take from now to each of OctoPrint's temperature presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ...core.clock import Now
from ...core.estimation.estimator import Estimate
from ...core.heating.forecasts import Forecast
from ...core.heating.state_machine.states import State
from ...core.heating.track import Situation
from ...home_assistant.entities.parts import HEARTBEAT_S
from ...messages import encode
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part
from ..protocol.effects import Effect
from ..protocol.inputs import Preset, Presets
from .deadband import Watch, moved
from .heaters import Heaters

#: Presets at most, and the longest name in characters: each preset costs a forecast for each heater.
MOST_PRESETS, LONGEST_NAME = 32, 64

#: The file with the forecasts of cold heaters; it is written when all heaters are in one of these states.
FORECASTS = "forecasts"
AT_REST = (State.OFF, State.COOLED_DOWN, State.UNKNOWN)

#: The forecasts of a preset by heater.
ByHeater = dict[str, Forecast]


class Forecasts(Part):
    """Publishes the forecasts when one of them has left its deadband."""

    def __init__(self, outbox: Outbox, heaters: Heaters, version: str = "", kept: object = None) -> None:
        """`kept`: what was stored before the restart, which counts for the same `version` of the plugin."""
        self._outbox = outbox
        self._heaters = heaters
        self._version = version
        heaters.forecasting.restore(kept, self._kept_for)
        self._presets: tuple[Preset, ...] = ()
        #: The heaters' revision at the last look, and that of what was learned; -1: forecasts are to be computed.
        self._seen = -1
        self._basis = -1
        #: By heater, where the published forecasts hold.
        self._watches: dict[str, Watch] = {}
        #: What was published, for each preset; None: nothing yet, or for other presets.
        self._shown: list[ByHeater] | None = None
        self._published_at = 0.0

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Presets: self.presets}

    @property
    def stored(self) -> Mapping[str, Any]:
        """The forecasts of cold heaters: an idle printer needs no others, and the model no numpy."""
        return {FORECASTS: self._heaters.forecasting.kept}

    @property
    def _kept_for(self) -> str:
        return f"{self._version} {self._heaters.settings.algorithm}"

    @property
    def names(self) -> tuple[str, ...]:
        """The presets' names, in OctoPrint's order."""
        return tuple(preset.name for preset in self._presets)

    @property
    def known(self) -> tuple[Preset, ...]:
        """OctoPrint's presets, in its order."""
        return self._presets

    def presets(self, event: Presets, _: Now) -> list[Effect]:
        """Use OctoPrint's presets from the next tick on, as far as there are not too many."""
        presets = event.presets[:MOST_PRESETS]
        self._presets = tuple(replace(preset, name=preset.name[:LONGEST_NAME]) for preset in presets)
        self._shown, self._basis = None, -1
        return []

    def tick(self, now: Now) -> list[Effect]:
        """Publish the forecasts if one has left its deadband, and at the heartbeat."""
        heartbeat = now.at - self._published_at >= HEARTBEAT_S
        revision, basis = self._heaters.states.revision, self._heaters.forecasting.revision
        due = heartbeat or basis != self._basis
        if due or revision != self._seen:
            situations = self._heaters.forecasting.situations()
            if due or not self._hold(situations):
                self._compute(situations, now)
            self._seen, self._basis = revision, basis
            if all(state in AT_REST for (state, _, _), _ in situations.values()):
                self._heaters.forecasting.keep(self._kept_for)
        return []

    def publish_all(self, now: Now) -> None:
        """Publish the forecasts again, on topics that are new."""
        if self._shown is not None:
            self._publish(self._shown, now)

    def _hold(self, situations: Mapping[str, Situation]) -> bool:
        watches = self._watches
        return situations.keys() == watches.keys() and all(
            watches[name].holds(situation, partial(self._forecast, name)) for name, situation in situations.items()
        )

    def _compute(self, situations: Mapping[str, Situation], now: Now) -> None:
        """Compute all forecasts; publish them if one has left its deadband, or confirm them at the heartbeat."""
        heaters = [name for name, (_, actual) in situations.items() if actual is not None]
        forecasts = [
            {name: self._forecast(name, number) for name in heaters if preset.target(name)}
            for number, preset in enumerate(self._presets)
        ]
        if self._shown is None or _differ(self._shown, forecasts):
            self._shown, self._published_at = forecasts, now.at
            self._publish(forecasts, now)
        elif now.at - self._published_at >= HEARTBEAT_S:
            # The same seconds again, as other ones would be a row in a recorder.
            self._published_at = now.at
            self._outbox.republish(("forecast",), HEARTBEAT_S, now)
        for name, situation in situations.items():
            shown = {number: each[name].estimate for number, each in enumerate(self._shown) if name in each}
            computed = {number: forecasts[number][name] for number in shown}
            self._watches[name] = Watch(situation, shown, computed)
        for name in self._watches.keys() - situations.keys():
            del self._watches[name]

    def _forecast(self, heater: str, number: int) -> Forecast:
        return self._heaters.forecasting.forecast(heater, self._presets[number].target(heater))

    def _publish(self, forecasts: list[ByHeater], now: Now) -> None:
        presets = zip(self._presets, forecasts, strict=True)
        self._outbox.publish_state("forecast", {"presets": [_encode(*each) for each in presets]}, now)


def _encode(preset: Preset, forecasts: ByHeater) -> dict[str, Any]:
    estimates = {name: forecast.estimate for name, forecast in forecasts.items()}
    return {
        "name": preset.name,
        "printer": _printer(list(estimates.values())),
        "heaters": {
            name: {"target": preset.target(name)} | encode.estimate(estimate) for name, estimate in estimates.items()
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


def _differ(shown: list[ByHeater], forecasts: list[ByHeater]) -> bool:
    """Return whether forecasts have to be published, as one of them left its deadband or they are of other heaters."""
    return any(
        before.keys() != after.keys() or any(moved(before[name].estimate, after[name].estimate) for name in after)
        for before, after in zip(shown, forecasts, strict=True)
    )

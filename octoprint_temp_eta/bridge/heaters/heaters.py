"""The heaters: from OctoPrint's readings to their levels and edges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core.clock import Now
from ...core.estimation.estimator import Estimate, Estimator, HeaterKind
from ...core.estimation.linear import Limits
from ...core.estimation.methods import make_estimator
from ...core.estimation.samples import plausible
from ...core.heating.accuracy import Accuracy
from ...core.heating.heater import State, Transition
from ...core.heating.track import HeaterView, Policy, Track
from ...messages import encode
from ...messages.topics import LEVEL
from ...settings.table import Settings
from ..broker.outbox import Outbox
from ..protocol.effects import Effect
from ..protocol.inputs import JobBoundary, PrinterChanged, Profile, Readings
from .publish_policy import Gate
from .store import Memory, Place

#: OctoPrint's own names of heaters. Any other is one only with a target: old firmware reports "E", "W" and the like.
STANDARD = re.compile(r"tool\d+|bed|chamber")
#: A heater that OctoPrint no longer names is gone after so many readings.
MISSING_READINGS = 10
#: s without any reading after which nothing is known of a heater.
STALE_S = 120.0
#: s for which a change of state is worth telling late.
STATE_CHANGE_KEEP_S = 30.0


class Heaters:
    """All heaters of the printer, and the printer itself."""

    def __init__(self, outbox: Outbox, memory: Memory, settings: Settings, remembered: object = None) -> None:
        self._outbox = outbox
        self._memory = memory
        self.settings = settings
        #: The newest targets in °C, 0: off, of OctoPrint's standard heaters, whether or not anything is estimated.
        self.targets: dict[str, float] = {}
        self._tracks: dict[str, Track] = {}
        self._gates: dict[str, Gate] = {}
        self._missing: dict[str, int] = {}
        self.printer = PrinterChanged(None, connected=False, printing=False, profile=None)
        for name in remembered if isinstance(remembered, list) else ():
            if isinstance(name, str) and LEVEL.fullmatch(name):
                self._add(name)

    @property
    def names(self) -> list[str]:
        """The heaters, tools first, in OctoPrint's order of names."""
        return sorted(self._tracks, key=lambda name: (HeaterKind.of(name).value != "tool", name))

    @property
    def profile(self) -> Profile | None:
        """OctoPrint's printer profile."""
        return self.printer.profile

    def place(self, heater: str) -> Place:
        """Return what a heater is remembered by: another profile is another printer."""
        return Place(self.profile.id if self.profile else "", heater)

    def forecast(self, heater: str, target: float) -> Estimate | None:
        """Return how long `heater` would take from now to `target` °C, None where that cannot be told."""
        return self._tracks[heater].forecast(target)

    def accuracy(self) -> dict[str, Accuracy]:
        """Return by heater how right its last heat-ups were told, where there were any."""
        known = {name: self._memory.accuracy(self.place(name)) for name in self.names}
        return {name: accuracy for name, accuracy in known.items() if accuracy.scores}

    def configure(self, settings: Settings, now: Now) -> None:
        """Take changed settings; the ways under way begin anew with the method that they choose."""
        self.settings = settings
        self._apply_policy()
        self.restart_estimates()
        if not settings.enabled:
            self.lose(now)

    def printer_changed(self, printer: PrinterChanged, now: Now) -> None:
        """Take the printer's state; without a connection nothing is known of any heater."""
        self.printer = printer
        self._apply_policy()
        if not printer.connected:
            self.targets.clear()
            self.lose(now)
        self.tell(now)

    def lose(self, now: Now) -> None:
        """Nothing is known of any heater."""
        for name in self.names:
            self._changed(name, self._tracks[name].lose(), now)

    def read(self, readings: Readings, now: Now) -> list[Effect]:
        """Take a reading of all heaters, as it came; return what is to be learned from it."""
        if not self.printer.connected:
            return []
        self._note_targets(readings)
        if not self.settings.enabled:
            return []
        effects: list[Effect] = []
        for name, (raw_actual, raw_target) in readings.heaters.items():
            actual, target = plausible(raw_actual), plausible(raw_target)
            if target is not None and target < 0:
                target = None
            if name in self._tracks or self._is_heater(name, actual, target):
                track = self._tracks.get(name) or self._add(name)
                step = track.read(now.at, actual, target)
                self._changed(name, step.transition, now)
                effects += self._memory.take(self.place(name), track.kind, step)
        self._drop_missing(readings.heaters)
        self.tell(now)
        return effects

    def tick(self, now: Now) -> None:
        """Tell what has waited for its interval, and forget what is stale."""
        for name, track in self._tracks.items():
            if track.last_read_at is not None and now.at - track.last_read_at > STALE_S:
                self._changed(name, track.lose(), now)
        self.tell(now)

    def restart_estimates(self, heater: str | None = None) -> None:
        """Drop what the ways under way have shown so far, of one heater or of all."""
        for name in [heater] if heater else self.names:
            self._tracks[name].restart_estimate()

    def job_boundary(self, _: JobBoundary, now: Now) -> None:
        """A job begins or ends: a heating under way belongs to something else now, a cool-down goes on."""
        del now
        for track in self._tracks.values():
            if track.state is State.HEATING:
                track.restart_estimate()

    def tell(self, now: Now, *, all_of_it: bool = False) -> None:
        """Set the levels that may go out now, or all of them."""
        if all_of_it:
            self._gates.clear()
        views = self.views(now)
        for view in views:
            self._tell("eta", view.heater, encode.eta(view), now, heater=view.heater)
        self._tell("printer", "", self._printer_body(views), now)

    def views(self, now: Now) -> list[HeaterView]:
        """Return what is told of each heater at this moment."""
        return [self._view(name, now) for name in self.names]

    def bodies(self, now: Now) -> dict[str, Any]:
        """Return the present bodies: `printer`, and `heaters` by name."""
        views = self.views(now)
        return {"printer": self._printer_body(views), "heaters": {view.heater: encode.eta(view) for view in views}}

    def _printer_body(self, views: list[HeaterView]) -> dict[str, Any]:
        printer = self.printer
        return encode.printer(views, connected=printer.connected, state=printer.state, printing=printer.printing)

    def _tell(self, message: str, key: str, body: dict[str, Any], now: Now, **levels: str) -> None:
        gate = self._gates.setdefault(key, Gate())
        if gate.passes(body, now.at, self.settings.mqtt_publish_interval):
            self._outbox.publish_state(message, body, now, **levels)

    def _view(self, name: str, now: Now) -> HeaterView:
        return self._tracks[name].view(now.at, now.wall)

    def _changed(self, name: str, transition: Transition | None, now: Now) -> None:
        if transition is not None:
            body = encode.state_change(self._view(name, now), transition)
            self._outbox.publish_event("state_change", body, now, keep_s=STATE_CHANGE_KEEP_S, heater=name)

    def _note_targets(self, readings: Readings) -> None:
        for name, (_, raw_target) in readings.heaters.items():
            target = plausible(raw_target)
            if target is not None and STANDARD.fullmatch(name):
                self.targets[name] = max(0.0, target)

    @staticmethod
    def _is_heater(name: str, actual: float | None, target: float | None) -> bool:
        # what is published below `command` would come back as a command
        if not LEVEL.fullmatch(name) or name == "command" or (actual is None and not target):
            return False
        return bool(STANDARD.fullmatch(name)) or target is not None

    def _add(self, name: str) -> Track:
        track = self._tracks[name] = Track(name, self._policy(name), self._estimator)
        return track

    def _drop_missing(self, readings: Mapping[str, object]) -> None:
        if not readings:
            return
        for name in self.names:
            self._missing[name] = 0 if name in readings else self._missing.get(name, 0) + 1
            if self._missing[name] >= MISSING_READINGS:
                del self._tracks[name], self._missing[name]
                self._gates.pop(name, None)
                self._outbox.clear("eta", heater=name)

    def _estimator(self, name: str, kind: HeaterKind, ambient: float) -> Estimator:
        settings = self.settings
        limits = Limits(
            min_rate=settings.min_rate,
            max_eta=settings.max_eta,
            threshold_start=settings.threshold_start,
            cooling_window=settings.cooldown_fit_window_seconds,
            ambient=ambient,
        )
        return make_estimator(settings.algorithm, kind, limits, self._memory.learned(self.place(name)))

    def _apply_policy(self) -> None:
        for name, track in self._tracks.items():
            track.apply(self._policy(name))

    def _policy(self, name: str) -> Policy:
        settings = self.settings
        silent = settings.suppress_while_printing and self.printer.printing
        fixed = {
            HeaterKind.TOOL: settings.cooldown_target_tool0,
            HeaterKind.BED: settings.cooldown_target_bed,
            HeaterKind.CHAMBER: settings.cooldown_target_chamber,
        }
        return Policy(
            heating=settings.enable_heating_eta and not silent,
            cooling=settings.enable_cooldown_eta and not silent,
            cooled_at=fixed[HeaterKind.of(name)] if settings.cooldown_mode == "threshold" else None,
            ambient=settings.cooldown_ambient_temp,
            hysteresis=settings.cooldown_hysteresis_c,
        )

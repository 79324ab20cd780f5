"""The heaters: from OctoPrint's readings to what is published of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from ...core.clock import Now
from ...core.estimation.estimator import Estimator, HeaterKind, Shape
from ...core.estimation.methods import MODEL, make_estimator
from ...core.heating.accuracy import Accuracy
from ...core.heating.state_machine.states import State, Transition
from ...core.heating.track import Policy, Track
from ...messages import encode
from ...messages.topics import LEVEL
from ...settings.table import Settings
from ..outbox.outbox import Outbox
from ..part import InputHandler, Part, StepHandler
from ..printer.printer import Printer
from ..protocol.effects import Effect, Log
from ..protocol.inputs import JobBoundary, Learned, PrinterChanged, Readings
from .estimation import limits, policy
from .forecasting import Forecasting
from .reported.news import news, repeated_names, values
from .reported.selection import Presence, Reading, Selection
from .reported.sensors import Sensors
from .states import HeaterStates
from .store import HeaterStore, Place
from .tracks import MOST_HEATERS, TOO_MANY, Tracks

#: Seconds without a reading after which the temperature of a heater is unknown.
STALE_S = 120.0
#: Seconds for which a change of state may be late.
STATE_CHANGE_KEEP_S = 30.0
CHAMBER = "chamber"
#: The files with the names of the heaters, of the sensors, and of heaters that the printer profile does not have but
#: that were given a target.
HEATERS, SENSORS, HEATED = "heaters", "sensors", "heated"


class Heaters(Part):
    """All heaters of the printer."""

    def __init__(
        self,
        outbox: Outbox,
        printer: Printer,
        store: HeaterStore,
        settings: Settings,
        remembered: Mapping[str, Any],
    ) -> None:
        self._outbox = outbox
        self._printer = printer
        self._store = store
        self.settings = settings
        self._targets: dict[str, float] = {}
        #: The same with those of readings that are doubted.
        self._reported: dict[str, float] = {}
        self._tracks = Tracks(lambda name: Track(name, self._policy(name), self._estimator))
        self.states = HeaterStates(outbox, self._tracks)
        self.forecasting = Forecasting(self._tracks, store, self.place, self._estimator)
        self._sensors = Sensors(outbox, remembered.get(SENSORS))
        self._presence = Presence()
        #: Whether the last reading was doubted as a whole.
        self._doubted = False
        self._overflow_reported = False
        heated, names = remembered.get(HEATED), remembered.get(HEATERS)
        #: Whether the chamber was ever given a target, with this profile.
        self._heated_chamber = isinstance(heated, list) and CHAMBER in heated
        self._profile = printer.profile
        for name in names[:MOST_HEATERS] if isinstance(names, list) else ():
            if isinstance(name, str) and LEVEL.fullmatch(name):
                self._tracks.add(name)
        self._selection = self._select()

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {
            PrinterChanged: self.printer_changed,
            JobBoundary: self.job_boundary,
            Learned: self.forget_forecasts,
        }

    @property
    def steps(self) -> Mapping[type, StepHandler]:
        """The handlers by type of input: a reading is processed heater by heater."""
        return {Readings: self.read}

    @property
    def stored(self) -> Mapping[str, Any]:
        """The names: after a restart, a printer that is off does not report them."""
        return {HEATERS: self.names, HEATED: self.heated, SENSORS: self.sensors}

    @property
    def heated(self) -> list[str]:
        """The heaters that were given a target though the printer profile may not have them."""
        return [CHAMBER] if self._heated_chamber else []

    @property
    def sensors(self) -> list[str]:
        """The names of the temperature sensors."""
        return self._sensors.names

    @property
    def settable(self) -> list[str]:
        """The heaters whose target OctoPrint can set."""
        return [name for name in self.names if self._selection.can_set(name)]

    @property
    def names(self) -> list[str]:
        """The heaters, tools first, in OctoPrint's order of names."""
        return list(self._tracks.names)

    @property
    def targets(self) -> Mapping[str, float]:
        """A copy of the newest targets in °C, 0: off, of OctoPrint's standard heaters, whatever is estimated."""
        return dict(self._targets)

    @property
    def reported_targets(self) -> Mapping[str, float]:
        """The same as `targets`, also of a reading that is doubted: another heater's sensor may be loose."""
        return dict(self._reported)

    @property
    def unread(self) -> list[str]:
        """The heaters that have a target but no temperature: no line reports it, or estimation is off."""
        known = {name for name, track in self._tracks.items() if track.state is not State.UNKNOWN}
        heated = (name for name, target in self._reported.items() if target > 0 and self._selection.is_heater(name))
        return [name for name in heated if name not in known]

    def place(self, heater: str) -> Place:
        """Return what a heater is remembered by: another profile is another printer."""
        profile = self._printer.profile
        return Place(profile.id if profile else "", heater)

    def forget_forecasts(self, *_: object) -> list[Effect]:
        """Compute forecasts anew: what they depend on has changed."""
        self.forecasting.forget()
        self.states.touch()
        return []

    def shape(self, heater: str, at: float) -> Shape:
        """Return the predicted curve of the current heat-up or cool-down, empty if it is unknown."""
        return self._tracks[heater].shape(at)

    def accuracy(self) -> dict[str, Accuracy]:
        """Return the accuracy of recent estimates by heater, if there are any."""
        known = {name: self._store.accuracy(self.place(name)) for name in self.names}
        return {name: accuracy for name, accuracy in known.items() if accuracy.scores}

    def configure(self, settings: Settings, now: Now) -> list[Effect]:
        """Apply changed settings; current episodes start again with the chosen method."""
        self.settings = settings
        self._select_again()
        self._apply_policy()
        self.forget_forecasts()
        self.restart_estimates()
        if not settings.enabled:
            self.lose(now)
        return []

    def clock_set(self, shift: float) -> None:
        """Compute again since when the heaters' states hold."""
        del shift
        for track in self._tracks:
            track.clock_set()
        self.states.touch()

    def printer_changed(self, _: PrinterChanged, now: Now) -> list[Effect]:
        """Process the printer's state; without a connection only cool-downs continue, see `Tracks.disconnect`."""
        before, self._profile = self._profile, self._printer.profile
        if before is not None and before != self._profile:
            self._heated_chamber = False
            self.forget_forecasts()
        self._select_again()
        self._apply_policy()
        if not self._printer.connected:
            self._targets.clear()
            self._reported.clear()
            self._presence.forget()
            self._sensors.lose()
            limit = 60.0 * self.settings.cooldown_extrapolation_minutes
            for name, transition in self._tracks.disconnect(now.at, limit):
                self._changed(name, transition, now)
        self._publish(now)
        return []

    def lose(self, now: Now) -> None:
        """Forget the readings of all heaters."""
        self._sensors.lose()
        for name in self.names:
            self._changed(name, self._tracks[name].lose(now.at), now)
        self.states.touch()

    def read(self, readings: Readings, now: Now) -> Iterator[list[Effect]]:
        """Process a reading of all heaters and sensors; yield what is to be learned from it, heater by heater."""
        if not self._printer.connected:
            return
        present = self._presence.present(values(readings.heaters))
        zeros, lost = self._presence.zeros, self._presence.lost
        repeated = repeated_names(present, readings.repeated, self._printer.profile)
        new = news(present, repeated, zeros, self._reported | self._tracks.targets)
        self._note_heated_chamber(new)
        # One line of the printer has all temperatures: if one of them is an outlier, the whole line is doubted. Never
        # two lines in a row, so that one loose sensor does not hide the others.
        outlier = any(
            name in lost or (name in new and track.doubts(now.at, *new[name])) for name, track in self._tracks.items()
        )
        doubted = self._doubted = outlier and not self._doubted
        self._note_targets(new, doubted=doubted)
        if not self.settings.enabled:
            return
        self.states.read(now)
        for name, reading in new.items():
            if self._is_followed(name, reading):
                yield self._read_heater(name, reading, now, doubted=doubted)
        # A Klipper that is not ready reports one hotend with 0 °C, and nothing else.
        if not doubted and any(actual for actual, _ in present.values()):
            sensors = {name: each for name, each in present.items() if self._selection.is_sensor(name, each)}
            temperatures = {name: None if name in zeros else actual for name, (actual, _) in sensors.items()}
            self._sensors.read(temperatures, repeated | zeros, now)
        for name in self._tracks.missing(present):
            self._drop(name)
        self._publish(now)
        yield self._report_overflow()

    def _is_followed(self, name: str, reading: Reading) -> bool:
        """Return whether `name` is a heater with a track; the first value of a heater adds it."""
        if not self._selection.is_heater(name):
            return False
        actual, target = reading
        return name in self._tracks or ((actual is not None or bool(target)) and self._tracks.add(name))

    def _read_heater(self, name: str, reading: Reading, now: Now, *, doubted: bool) -> list[Effect]:
        track = self._tracks[name]
        step = track.read(now.at, *reading, doubted=doubted)
        self._changed(name, step.transition, now)
        self.states.publish_read(name, now, self.settings.mqtt_publish_interval)
        ignored = [Log(logging.DEBUG, f"{name}: ignoring the {each}") for each in track.take_ignored()]
        learns = self.settings.algorithm == MODEL
        return [*self._store.take(self.place(name), track.kind, step, learns=learns), *ignored]

    def tick(self, now: Now) -> list[Effect]:
        """Extrapolate, and forget what is stale."""
        self._sensors.age(now, STALE_S)
        limit = 60.0 * self.settings.cooldown_extrapolation_minutes
        for name, track in self._tracks.items():
            stale = track.last_read_at is not None and now.at - track.last_read_at > STALE_S
            if track.extrapolated:
                self._changed(name, track.tick(now.at), now)
            elif stale:
                self._changed(name, track.disconnect(now.at, limit), now)
            if track.extrapolated or stale:
                self.states.touch()
        self.states.tick(now, self.settings.mqtt_publish_interval)
        self._sensors.publish(now)
        return []

    def restart_estimates(self, heater: str | None = None) -> None:
        """Drop the samples of the present episode of one heater, or of all."""
        for name in [heater] if heater else self.names:
            self._tracks[name].restart_estimate()
        self.states.touch()

    def job_boundary(self, _: JobBoundary, __: Now) -> list[Effect]:
        """Restart the estimate of heaters that heat: a job that starts or ends changes how they do."""
        for track in self._tracks:
            if track.state is State.HEATING:
                track.restart_estimate()
        self.states.touch()
        return []

    def publish_all(self, now: Now) -> None:
        """Publish every retained state."""
        self._publish(now, all_of_it=True)

    def _publish(self, now: Now, *, all_of_it: bool = False) -> None:
        self.states.publish(now, self.settings.mqtt_publish_interval, all_of_them=all_of_it)
        self._sensors.publish(now, anyway=all_of_it)

    def snapshot(self, now: Now) -> Mapping[str, Any]:
        """Return by heater: `eta`, and `history`, the last heat-ups and cool-downs."""
        history = {name: self._store.history(self.place(name)) for name in self.names}
        return {"eta": self.states.bodies(now), "history": history}

    def _changed(self, name: str, transition: Transition | None, now: Now) -> None:
        if transition is not None:
            body = encode.state_change(self._tracks[name].view(now.at, now.wall), transition)
            self._outbox.publish_event("state_change", body, now, keep_s=STATE_CHANGE_KEEP_S, heater=name)

    def _note_targets(self, readings: Mapping[str, Reading], *, doubted: bool) -> None:
        targets = {name: target for name, (_, target) in readings.items() if target is not None}
        own = {name: target for name, target in targets.items() if self._selection.has_target(name)}
        self._reported.update(own)
        if not doubted:
            self._targets.update(own)

    def _note_heated_chamber(self, readings: Mapping[str, Reading]) -> None:
        """A chamber with a target is heated, whatever the profile has; OctoPrint repeats an old target."""
        _, target = readings.get(CHAMBER, (None, None))
        if not self._heated_chamber and target and target != self._targets.get(CHAMBER):
            self._heated_chamber = True
            self._select_again()

    def _select(self) -> Selection:
        return Selection.of(self.settings, self._printer.profile, heated_chamber=self._heated_chamber)

    def _select_again(self) -> None:
        """Drop the heaters and sensors that settings or profile no longer permit."""
        self._selection = self._select()
        for name in self.names:
            if not self._selection.is_heater(name):
                self._drop(name)
        for name in self.sensors:
            if not self._selection.is_sensor(name, (0.0, 0.0)):
                self._sensors.drop(name)

    def _drop(self, name: str) -> None:
        self._tracks.drop(name)
        self.states.drop(name)
        if name == CHAMBER:
            self._heated_chamber = False
            self._selection = self._select()

    def _report_overflow(self) -> list[Effect]:
        """Report once that there are more heaters or sensors than are published."""
        overflow = self._tracks.overflow or self._sensors.overflow
        if not overflow or self._overflow_reported:
            return []
        self._overflow_reported = True
        return [Log(logging.WARNING, TOO_MANY)]

    def _estimator(self, name: str, kind: HeaterKind, ambient: float) -> Estimator:
        settings = self.settings
        return make_estimator(
            settings.algorithm, kind, limits(settings, ambient), self._store.learned(self.place(name))
        )

    def _apply_policy(self) -> None:
        for name, track in self._tracks.items():
            track.apply(self._policy(name))
        self.states.touch()

    def _policy(self, name: str) -> Policy:
        return policy(self.settings, name, printing=self._printer.printing)

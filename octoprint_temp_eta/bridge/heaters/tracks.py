"""The tracks of the heaters by name, in the order in which they are published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ...core.estimation.estimator import HeaterKind
from ...core.heating.state_machine.states import State, Transition
from ...core.heating.track import Track
from .reported.selection import Reading
from .reported.sensors import MOST_SENSORS

#: Heaters at most; the rest is reported in the log.
MOST_HEATERS = 16
TOO_MANY = (
    f"The printer reports more than {MOST_HEATERS} heaters or {MOST_SENSORS} temperature sensors. "
    "The rest is not published. List names that you don't need in the setting ignored_heaters."
)
#: Readings without a name after which its heater is dropped.
MISSING_READINGS = 10
#: A name that OctoPrint lists without any value.
NOTHING: Reading = (None, None)


class Tracks:
    """The heaters that have a track. `make` returns the track of a new heater."""

    def __init__(self, make: Callable[[str], Track]) -> None:
        self._make = make
        self._tracks: dict[str, Track] = {}
        self._missing: dict[str, int] = {}
        #: The heaters: tools first, then as OctoPrint does.
        self.names: tuple[str, ...] = ()
        #: Whether a heater was left out because there are too many.
        self.overflow = False

    def __getitem__(self, name: str) -> Track:
        return self._tracks[name]

    def __iter__(self) -> Iterator[Track]:
        return iter(self._tracks.values())

    def __contains__(self, name: str) -> bool:
        return name in self._tracks

    def items(self) -> list[tuple[str, Track]]:
        """Return names and tracks, in the order in which they were added."""
        return list(self._tracks.items())

    @property
    def targets(self) -> dict[str, float]:
        """The targets in °C that the heaters believe, by name."""
        return {name: track.target for name, track in self._tracks.items()}

    def add(self, name: str) -> bool:
        """Add a heater, if it is new and there are not too many; return whether it was added."""
        if name in self._tracks:
            return False
        if len(self._tracks) >= MOST_HEATERS:
            self.overflow = True
            return False
        self._tracks[name] = self._make(name)
        self._sort()
        return True

    def drop(self, name: str) -> None:
        """Remove a heater."""
        del self._tracks[name]
        self._missing.pop(name, None)
        self._sort()

    def missing(self, readings: Mapping[str, Reading]) -> list[str]:
        """Count the heaters without a value in `readings`, and return those to drop.

        Only those count that had one on this connection: a Klipper that is not ready reports no bed.
        """
        if not readings:
            return []
        for name in self.names:
            actual, target = readings.get(name, NOTHING)
            if actual is not None or target:
                self._missing[name] = 0
            elif name in self._missing:
                self._missing[name] += 1
        return [name for name in self.names if self._missing.get(name, 0) >= MISSING_READINGS]

    def disconnect(self, at: float, limit: float) -> Iterator[tuple[str, Transition | None]]:
        """The printer is disconnected: yield each heater with its change, see `Track.disconnect`.

        Those that cool come first: beside them, the heaters at rest keep their state.
        """
        self._missing.clear()
        for name in sorted(self.names, key=lambda name: self._tracks[name].state is not State.COOLING):
            beside = any(track.extrapolated for track in self)
            yield name, self._tracks[name].disconnect(at, limit, beside=beside)

    def _sort(self) -> None:
        self.names = tuple(sorted(self._tracks, key=lambda name: (HeaterKind.of(name).value != "tool", name)))

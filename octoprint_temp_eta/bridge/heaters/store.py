"""What is stored for each heater of each printer profile: what was learned, and the accuracy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from ...core.clock import Now
from ...core.estimation.estimator import Direction, HeaterKind, LearnedState
from ...core.frozen import frozen
from ...core.heating.accuracy import LAST_COMPARED, Accuracy, Comparison
from ...core.heating.track import Step
from ..part import InputHandler, Part
from ..protocol.effects import Effect, Learn, Page, Save
from ..protocol.inputs import Learned

#: The file name, and the version of its format.
LEARNED = "learned"
VERSION = 1

#: Open pages request the history again.
CHANGED = Page({"type": "history_update"})


@frozen
class Place:
    """A heater of a printer profile."""

    profile: str
    heater: str

    def __str__(self) -> str:
        return f"{self.profile}/{self.heater}"


class HeaterStore(Part):
    """What is stored as one JSON value: by place, `learned`, `accuracy` and `episodes`."""

    def __init__(self, stored: Any) -> None:
        valid = isinstance(stored, Mapping) and stored.get("version") == VERSION
        places = stored.get("heaters") if valid else None
        self._learned: dict[str, LearnedState] = {}
        self._accuracy: dict[str, Accuracy] = {}
        #: The last heat-ups and cool-downs, oldest first.
        self._episodes: dict[str, list[Comparison]] = {}
        #: The places that are being learned, and those of them that were forgotten meanwhile.
        self._learning: set[str] = set()
        self._discarded: set[str] = set()
        for place, entry in places.items() if isinstance(places, Mapping) else ():
            if isinstance(entry, Mapping):
                if isinstance(entry.get("learned"), Mapping):
                    self._learned[place] = entry["learned"]
                self._accuracy[place] = Accuracy.from_json(entry.get("accuracy"))
                self._episodes[place] = _episodes(entry.get("episodes"))

    @property
    def inputs(self) -> Mapping[type, InputHandler]:
        """The handlers by type of input."""
        return {Learned: self.learn}

    def learned(self, place: Place) -> LearnedState | None:
        """Return what was learned of a heater."""
        return self._learned.get(str(place))

    def accuracy(self, place: Place) -> Accuracy:
        """Return the accuracy of a heater's recent estimates."""
        return self._accuracy.get(str(place), Accuracy())

    @property
    def fingerprint(self) -> str:
        """A text that changes with what was learned."""
        return f"{crc32(json.dumps(self._learned, sort_keys=True).encode()):08x}"

    def history(self, place: Place) -> dict[str, Any]:
        """Return the last `episodes` of a heater, oldest first, and from how many it has `learned`, by direction."""
        learned = self._learned.get(str(place), {})
        return {
            "episodes": [each.as_json() for each in self._episodes.get(str(place), ())],
            "learned": {direction.value: _traces(learned.get(direction.value)) for direction in Direction},
        }

    def take(self, place: Place, kind: HeaterKind, step: Step, *, learns: bool) -> list[Effect]:
        """Record the accuracy of a complete episode, and learn from it if the estimation method `learns`."""
        if step.episode is None:
            return []
        if step.score is not None and step.episode.goal.direction is Direction.HEATING:
            self._accuracy[str(place)] = self.accuracy(place).with_score(step.score)
        if step.comparison is not None:
            self._episodes[str(place)] = [*self._episodes.get(str(place), ()), step.comparison][-LAST_COMPARED:]
        if not learns:
            return [self._save(), CHANGED]
        self._learning.add(str(place))
        return [Learn(str(place), kind, self.learned(place), step.episode)]

    def learn(self, event: Learned, _: Now) -> list[Effect]:
        """Store what was learned from an episode, unless the heater was reset meanwhile."""
        self._learning.discard(event.place)
        if event.place in self._discarded:
            self._discarded.discard(event.place)
            return []
        if event.state is not None:
            self._learned[event.place] = event.state
        return [self._save(), CHANGED]

    def forget(self, place: Place) -> list[Effect]:
        """Forget a heater."""
        if str(place) in self._learning:
            self._discarded.add(str(place))
        self._learned.pop(str(place), None)
        self._accuracy.pop(str(place), None)
        self._episodes.pop(str(place), None)
        return [self._save(), CHANGED]

    def _save(self) -> Save:
        heaters: dict[str, Any] = {
            place: {
                "learned": self._learned.get(place),
                "accuracy": self._accuracy.get(place, Accuracy()).as_json(),
                "episodes": [each.as_json() for each in self._episodes.get(place, ())],
            }
            for place in sorted(self._learned.keys() | self._accuracy.keys() | self._episodes.keys())
        }
        return Save(LEARNED, {"version": VERSION, "heaters": heaters})


def _episodes(stored: Any) -> list[Comparison]:
    found = [Comparison.from_json(each) for each in stored] if isinstance(stored, list) else []
    return [each for each in found if each is not None][-LAST_COMPARED:]


def _traces(learned: Any) -> int:
    """Return the number of episodes in one direction of a learned state; 0 where there are none."""
    traces = learned.get("traces") if isinstance(learned, Mapping) else None
    return len(traces) if isinstance(traces, list) else 0

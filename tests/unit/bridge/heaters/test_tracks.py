"""The tracks of the heaters: their order, their number, and those that are no longer reported."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.heaters.estimation import policy
from octoprint_temp_eta.bridge.heaters.reported.selection import Reading
from octoprint_temp_eta.bridge.heaters.tracks import MISSING_READINGS, MOST_HEATERS, Tracks
from octoprint_temp_eta.core.estimation.linear import Limits, Linear
from octoprint_temp_eta.core.heating.state_machine.states import State
from octoprint_temp_eta.core.heating.track import Track
from octoprint_temp_eta.settings.table import Settings


def tracks(*names: str) -> Tracks:
    made = Tracks(lambda name: Track(name, policy(Settings(), name, printing=False), lambda *_: Linear(Limits())))
    for name in names:
        made.add(name)
    return made


def test_the_tools_come_first() -> None:
    assert tracks("bed", "tool1", "P", "tool0").names == ("tool0", "tool1", "P", "bed")


def test_a_heater_that_is_there_keeps_its_track() -> None:
    made = tracks("bed")
    track = made["bed"]
    assert not made.add("bed")
    assert made["bed"] is track
    assert not made.overflow


def test_beyond_the_most_heaters_none_is_added() -> None:
    made = tracks(*[f"tool{number}" for number in range(MOST_HEATERS)])
    assert not made.overflow
    assert not made.add("bed")
    assert made.overflow
    assert "bed" not in made


@pytest.mark.parametrize("absent", [{"tool0": (20.0, 0.0)}, {"tool0": (20.0, 0.0), "bed": (None, 0.0)}])
def test_a_heater_without_a_value_is_missing_after_a_number_of_readings(absent: dict[str, Reading]) -> None:
    made = tracks("bed", "tool0")
    for _ in range(MISSING_READINGS):
        assert made.missing(absent) == [], "it may not be ready yet"
    made.missing({"tool0": (20.0, 0.0), "bed": (20.0, 0.0)})
    for _ in range(MISSING_READINGS - 1):
        assert made.missing(absent) == []
    assert made.missing({}) == [], "a reading of nothing is no evidence"
    assert made.missing(absent) == ["bed"]
    made.drop("bed")
    assert made.names == ("tool0",)


@pytest.mark.parametrize("present", [(20.0, None), (None, 60.0)])
def test_a_value_in_between_starts_the_count_again(present: Reading) -> None:
    made = tracks("bed")
    for _ in range(MISSING_READINGS - 1):
        made.missing({"tool0": (20.0, 0.0)})
    assert made.missing({"bed": present}) == []
    assert made.missing({"tool0": (20.0, 0.0)}) == []


def test_without_a_printer_the_heaters_at_rest_keep_their_state_beside_one_that_cools_down() -> None:
    made = tracks("bed", "tool0", "tool1")
    for second in range(60):
        made["bed"].read(second, 90.0 - second / 4, 0.0)
        made["tool0"].read(second, 22.0, 0.0)
        made["tool1"].read(second, 200.0, 200.0)
    changes = dict(made.disconnect(60.0, 3600.0))
    assert list(changes) == ["bed", "tool0", "tool1"], "what cools comes first"
    assert {name: track.state for name, track in made.items()} == {
        "bed": State.COOLING,
        "tool0": State.OFF,
        "tool1": State.UNKNOWN,
    }
    assert [track.extrapolated for track in made] == [True, True, False]


def test_without_a_printer_nothing_is_known_if_no_heater_cools_down() -> None:
    made = tracks("bed", "tool0")
    for second in range(5):
        made["bed"].read(second, 22.0, 0.0)
        made["tool0"].read(second, 200.0, 200.0)
    changes = [transition for _, transition in made.disconnect(5.0, 3600.0)]
    assert None not in changes
    assert {track.state for track in made} == {State.UNKNOWN}

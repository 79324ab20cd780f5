"""The states of a heater, and the table of the moves between them.

`MOVES` holds the legal moves: for each state, the conditions that leave it, and the state that follows. A reading can
meet several conditions; the first one in the order of `Heater._conditions` that has a row in the present state wins.
A condition of a reading without a row changes nothing in that state. A change of the target without
a row is not expected: it changes nothing, and `Heater.take_ignored` returns it for the log. `heater` lists what exists
beside the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ...frozen import frozen


class State(StrEnum):
    """What a heater is doing."""

    UNKNOWN = "unknown"
    OFF = "off"
    HEATING = "heating"
    STALLED = "stalled"
    AT_TARGET = "at_target"
    COOLING = "cooling"
    COOLED_DOWN = "cooled_down"


class Condition(StrEnum):
    """What can hold at a reading."""

    #: There is a new target, and the heater is at most the tolerance above it.
    TARGET_ABOVE = "target above"
    #: There is a new target, and the heater is above it.
    TARGET_BELOW = "target below"
    #: The target was removed while the heater is above its cool-down target.
    SWITCHED_OFF_WARM = "switched off warm"
    #: The target was removed while the heater is at its cool-down target or below.
    SWITCHED_OFF_COOL = "switched off cool"
    #: The first reading is near the target.
    FOUND_AT_TARGET = "found at target"
    #: The first reading has no target and is hotter than any room.
    FOUND_HOT = "found hot"
    #: The first reading has no target, and a room or an enclosure can be as warm.
    FOUND_AT_REST = "found at rest"
    #: Found above the cool-down target, the temperature falls.
    FALLING = "falling"
    #: The setting was changed to a cool-down target below the temperature.
    THRESHOLD_LOWERED = "threshold lowered"
    #: The first reading after an extrapolated cool-down is well above the cool-down target.
    STILL_WARM = "still warm"
    #: Without a target, the temperature has risen: something heats, but the firmware reports no target.
    RISEN = "risen"
    #: Within the tolerance of the target or beyond it, for `ARRIVAL_HOLD`.
    ARRIVED = "arrived"
    #: Near the target, and no longer approaching it.
    PLATEAU = "plateau"
    #: At the cool-down target or below, for `ARRIVAL_HOLD`.
    COOLED = "cooled"
    #: Above the cool-down target or the target, the temperature no longer falls.
    SETTLED = "settled"
    #: Found hot, the temperature does not fall: something heats, but the firmware does not report the target.
    KEPT_HOT = "kept hot"
    #: Below the target for longer than ringing explains.
    SAGGED = "sagged"
    #: The temperature does not rise though the heater heats.
    STUCK = "stuck"
    #: The temperature rises again.
    GAINING = "gaining"


_NEW_TARGET = {Condition.TARGET_ABOVE: State.HEATING, Condition.TARGET_BELOW: State.COOLING}
_ANY_TARGET = {
    **_NEW_TARGET,
    Condition.SWITCHED_OFF_WARM: State.COOLING,
    Condition.SWITCHED_OFF_COOL: State.OFF,
}
_REACHED = {Condition.ARRIVED: State.AT_TARGET, Condition.PLATEAU: State.AT_TARGET}
MOVES: Mapping[State, Mapping[Condition, State]] = {
    State.UNKNOWN: {
        **_NEW_TARGET,
        Condition.FOUND_AT_TARGET: State.AT_TARGET,
        Condition.FOUND_HOT: State.COOLING,
        Condition.FOUND_AT_REST: State.OFF,
    },
    State.OFF: {
        **_NEW_TARGET,
        Condition.FOUND_HOT: State.COOLING,
        Condition.RISEN: State.COOLING,
        Condition.FALLING: State.COOLING,
    },
    State.HEATING: {**_ANY_TARGET, **_REACHED, Condition.STUCK: State.STALLED},
    State.STALLED: {**_ANY_TARGET, **_REACHED, Condition.GAINING: State.HEATING},
    State.AT_TARGET: {**_ANY_TARGET, Condition.SAGGED: State.HEATING},
    State.COOLING: {
        **_ANY_TARGET,
        Condition.SWITCHED_OFF_COOL: State.COOLED_DOWN,
        Condition.ARRIVED: State.AT_TARGET,
        Condition.SAGGED: State.HEATING,
        Condition.COOLED: State.COOLED_DOWN,
        Condition.SETTLED: State.COOLED_DOWN,
        Condition.KEPT_HOT: State.OFF,
        Condition.PLATEAU: State.AT_TARGET,
    },
    State.COOLED_DOWN: {
        **_NEW_TARGET,
        Condition.THRESHOLD_LOWERED: State.COOLING,
        Condition.STILL_WARM: State.COOLING,
        Condition.RISEN: State.COOLING,
    },
}


@frozen
class Transition:
    """A change of state."""

    previous: State
    state: State

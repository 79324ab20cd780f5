"""When a heater has cooled down."""

from __future__ import annotations

from ..rules import Group, group, setting


@group
class CoolDown(Group):
    """When a heater has cooled down."""

    TITLE = "Cool-down"

    enable_cooldown_eta: bool = setting(
        True, "Show cool-down ETA", "Estimate when a heater that is switched off has cooled down."
    )
    cooldown_mode: str = setting(
        "threshold",
        "Cool-down target",
        "A heater has cooled down at a fixed temperature, or when it is close to the ambient temperature.",
        choices={"threshold": "Fixed temperature", "ambient": "Ambient temperature"},
    )
    cooldown_target_tool0: float = setting(
        50.0, "Tool: cool below", "A tool has cooled down at this temperature.", unit="°C", low=0, high=400
    )
    cooldown_target_bed: float = setting(
        40.0, "Bed: cool below", "The bed has cooled down at this temperature.", unit="°C", low=0, high=200
    )
    cooldown_target_chamber: float = setting(
        30.0,
        "Chamber: cool below",
        "The chamber, or a heater with a custom name, has cooled down at this temperature.",
        unit="°C",
        low=0,
        high=100,
    )
    cooldown_ambient_temp: float | None = setting(
        None,
        "Ambient temperature (blank = detect)",
        "Blank: the lowest temperature that was measured is taken as the ambient temperature.",
        unit="°C",
        low=0,
        high=80,
        nullable=True,
    )
    cooldown_hysteresis_c: float = setting(
        1.0,
        "Margin above ambient",
        "A heater has cooled down when it is this close to the ambient temperature.",
        unit="°C",
        low=0.1,
        high=20,
    )
    cooldown_fit_window_seconds: float = setting(
        120.0,
        "Cooling-rate window",
        "Linear and Exponential take the cooling rate from the readings of this time span.",
        unit="s",
        low=10,
        high=1800,
    )
    cooldown_extrapolation_minutes: float = setting(
        60.0,
        "Continue cool-downs without a connection for",
        "When a hot printer is disconnected, its cool-down is extrapolated for this long.",
        unit="min",
        low=0,
        high=1440,
    )

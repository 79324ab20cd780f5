"""What the settings mean for the estimation of a heater."""

from __future__ import annotations

from ...core.estimation.estimator import HeaterKind
from ...core.estimation.linear import Limits
from ...core.heating.track import Policy
from ...settings.table import Settings


def limits(settings: Settings, ambient: float) -> Limits:
    """Return the limits of the linear and the exponential method; `ambient` is in °C."""
    return Limits(
        min_rate=settings.min_rate,
        max_eta=settings.max_eta,
        threshold_start=settings.threshold_start,
        cooling_window=settings.cooldown_fit_window_seconds,
        ambient=ambient,
    )


def policy(settings: Settings, heater: str, *, printing: bool) -> Policy:
    """Return what is estimated for `heater`, and when it counts as cooled; `printing` is whether a print is running."""
    silent = settings.suppress_while_printing and printing
    fixed = {
        HeaterKind.TOOL: settings.cooldown_target_tool0,
        HeaterKind.BED: settings.cooldown_target_bed,
        HeaterKind.CHAMBER: settings.cooldown_target_chamber,
    }
    return Policy(
        heating=settings.enable_heating_eta and not silent,
        cooling=settings.enable_cooldown_eta and not silent,
        cooled_at=fixed[HeaterKind.of(heater)] if settings.cooldown_mode == "threshold" else None,
        ambient=settings.cooldown_ambient_temp,
        hysteresis=settings.cooldown_hysteresis_c,
    )

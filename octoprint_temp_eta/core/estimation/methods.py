"""The estimation methods by name, as in the setting `algorithm`."""

from __future__ import annotations

from .estimator import Episode, Estimator, HeaterKind, LearnedState
from .linear import Limits, Linear

#: The method that needs numpy and learns.
MODEL = "model"
#: All methods, the default first.
METHODS = (MODEL, "linear", "exponential")


def make_estimator(name: str, kind: HeaterKind, limits: Limits, learned: LearnedState | None) -> Estimator:
    """Return a new estimator; `limits` apply to `linear` and `exponential` only.

    `model` needs numpy; without numpy, `linear` replaces it.
    """
    if name == "exponential":
        from .exponential import Exponential

        return Exponential(limits)
    if name == MODEL:
        try:
            from .thermal.model import ThermalModel
        except ImportError:
            return Linear(limits)
        model = ThermalModel(kind)
        if learned is not None:
            model.restore(learned)
        return model
    return Linear(limits)


def learn(kind: HeaterKind, learned: LearnedState | None, episode: Episode) -> LearnedState | None:
    """Return `learned` updated with `episode` by `model`, the only method that learns. Takes up to 0.2 s."""
    try:
        from .thermal.model import ThermalModel
    except ImportError:
        return learned
    return ThermalModel.learn(kind, learned, episode)

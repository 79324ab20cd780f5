"""The methods of estimation by the names that the setting `algorithm` gives them."""

from __future__ import annotations

from .estimator import Episode, Estimator, HeaterKind, LearnedState
from .exponential import Exponential
from .linear import Limits, Linear

#: The methods, the default first.
METHODS = ("model", "linear", "exponential")


def make_estimator(name: str, kind: HeaterKind, limits: Limits, learned: LearnedState | None) -> Estimator:
    """Return a new estimator; `limits` bind `linear` and `exponential` only.

    Without numpy `model` can't be had, and `linear` stands in for it.
    """
    if name == "exponential":
        return Exponential(limits)
    if name == "model":
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
    """Return `learned` with `episode` learned by the one method that learns. Takes up to 0.2 s."""
    try:
        from .thermal.model import ThermalModel
    except ImportError:
        return learned
    return ThermalModel.learn(kind, learned, episode)

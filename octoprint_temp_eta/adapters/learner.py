"""Learning from complete episodes, in the background: it takes too long for the worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from ..bridge.protocol.effects import Learn
from ..bridge.protocol.inputs import Input, Learned
from ..core.estimation.methods import learn
from .threads.tasks import Tasks


class Learner:
    """Learns in the background and posts the result to the bridge."""

    def __init__(
        self, post: Callable[[Input], None], background: Tasks, logger: logging.Logger, *, numpy_works: bool = True
    ) -> None:
        self._post = post
        self._numpy_works = numpy_works
        self._background = background
        self._logger = logger

    def learn(self, effect: Learn) -> None:
        """Learn from an episode, in the background; without numpy nothing is learned."""
        if not self._numpy_works:
            self._post(Learned(effect.place, effect.state))
            return
        self._background.put(partial(self._learn, effect))

    def _learn(self, effect: Learn) -> None:
        try:
            state = learn(effect.kind, effect.state, effect.episode)
        except Exception:
            self._logger.exception("Cannot learn from an episode of %s", effect.place)
            state = effect.state
        self._post(Learned(effect.place, state))

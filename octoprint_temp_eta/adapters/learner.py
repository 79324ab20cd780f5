"""Learning from complete ways: heavy enough not to be done by the worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor

from ..bridge.protocol.effects import Learn
from ..bridge.protocol.inputs import Input, Learned
from ..core.estimation.methods import learn


class Learner:
    """Learns in the background, and tells the bridge what is known then."""

    def __init__(self, post: Callable[[Input], None], background: Executor, logger: logging.Logger) -> None:
        self._post = post
        self._background = background
        self._logger = logger

    def learn(self, effect: Learn) -> None:
        """Have an episode learned."""
        self._background.submit(self._learn, effect)

    def _learn(self, effect: Learn) -> None:
        try:
            state = learn(effect.kind, effect.state, effect.episode)
        except Exception:
            self._logger.exception("Failed to learn from a way of %s", effect.place)
            state = effect.state
        self._post(Learned(effect.place, state))

"""A process that learns heat-ups of a bed and saves the result, as fast as it can; `python -m … FOLDER`.

It prints `loaded True` or `loaded False` (whether the folder has something learned), then `saved` after each save.
"""

from __future__ import annotations

import logging
import math
import queue
import sys
from pathlib import Path

from octoprint_temp_eta.adapters.files import Files
from octoprint_temp_eta.adapters.learner import Learner
from octoprint_temp_eta.adapters.threads.inbox import now
from octoprint_temp_eta.adapters.threads.tasks import Tasks
from octoprint_temp_eta.bridge.heaters.store import LEARNED, HeaterStore, Place
from octoprint_temp_eta.bridge.protocol.effects import Learn, Save
from octoprint_temp_eta.bridge.protocol.inputs import Input, Learned
from octoprint_temp_eta.core.estimation.estimator import Direction, Episode, Goal, HeaterKind, Sample
from octoprint_temp_eta.messages import stored

BED = Place("profile", "bed")


def episode(target: float) -> Episode:
    """Return a heat-up of a bed from 22 °C with a time constant of 150 s."""
    samples = [Sample(float(at), 22.0 + 110.0 * (1.0 - math.exp(-at / 150.0))) for at in range(400)]
    reached = next(sample for sample in samples if sample.actual >= target)
    kept = [sample for sample in samples if sample.at <= reached.at + 5.0]
    return Episode(Goal(Direction.HEATING, target), (), kept, reached.at)


def main(folder: Path) -> None:
    logger = logging.getLogger("learning")
    pool = Tasks("test-background", logger)
    pool.start()
    files = Files(folder, pool, logger, stored.problem)
    store = HeaterStore(files.load().get(LEARNED))
    print("loaded", store.learned(BED) is not None, flush=True)
    inputs: queue.SimpleQueue[Input] = queue.SimpleQueue()
    learner = Learner(inputs.put, pool, logger)
    number = 0
    while True:
        number += 1
        learner.learn(Learn(str(BED), HeaterKind.BED, store.learned(BED), episode(55.0 + number % 9)))
        event = inputs.get()
        assert isinstance(event, Learned)
        for effect in store.learn(event, now()):
            if isinstance(effect, Save):
                files.save(effect)
        pool.put(lambda: print("saved", flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A script runner in a given phase."""

from __future__ import annotations

from collections.abc import Callable

from octoprint_temp_eta.core.scripts.run import CompletedRun, Outcome, Phase, Run, RunEnded, RunResult
from octoprint_temp_eta.core.scripts.runner import Runner

CLEANLY = "ended with status 0"
RUN = Run("r1", "warm_up", "Warm up", started_at=1000.0, targets={"tool0": 0.0, "bed": 60.0, "chamber": 40.0})
LIMITED = Run("r1", "warm_up", "Warm up", started_at=1000.0, time_limit=90.0)


def ended_run(outcome: Outcome, run: Run = RUN, wall: float = 2000.0, **more: object) -> RunEnded:
    return RunEnded(CompletedRun(run, RunResult(outcome, **more), wall))  # type: ignore[arg-type]


def at(phase: Phase, run: Run = RUN) -> Runner:
    """Return a runner in `phase`, reached with the fewest steps."""
    runner = Runner()
    steps: dict[Phase, list[Callable[[], object]]] = {
        Phase.IDLE: [],
        Phase.HOLDING: [lambda: runner.start(run)],
        Phase.ABORTING: [lambda: runner.start(run), lambda: runner.cancel(0)],
        Phase.LOADING: [lambda: runner.start(run), lambda: runner.held(None, 0, 0)],
        Phase.RUNNING: [lambda: runner.start(run), lambda: runner.held(None, 0, 0), lambda: runner.run_started(0)],
    }
    steps[Phase.CLOSING] = [*steps[Phase.RUNNING], lambda: runner.returned(True, {"a": 1}, None, 0)]
    steps[Phase.STOPPING] = [*steps[Phase.RUNNING], lambda: runner.cancel(0)]
    steps[Phase.SETTLING] = [*steps[Phase.STOPPING], lambda: runner.process_ended(CLEANLY, 2000, run.targets)]
    for step in steps[phase]:
        step()
    assert runner.phase is phase
    return runner

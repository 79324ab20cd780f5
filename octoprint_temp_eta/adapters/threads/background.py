"""The thread for slow work: writing files, learning."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor


def background() -> Executor:
    """Return an executor with one thread, so that files are written in order."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="temp_eta-background")

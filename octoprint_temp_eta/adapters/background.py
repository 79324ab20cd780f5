"""The thread for what may take its time: writing files, learning."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor


def background() -> Executor:
    """Return an executor of one thread: what is saved twice is saved in order."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="temp_eta-background")

"""`python -m octoprint_temp_eta.script_child TASK LIFELINE`: the task, and the file descriptor of the lifeline pipe."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
from pathlib import Path

from .channel.channel import Channel, end_with
from .folder import answer_create, answer_list
from .inspection import commands, inspect
from .run import run

TASKS = {"run": run, "inspect": inspect, "commands": commands, "list": answer_list, "create": answer_create}


def main(task: str, lifeline_fd: str) -> None:
    """Do `task`, then exit, even if the script leaves threads behind."""
    faulthandler.enable()
    be_the_first_out_of_memory()
    end_with(int(lifeline_fd))
    TASKS[task](Channel(*take_pipes()))
    os._exit(0)


def be_the_first_out_of_memory() -> None:
    """Have Linux end this process, not OctoPrint, when the memory is used up; the script's processes inherit it."""
    with contextlib.suppress(OSError):  # another system, or a container that does not permit it
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def take_pipes() -> tuple[int, int]:
    """Reserve stdin and stdout for the channel: scripts read from /dev/null and raw writes to fd 1 go to stderr."""
    pipes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return pipes


if __name__ == "__main__":
    main(*sys.argv[1:])

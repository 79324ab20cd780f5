"""Which paths are on a drive that answers.

A thread that waits for a network drive cannot be ended, not even with its process: OctoPrint would neither stop nor
give its port free. Such drives are read by processes of their own.
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

#: The mounted drives as Linux knows them, without asking them. On other systems, without it, all count as local.
MOUNTS = Path("/proc/self/mountinfo")
#: Types of file systems without a device that are local.
LOCAL = {"tmpfs", "ramfs", "overlay", "zfs", "ubifs", "devtmpfs", "proc", "sysfs"}
#: More links than Linux follows in one path.
MAX_LINKS = 50


class Drives:
    """The mounted drives at one moment."""

    def __init__(self, mounts: str | None = None) -> None:
        """Read the mounted drives; `mounts` is the text of `MOUNTS`."""
        text = _read() if mounts is None else mounts
        self._is_local = dict(mount for line in text.split("\n") if (mount := _mount(line)) is not None)

    def answers(self, path: str) -> bool:
        """Whether the whole `path`, with links, is on local drives. Does not touch any other drive.

        The drive of "/" counts as local: nothing works without it.
        """
        here, links = "/", 0
        parts = deque(Path(path).parts)
        while parts:
            part = parts.popleft()
            if part == "..":
                here = os.path.dirname(here)
                continue
            here = os.path.join(here, part)
            if here != "/" and not self._is_local.get(here, True):
                return False
            try:
                target = os.readlink(here)
            except OSError:
                continue  # not a link, or it does not exist
            links += 1
            if links > MAX_LINKS:
                return True  # reading it fails at once
            here = os.path.dirname(here)
            parts.extendleft(reversed(Path(target).parts))
        return True


def _read() -> str:
    try:
        # Not as text: a "\r" in a name would end the line.
        return os.fsdecode(MOUNTS.read_bytes())
    except OSError:
        return ""


def _mount(line: str) -> tuple[str, bool] | None:
    """Return the mount point of a line (proc_pid_mountinfo(5)), and whether the drive is local; None if it has none."""
    where, _, drive = line.partition(" - ")
    try:
        kind, source = drive.split(" ")[:2]
        point = where.split(" ")[4]
    except (IndexError, ValueError):
        return None
    for code in ("040", "011", "012", "134"):
        point = point.replace(f"\\{code}", chr(int(code, 8)))
    # What FUSE mounts is a program's, which may wait for the network, as with a network block device.
    device = source.startswith("/dev/") and not source.startswith("/dev/nbd") and kind.partition(".")[0] != "fuse"
    return point, device or kind in LOCAL

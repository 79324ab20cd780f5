"""Reading the script folder, and creating it. OctoPrint has a process of its own do it on a drive that may hang."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .channel.channel import Channel

#: Files and subfolders beyond this number are not listed.
MAX_FILES = 1000
#: How many names of writable files are reported.
MAX_NAMES = 10
#: The script that is copied into a new folder on request.
EXAMPLE = Path(__file__).parents[1] / "examples" / "warm_up.py"

#: Modification time in ns, size and inode: a file with the same stamp is not inspected again.
Stamp = tuple[int, int, int]


class MayHang(Exception):
    """The folder refers to another drive that is not known to answer."""


@dataclass
class Listing:
    """What is in the folder: its scripts and subfolders by name, and the names that others may change.

    In `writable` "." is the folder itself.
    """

    missing: bool = False
    files: dict[str, Stamp] = field(default_factory=dict)
    subfolders: dict[str, Stamp] = field(default_factory=dict)
    writable: list[str] = field(default_factory=list)


def list_folder(folder: Path, answers: Callable[[str], bool] = lambda _: True) -> Listing:
    """Return what is in `folder`. Links and subfolders are followed if `answers` returns True for their path.

    Raises:
        OSError: it cannot be read.
        MayHang: `answers` returned False.
    """
    listing = Listing()
    try:
        if _others_may_write(folder.stat()):
            listing.writable.append(".")
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if (entry.is_symlink() or entry.is_dir(follow_symlinks=False)) and not answers(entry.path):
                    raise MayHang(entry.path)
                _note(entry, listing)
    except (FileNotFoundError, NotADirectoryError):
        return Listing(missing=True)
    del listing.writable[MAX_NAMES:]
    return listing


def create(folder: Path, *, example: bool) -> None:
    """Create the folder, accessible for its owner only, and copy the example into it. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if example:
        with contextlib.suppress(FileExistsError), (folder / EXAMPLE.name).open("xb") as file:
            file.write(EXAMPLE.read_bytes())


def answer_list(channel: Channel) -> None:
    """Send the listing of the job's folder, or the error."""
    job = channel.receive() or {}
    _answer(channel, "list", lambda: asdict(list_folder(Path(job["path"]))))


def answer_create(channel: Channel) -> None:
    """Create the job's folder, with the example if wanted, or send the error."""
    job = channel.receive() or {}

    def work() -> dict[str, Any]:
        create(Path(job["path"]), example=job["example"])
        return {}

    _answer(channel, "create", work)


def _answer(channel: Channel, kind: str, work: Callable[[], dict[str, Any]]) -> None:
    try:
        values = work()
    except OSError as error:
        channel.send("error", error=error.strerror or str(error))
    else:
        channel.send(kind, **values)


def _note(entry: os.DirEntry[str], listing: Listing) -> None:
    try:
        if entry.name.isidentifier() and entry.is_dir() and entry.name != "__pycache__":
            if len(listing.subfolders) < MAX_FILES:
                listing.subfolders[entry.name] = _stamp(entry.stat())
            return
        if not entry.name.endswith(".py") or not entry.is_file() or len(listing.files) >= MAX_FILES:
            return
        status = entry.stat()
    except OSError:
        return  # the file vanished meanwhile
    listing.files[entry.name] = _stamp(status)
    if _others_may_write(status):
        listing.writable.append(entry.name)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _others_may_write(status: os.stat_result) -> bool:
    """Whether users other than OctoPrint's and root may write; OctoPrint's own group counts as its user."""
    if status.st_mode & stat.S_IWOTH or status.st_uid not in (os.getuid(), 0):
        return True
    return bool(status.st_mode & stat.S_IWGRP) and status.st_gid not in (os.getgid(), 0)

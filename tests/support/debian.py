"""Debian packages without root: downloads and unpacks them into a folder and installs nothing.

Uses only the standard library, because it creates the environment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

#: Downloads of the project: unpacked packages in debian/, programs in bin/.
CACHE = Path(__file__).resolve().parents[2] / ".cache"


class DebianError(RuntimeError):
    """The packages are not available; the message has the reason."""


def is_debian() -> bool:
    """Whether packages can be fetched with apt here."""
    return all(shutil.which(tool) for tool in ("apt-get", "dpkg", "dpkg-deb"))


def unpack(packages: Sequence[str], into: Path, *, with_dependencies: bool = True) -> Path:
    """Unpack `packages` and their missing dependencies into `into`; return `into`.

    A folder that was filled before is used as it is. Raises DebianError.
    """
    complete = into / ".complete"
    if complete.exists():
        return into
    if not is_debian():
        raise DebianError("this is not a Debian machine (no apt-get and dpkg)")
    into.mkdir(parents=True, exist_ok=True)
    with into.with_name(f"{into.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test process may do the same
        if not complete.exists():
            _fill(packages, into, with_dependencies)
            complete.touch()
    return into


def _fill(packages: Sequence[str], into: Path, with_dependencies: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="debs-") as folder:
        downloads = Path(folder)
        # Existing package lists save an update, but may be missing or outdated.
        try:
            _download(packages, downloads, [], with_dependencies)
        except DebianError:
            _download(packages, downloads, _own_lists(downloads / "apt"), with_dependencies)
        for package in sorted(downloads.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(into)], downloads)


def library_path(root: Path) -> str:
    """Return the LD_LIBRARY_PATH for programs that were unpacked into `root`."""
    folders = {library.parent for library in root.glob("*/lib/*/*.so*")} | {
        library.parent for library in root.glob("lib/*/*.so*")
    }
    return os.pathsep.join(sorted(str(folder) for folder in folders))


def _own_lists(state: Path) -> list[str]:
    """Fetch the package lists into `state`, which needs no root, and return apt's options to use them."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    options = [
        f"-oDir::State::Lists={state / 'lists'}",
        f"-oDir::Cache={state / 'cache'}",
        "-oAPT::Sandbox::User=",
    ]
    _run(["apt-get", *options, "update"], state)
    return options


def _download(packages: Sequence[str], into: Path, options: Sequence[str], with_dependencies: bool) -> None:
    wanted = set(packages)
    if with_dependencies:
        plan = _run(["apt-get", *options, "install", "--simulate", "--no-install-recommends", *packages], into)
        wanted.update(line.split()[1] for line in plan.splitlines() if line.startswith("Inst "))
    _run(["apt-get", *options, "download", *sorted(wanted)], into)


def _run(command: Sequence[str], folder: Path) -> str:
    environment = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise DebianError(f"{' '.join(command[:1])} failed: {last}")
    return done.stdout

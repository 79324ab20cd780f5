"""A virtual environment with OctoPrint and the requirements of a wheel, without the project or development tools.

Nothing is downloaded: the distributions are links to those in the tests' environment.
"""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement


def make_environment(folder: Path, wheel: Path) -> Path:
    """Install `wheel` into a new environment in `folder`; return its interpreter.

    Raises CalledProcessError if pip finds an unmet requirement in it.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    packages = next(folder.glob("lib/python*/site-packages"))
    for needed in _closure(["OctoPrint", *_requirements(wheel)]):
        for entry in _entries(needed):
            (packages / entry.name).symlink_to(entry)
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    for command in (["install", "--quiet", "--no-index", "--no-deps", str(wheel)], ["check"]):
        subprocess.run([*pip, *command], check=True, capture_output=True)
    return python


def _requirements(wheel: Path) -> list[str]:
    """Return the requirements in the wheel's metadata, without its extras."""
    # A wheel on sys.path is a folder to importlib.
    found = next(iter(Distribution.discover(path=[str(wheel)])))
    return found.requires or []


def _closure(requirements: list[str], extra: str = "", seen: set[str] | None = None) -> Iterator[Distribution]:
    """Yield the installed distributions for `requirements` and their dependencies."""
    seen = set() if seen is None else seen
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *requirement.extras):
            key = f"{_canonical(requirement.name)}[{wanted}]"
            if key in seen:
                continue
            seen.add(key)
            found = distribution(requirement.name)
            if not wanted:
                yield found
            yield from _closure(found.requires or [], wanted, seen)


def _entries(found: Distribution) -> set[Path]:
    """Return the files and folders of a distribution at the top level of site-packages."""
    home = Path(str(found.locate_file("")))
    parts = {file.parts[0] for file in found.files or () if file.parts[0] not in {"..", "__pycache__"}}
    if not parts:  # from Debian, whose packages list no files
        name = found.metadata["Name"]
        parts = {entry.name for entry in home.iterdir() if re.match(rf"{re.escape(name)}[-.]", entry.name)}
    return {home / part for part in parts}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

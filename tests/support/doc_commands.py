"""Finds the commands in README, CONTRIBUTING and docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.contract import PROJECT

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```(?:\n\n```json\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:make|python -m) [^`]+)`")


@dataclass(frozen=True)
class Block:
    """A block of shell commands, and the JSON block that follows it, empty if there is none."""

    page: Path
    number: int
    text: str
    reply: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}:{self.number}"


def blocks(pages: list[Path] = PAGES) -> list[Block]:
    """Return the blocks of the pages; of a `console` block only what is typed."""
    return [
        Block(page, number, _typed(found[2]) if found[1] == "console" else found[2], found[3] or "")
        for page in pages
        for number, found in enumerate(_BLOCK.finditer(page.read_text(encoding="utf-8")), 1)
    ]


def _typed(console: str) -> str:
    return "".join(f"{line[2:]}\n" for line in console.splitlines() if line.startswith("$ "))


def programs(text: str) -> list[str]:
    """Return the program of each command of a block. A command may set variables and continue after a backslash."""
    lines = text.replace("\\\n", " ").splitlines()
    commands = (re.sub(r"^(?:[A-Z_]+=\S* +)*", "", line.strip()) for line in lines)
    return [command.split()[0] for command in commands if command and not command.startswith("#")]


def inline_commands(pages: list[Path] = PAGES) -> Iterator[str]:
    """Yield the commands of the project inside sentences."""
    for page in pages:
        yield from (" ".join(command.split()) for command in _INLINE.findall(page.read_text(encoding="utf-8")))

"""The commands in the documentation exist. `e2e/test_doc_commands_e2e.py` runs them."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_doc_commands_e2e import RUN
from tests.support.contract import PROJECT
from tests.support.doc_commands import PAGES, Block, blocks, inline_commands, programs


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_the_end_to_end_test_can_run_every_block(block: Block) -> None:
    assert set(programs(block.text)) - set(RUN) == set()
    assert programs(block.text)


def test_the_commands_are_found() -> None:
    assert {program for block in blocks() for program in programs(block.text)} == set(RUN)


def test_every_shell_block_has_a_language() -> None:
    """Otherwise its commands are not found."""
    unmarked = re.compile(rf"^```(?!sh|console)\w*\n(?:\$ )?(?:{'|'.join(RUN)}) ", re.MULTILINE)
    assert [page.name for page in PAGES if unmarked.search(page.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("command", sorted({command for command in inline_commands() if command.startswith("make ")}))
def test_a_make_target_in_a_sentence_exists(command: str) -> None:
    make = ["make", "--dry-run", "--silent", *command.split()[1:]]
    done = subprocess.run(make, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", sorted({command for command in inline_commands() if "python -m " in command}))
def test_a_module_in_a_sentence_exists(command: str) -> None:
    assert importlib.util.find_spec(command.split()[2]) is not None


def test_a_page_with_blocks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        'a `make x`\n```sh\nA=1 make y \\\n  z\n```\n\n```json\n{"a": 1}\n```\n\n```console\n$ ls\nfile\n```\n'
    )
    assert [(block.text, block.reply) for block in blocks([page])] == [
        ("A=1 make y \\\n  z\n", '{"a": 1}\n'),
        ("ls\n", ""),
    ]
    assert programs("A=1 make y \\\n  z\n# no\ncurl x\n") == ["make", "curl"]
    assert list(inline_commands([page])) == ["make x"]

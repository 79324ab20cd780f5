"""Links in the documentation lead to existing files and headings."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support.contract import PROJECT
from tests.support.site import anchor

PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "CHANGELOG.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE)
    return {anchor(title) for title in titles}


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def broken(page: Path) -> list[str]:
    """Return the broken links of a page; links to other sites are not checked."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (heading and heading not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n[a](#title) [b](#other) [c](page.md#title) [d](gone.md) [e](https://example.com/x)\n")
    assert broken(page) == ["#other", "gone.md"]


def missing_tests(page: Path, tests: Path) -> list[str]:
    """Return the tests that a page names and that do not exist; `…::name` is in the file named before."""
    missing, text = [], ""
    for path, name in re.findall(
        r"`((?:unit|contract|integration|e2e)/[\w/]+\.py|…(?=::))(?:::(\w+))?`", without_code(page)
    ):
        if path != "…":
            file = tests / path
            text = file.read_text(encoding="utf-8") if file.exists() else ""
        if not text or (name and f"def {name}(" not in text):
            missing.append(f"{path}::{name}" if name else path)
    return missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_the_tests_that_a_page_names_exist(page: Path) -> None:
    assert missing_tests(page, PROJECT / "tests") == []


def test_the_reliability_page_names_tests() -> None:
    page = PROJECT / "docs" / "background" / "reliability.md"
    assert len(missing_tests(page, PROJECT / "nowhere")) > 40


def test_a_missing_test_is_found(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit" / "test_a.py").write_text("def test_b(): ...\n")
    page = tmp_path / "page.md"
    page.write_text("`unit/test_a.py` `unit/test_a.py::test_b` `…::test_c` `unit/test_d.py`\n")
    assert missing_tests(page, tmp_path) == ["…::test_c", "unit/test_d.py"]


def test_the_index_lists_every_page() -> None:
    index = (PROJECT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(PROJECT / "docs")) for path in (PROJECT / "docs").rglob("*.md")} - {"index.md"}
    assert {page for page in pages if f"({page})" not in index} == set()

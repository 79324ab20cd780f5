"""The site that `make site` builds: no warning, no broken link, nothing that readers load from another site."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from tests.support.contract import PROJECT
from tests.support.site import OUTSIDE, adapted

OTHER_SITES = ("http:", "https:", "//", "mailto:", "data:", "javascript:")


class Html(HTMLParser):
    """The links and anchors of a page, and what a browser loads with it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = {""}
        self.text = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {value for value in (found.get("id"), found.get("name")) if value}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        loads = found.get("src") or (found.get("href") if tag == "link" and found.get("rel") == "stylesheet" else None)
        if loads:
            self.loaded.append(loads)

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(site: Path) -> dict[Path, Html]:
    return {file.resolve(): Html(file) for file in site.rglob("*.html") if file.name != "404.html"}


def broken(pages: dict[Path, Html]) -> Iterator[str]:
    """Yield the links within the site that lead nowhere."""
    for file, page in pages.items():
        for link in [*page.links, *page.loaded]:
            if link.startswith(OTHER_SITES):
                continue
            path, _, anchor = unquote(link).partition("#")
            target = (file.parent / path).resolve() if path else file
            if target.is_dir():
                target /= "index.html"
            if not target.exists() or (target in pages and anchor not in pages[target].anchors):
                yield f"{file.name}: {link}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", ".ci/mkdocs.yml"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [*command, "--site-dir", str(folder)], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {line[:4] for line in done.stderr.splitlines()} == {"INFO"}
    assert len(done.stderr.splitlines()) == 3  # cleaning, building, built
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Html]:
    return parsed(site)


def test_every_page_is_in_the_site_and_in_the_navigation(site: Path, pages: dict[Path, Html]) -> None:
    sources = {path.relative_to(PROJECT / "docs").as_posix() for path in (PROJECT / "docs").rglob("*.md")}
    sources |= {*OUTSIDE, "reference/asyncapi.md"}
    assert {path.relative_to(site.resolve()).with_suffix(".md").as_posix() for path in pages} == sources
    home = site.resolve() / "index.html"
    listed = {(home.parent / link.partition("#")[0]).resolve() for link in pages[home].links}
    assert set(pages) - listed == set()


def test_every_link_in_the_site_leads_somewhere(pages: dict[Path, Html]) -> None:
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert list(broken(pages)) == []


def test_the_site_loads_nothing_from_other_sites(pages: dict[Path, Html]) -> None:
    assert {link for page in pages.values() for link in page.loaded if link.startswith(OTHER_SITES)} == set()


def test_the_asyncapi_page_has_every_topic(site: Path, pages: dict[Path, Html]) -> None:
    text = pages[(site / "reference" / "asyncapi.html").resolve()].text
    assert {message.topic for message in MESSAGES.values() if message.topic not in text} == set()
    assert text.count("Example: ") > len(MESSAGES)


def test_a_broken_link_in_the_site_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<h1 id="x">A</h1><a href="#x"></a><a href="#y"></a><a href="b.html#x"></a>')
    (tmp_path / "b.html").write_text('<a href="a.html#x"></a><img src="gone.png"><a href="https://example.com"></a>')
    assert sorted(broken(parsed(tmp_path))) == ["a.html: #y", "a.html: b.html#x", "b.html: gone.png"]


@pytest.mark.parametrize(
    ("link", "page", "in_site"),
    [
        ("../guides/scripts.md#arguments", "reference/mqtt.md", "../guides/scripts.md#arguments"),
        ("docs/guides/scripts.md", "contributing.md", "guides/scripts.md"),
        ("../CONTRIBUTING.md#test", "index.md", "contributing.md#test"),
        ("CHANGELOG.md", "contributing.md", "changelog.md"),
        ("../README.md", "index.md", "https://github.com/Ajimaru/OctoPrint-TempETA/blob/main/README.md"),
        ("../../schemas", "reference/mqtt.md", "https://github.com/Ajimaru/OctoPrint-TempETA/tree/main/schemas"),
        ("gone.md", "reference/mqtt.md", "gone.md"),
        ("#topics", "reference/mqtt.md", "#topics"),
        ("https://example.com/a.md", "index.md", "https://example.com/a.md"),
    ],
)
def test_a_link_of_github_becomes_one_of_the_site(link: str, page: str, in_site: str) -> None:
    assert adapted(f"a [b]({link}) c\n\n```text\n[d]({link})\n```\n", page) == (
        f"a [b]({in_site}) c\n\n```text\n[d]({link})\n```\n"
    )

"""Hooks of MkDocs that make a site of the pages in docs/, which are written for GitHub.

Links that leave docs/ lead to GitHub, headings have GitHub's anchors, and the site also has the changelog, the page for
contributors, and the AsyncAPI document as a page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from posixpath import relpath
from typing import Any
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from octoprint_temp_eta import __plugin_url__
from tests.support.asyncapi_page import asyncapi_page
from tests.support.contract import PROJECT
from tests.support.contract_asyncapi import asyncapi

DOCS = PROJECT / "docs"
#: Pages of the site whose source is outside docs/.
OUTSIDE = {"changelog.md": PROJECT / "CHANGELOG.md", "contributing.md": PROJECT / "CONTRIBUTING.md"}
ASYNCAPI = "reference/asyncapi.md"


def anchor(title: str, separator: str = "-") -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", separator)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Use GitHub's anchors."""
    config.mdx_configs["toc"]["slugify"] = anchor
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for uri, source in OUTSIDE.items():
        files.append(File.generated(config, uri, content=source.read_text(encoding="utf-8")))
    files.append(File.generated(config, ASYNCAPI, content=asyncapi_page(json.loads(asyncapi()))))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Replace the links that do not work in the site."""
    return adapted(markdown, page.file.src_uri)


def adapted(markdown: str, uri: str) -> str:
    """Return the text of the page `uri` with links that work in the site."""
    source = OUTSIDE.get(uri, DOCS / uri)

    def adapt(link: re.Match[str]) -> str:
        return f"]({_target(link[1], source, uri)})"

    parts = re.split(r"(^```.*?^```)", markdown, flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [re.sub(r"\]\(([^)\s]+)\)", adapt, part) for part in parts[::2]]
    return "".join(parts)


def _target(link: str, source: Path, uri: str) -> str:
    """Return a link of the file `source` for the page `uri`; one that leads nowhere as it is, for MkDocs to find."""
    path, mark, heading = link.partition("#")
    if not path or re.match(r"[a-z]+:", link):
        return link
    file = (source.parent / unquote(path)).resolve()
    pages = {outside: page for page, outside in OUTSIDE.items()}
    if file in pages:
        return f"{relpath(pages[file], str(Path(uri).parent))}{mark}{heading}"
    if file.is_relative_to(DOCS) and file.is_file():
        return f"{relpath(file.relative_to(DOCS).as_posix(), str(Path(uri).parent))}{mark}{heading}"
    if not file.exists():
        return link
    kind = "tree" if file.is_dir() else "blob"
    return f"{__plugin_url__}/{kind}/main/{file.relative_to(PROJECT).as_posix()}{mark}{heading}"

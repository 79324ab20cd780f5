"""The pages' translations: `python -m tests.support.translations` updates the catalogues and compiles them.

The texts come from the templates, the scripts, the form of the settings table, and the server's sentences. Add missing
translations to the catalogue by hand; a test lists them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from octoprint_temp_eta.plugin.settings.form import form
from octoprint_temp_eta.plugin.unsupported import WHY
from tests.support import sentences
from tests.support.contract import PROJECT

PACKAGE = PROJECT / "octoprint_temp_eta"
LANGUAGES = ("de",)
METHODS = [
    ("plugin/web/pages.py", "python"),
    ("templates/**.jinja2", "jinja2.ext:babel_extract"),
    ("static/js/**.js", "javascript"),
]
OPTIONS = {"**.jinja2": {"silent": "false"}}
#: Constant, so that the catalogues change only with their texts.
_ONCE = datetime(2026, 1, 1, tzinfo=UTC)
HEADER: dict[str, Any] = {
    "project": "Temperature ETA",
    "version": "1",
    "charset": "utf-8",
    "creation_date": _ONCE,
    "revision_date": _ONCE,
    "last_translator": "",
    "language_team": "",
    "msgid_bugs_address": "",
}


def path_of(language: str) -> Path:
    """Return a language's catalogue, as text."""
    return PACKAGE / "translations" / language / "LC_MESSAGES" / "messages.po"


def template() -> Catalog:
    """Return all texts, untranslated."""
    catalog = Catalog(project="Temperature ETA", charset="utf-8")
    for file, _, message, comments, context in extract_from_dir(PACKAGE, METHODS, OPTIONS):
        catalog.add(message, locations=[(file, 0)], auto_comments=comments, context=context)
    for text in _form_texts():
        catalog.add(text, locations=[("settings/table.py", 0)])
    catalog.add(WHY, locations=[("plugin/unsupported.py", 0)])
    for text in sentences.sentences():
        catalog.add(text, locations=[("static/js/temp_eta_sentences.js", 0)])
    return catalog


def _form_texts() -> Iterator[str]:
    for group in form():
        yield group["title"]
        for field in group["fields"]:
            yield from (text for text in (field["label"], field["help"], field["form"]) if text)
            yield from (label for _, label in field["choices"] if " " in label or label.isalpha())


def known(language: str) -> Catalog:
    """Return a language's current catalogue."""
    path = path_of(language)
    return read_po(io.BytesIO(path.read_bytes()), language) if path.exists() else Catalog(language)


def updated(language: str) -> Catalog:
    """Return a language's catalogue with the current texts and their known translations."""
    before = known(language)
    catalog = Catalog(language, header_comment="", fuzzy=False, **HEADER)
    for message in template():
        if message.id:
            earlier = before.get(message.id)
            catalog.add(message.id, earlier.string if earlier else "", locations=message.locations)
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """Return a compiled catalogue."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def write(language: str) -> None:
    """Update a language's catalogue, and compile it."""
    catalog, path = updated(language), path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    sentences.SCRIPT.write_text(sentences.script(), encoding="utf-8")
    for each in LANGUAGES:
        write(each)

"""Writes the generated documents: messages, settings, entities, Python API.

python -m tests.support.contract_docs [--check]     --check only lists the outdated ones
"""

from __future__ import annotations

import sys

from tests.support.contract import PROJECT
from tests.support.contract_asyncapi import asyncapi
from tests.support.contract_markdown import markdown
from tests.support.entity_docs import page as entities_page
from tests.support.reference_python import python_api
from tests.support.reference_settings import coming_from_tempeta, settings_reference

DOCUMENTS = {
    "docs/reference/mqtt.md": markdown,
    "docs/reference/asyncapi.json": asyncapi,
    "docs/reference/settings.md": settings_reference,
    "docs/guides/home-assistant.md": entities_page,
    "docs/guides/coming-from-tempeta.md": coming_from_tempeta,
    "docs/reference/python-api.md": python_api,
}


def main() -> int:
    stale = 0
    for name, render in DOCUMENTS.items():
        path, text = PROJECT / name, render()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            print(f"{name} is out of date: run make docs")
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return stale


if __name__ == "__main__":
    sys.exit(main())

"""OctoPrint's config.yaml as its text: YAML reads an unquoted 0123 as 83, 12:30 as 750, and on as true."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

#: libyaml takes a tenth of the time, where PyYAML has it; OctoPrint reads the file with it, too.
_AS_TEXT: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_AS_VALUE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def texts_in(base: str, plugin: str) -> dict[str, str]:
    """Return `plugin`'s values as they are written in config.yaml in the folder `base`; none if it cannot be read."""
    try:
        text = (Path(base) / "config.yaml").read_text("utf-8")
        settings = yaml.load(text, Loader=_AS_TEXT)["plugins"][plugin]  # noqa: S506 - makes text only
    except (OSError, ValueError, yaml.YAMLError, RecursionError, KeyError, TypeError, IndexError):
        return {}
    written = settings.items() if isinstance(settings, Mapping) else ()
    return {key: value for key, value in written if isinstance(key, str) and isinstance(value, str)}


def texts_of(loaded: Mapping[str, Any], written: Mapping[str, str]) -> dict[str, str]:
    """Return those of the `written` texts that YAML reads as the `loaded` values: these may come from another file.

    A value that was loaded as text needs none; libyaml crashes on some long ones, such as 25,000 opening brackets.
    """
    values = {key: text for key, text in written.items() if not isinstance(loaded.get(key, ""), str)}
    return {key: text for key, text in values.items() if _read(text) == loaded[key]}


def _read(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_AS_VALUE)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        return None

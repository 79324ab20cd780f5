"""Patterns that several settings share, and what they accept in words."""

from __future__ import annotations

from typing import Final

TOPIC: Final = r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"
TOPIC_FORM: Final = "letters, digits, '_' and '-', separated by '/'"
SLUG_FORM: Final = "letters, digits, '_' and '-'"
COLOR: Final = "#[0-9A-Fa-f]{6}"
COLOR_FORM: Final = "a colour such as #5cb85c"
NAMES: Final = r"([\w.-]+(, [\w.-]+)*)?"
NAMES_FORM: Final = "names of letters, digits, '_', '-' and '.', separated by commas"

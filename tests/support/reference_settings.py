"""Generates the settings reference and the table of TempETA's settings."""

from __future__ import annotations

import re
from dataclasses import Field
from typing import Any

from octoprint_temp_eta.plugin.settings.form import form
from octoprint_temp_eta.settings.migration import DROPPED, KEPT, MAPPED
from octoprint_temp_eta.settings.table import Rule, rows
from tests.support.contract import PROJECT

_INTRODUCTION = """\
# Settings

*Generated from the rows in `octoprint_temp_eta/settings/groups/` by `make docs`. To change it, change a row.*

Change settings in *Settings → Temperature ETA*, over [REST](rest.md#settings), or in OctoPrint's `config.yaml` under
`plugins: temp_eta:`. Only values that differ from the default are saved. An invalid value is rejected with the key, the
value and the rule. For an invalid value in `config.yaml` the default is used, and the log has a warning; an
invalid value of `mqtt_use_tls` switches TLS on, and one of the settings `allow_…` allows nothing. A change takes effect
without a restart. The plugin reconnects to the broker only if the change concerns the connection.

A *secret* is write-only: it appears neither in REST replies nor in the form nor in the log. If the form saves it
empty, it stays unchanged. An empty user name removes the password. Settings marked *private* are shown only to users
who may open the settings dialog.
"""

_TABLE_HEAD = "| setting | key | default | accepts | what it does |\n|---|---|---|---|---|\n"


def settings_reference() -> str:
    """Return the reference of all settings."""
    table = {row.name: (row, rule) for row, rule in rows()}
    parts = [_INTRODUCTION]
    for group in form():
        parts.append(f"\n## {group['title']}\n\n{_TABLE_HEAD}")
        parts += [_line(*table[field["key"]]) for field in group["fields"]]
    return "".join(parts)


def coming_from_tempeta() -> str:
    """Return the upgrade guide with a new table; the rest of the page is written by hand."""
    kept = ", ".join(f"`{key}`" for key in sorted(KEPT))
    lines = [f"Kept: {kept}.\n\n| key | | what happens to it |\n|---|---|---|\n"]
    for fate, keys in (("mapped", MAPPED), ("dropped", DROPPED)):
        lines += [f"| `{key}` | {fate} | {meaning} |\n" for key, meaning in keys.items()]
    path = PROJECT / "docs" / "guides" / "coming-from-tempeta.md"
    begin, end = "<!-- begin of the table -->\n", "<!-- end of the table -->"
    pattern = re.compile(f"{begin}.*{end}", flags=re.DOTALL)
    return pattern.sub(lambda _: f"{begin}{''.join(lines)}{end}", path.read_text(encoding="utf-8"))


def _line(row: Field[Any], rule: Rule) -> str:
    private = " *Private.*" if rule.private else ""
    return f"| {rule.label} | `{row.name}` | {_value(row.default)} | {_accepts(row, rule)} | {rule.help}{private} |\n"


def _accepts(row: Field[Any], rule: Rule) -> str:
    if rule.choices:
        return ", ".join(f"{_value(choice)}: {label}" for choice, label in rule.choices.items())
    if isinstance(row.default, bool):
        return "true or false"
    if isinstance(row.default, str):
        return rule.form or ("a secret" if rule.secret else "text")
    whole = "a whole number" if isinstance(row.default, int) else "a number"
    bounds = f" from {rule.low:g} to {rule.high:g}" if rule.low is not None and rule.high is not None else ""
    unit = f" {rule.unit}" if rule.unit else ""
    return f"{whole}{bounds}{unit}{', or nothing' if rule.nullable else ''}"


def _value(value: object) -> str:
    if value is None or value == "":
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"

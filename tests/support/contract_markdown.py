"""The contract as a page for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from octoprint_temp_eta.bridge.broker.commands import BURST, RATE, REMEMBERED_S
from octoprint_temp_eta.bridge.broker.outbox import MAX_EVENTS
from octoprint_temp_eta.messages.catalogue import DEEPEST, MESSAGES, MessageType
from tests.support.contract import examples
from tests.support.contract_schemas import Schema, inlined

_INTRODUCTION = f"""\
# The MQTT contract

*Made from [`schemas/`](../../schemas) by `make docs`: to change it, change a schema. For tools there is the same as
[AsyncAPI](asyncapi.json).*

`<base>` is the base topic and this printer's instance, such as `octoprint/temp_eta/ender-3-x7k2`. `<heater>` is
OctoPrint's name: `tool0`, `bed`, `chamber`, or a custom one.

* **A state is retained**: whoever subscribes gets the newest at once. Every key is always there, `null` where it is
  not known. It is sent when it changes, at every connect, and when Home Assistant starts; `status`, `printer`,
  `<heater>/eta`, `forecast` and `script` also every 60 s, so that a reader can tell an old state from one that holds.
* **An event is not retained**: it is sent when it happens, and once more, with the same `timestamp`, where the
  connection broke before the broker had taken it. Offline, the newest {MAX_EVENTS} script events are kept
  in order, for an hour; a heater's change of state that is older than 30 s is dropped. What is dropped is counted in
  `diagnostics`.
* **Every command is answered** on `<base>/response`, with its `transaction` where it has one. The same `transaction`
  sent twice within {REMEMBERED_S / 60:.0f} minutes is carried out once and answered alike. A command must not be
  retained, has at most 16 KiB, is UTF-8, and is nested at most {DEEPEST} levels deep; an unknown key is refused. An
  empty payload is ignored. Of more than {BURST:.0f} at once, or {RATE:.0f} a second, one reply a second says how many
  were refused.
* **MQTT 5**: a command's response topic and correlation data are honoured as well, and events carry their expiry.
  Everything works the same on 3.1.1.
* `timestamp` is Unix seconds; what ends in `_at` is RFC 3339 with offset. Temperatures are °C.

## Topics

| topic | | retained | QoS | message |
|---|---|---|---|---|
"""

_HOME_ASSISTANT = """\
| `<prefix>/device/<device id>/config` | sent | yes | 1 | the device, in Home Assistant's own form |
| `<prefix>/status` | received | – | 1 | Home Assistant's birth and will; topic and payloads are settings |
"""

#: An enumeration of more values than this only has a table of its own.
LONGEST_LIST = 7

_TYPES = {"object": "object", "array": "list", "boolean": "true or false", "integer": "integer"}


def markdown() -> str:
    """Return the page."""
    groups = {
        "States": [message for message in MESSAGES.values() if message.retain],
        "Events and replies": [message for message in MESSAGES.values() if message.retain is False],
        "Commands": [message for message in MESSAGES.values() if message.direction == "in"],
    }
    page = _INTRODUCTION
    for messages in groups.values():
        page += "".join(_topic_row(message) for message in sorted(messages, key=_by_topic))
    page += _HOME_ASSISTANT
    told: set[tuple[str, ...]] = set()
    for title, messages in groups.items():
        page += f"\n## {title}\n"
        page += "".join(_section(message, told) for message in sorted(messages, key=_by_topic))
    return page


def _by_topic(message: MessageType) -> str:
    return message.topic


def _readable(topic: str) -> str:
    return topic.replace("{", "<").replace("}", ">")


def _topic_row(message: MessageType) -> str:
    way = "received" if message.direction == "in" else "sent"
    retained = {True: "yes", False: "no", None: "–"}[message.retain]
    return f"| `{_readable(message.topic)}` | {way} | {retained} | {message.qos} | {_link(message)} |\n"


def _link(message: MessageType) -> str:
    title = message.schema["title"]
    anchor = re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
    return f"[{title}](#{anchor})"


def _section(message: MessageType, told: set[tuple[str, ...]]) -> str:
    schema = inlined(message.name)
    text = f"\n### {schema['title']}\n\n`{_readable(message.topic)}`"
    text += f" · expires after {message.expiry_seconds} s\n" if message.expiry_seconds else "\n"
    text += f"\n{schema['description']}\n"
    if message.press:
        text += "\nThe plain text `PRESS` stands for `{}`.\n"
    if message.text:
        text += f"\nA plain text is taken for the `{message.text}` alone.\n"
    text += _table(schema, told)
    for result in schema.get("$defs", {}).values():
        text += f"\n**`result` of `{result['title']}`**: {result['description']}\n" + _table(result, told)
    return text + _example(message)


def _table(schema: Schema, told: set[tuple[str, ...]]) -> str:
    rows = list(_rows(schema, ""))
    if not rows:
        return ""
    text = "\n| key | type | unit | meaning |\n|---|---|---|---|\n"
    for key, field in rows:
        unit = field.get("x-unit", "")
        text += f"| `{key}` | {_type(field)} | {unit} | {field.get('description', '')} |\n"
    for key, field in rows:
        values = field.get("x-values", {})
        if values and tuple(values) not in told:
            told.add(tuple(values))
            text += f"\n| `{key}` | |\n|---|---|\n"
            text += "".join(f"| `{value}` | {meaning} |\n" for value, meaning in values.items())
    return text


def _rows(schema: Schema, prefix: str) -> Iterator[tuple[str, Schema]]:
    """Yield the keys below `schema`, those of inner objects with their path."""
    for key, field in schema.get("properties", {}).items():
        optional = key not in schema.get("required", [])
        yield prefix + key, {**field, "optional": optional}
        yield from _rows(field, f"{prefix}{key}.")
    if isinstance(schema.get("items"), dict):
        yield from _rows(schema["items"], f"{prefix.removesuffix('.')}[].")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _rows(schema["additionalProperties"], f"{prefix}<heater>.")


def _type(field: Schema) -> str:
    words = _form(field)
    if isinstance(field.get("type"), list) and "null" in field["type"]:
        words += " or null"
    return words + (", optional" if field.get("optional") else "")


def _form(field: Schema) -> str:
    if "$ref" in field:
        return _link(MESSAGES[field["$ref"]])
    if "const" in field:
        return f"`{_json(field['const'])}`"
    if len(field.get("enum", [])) in range(1, LONGEST_LIST + 1):
        return ", ".join(f"`{value}`" for value in field["enum"] if value is not None)
    if "type" not in field:
        return "any"
    kinds = [field["type"]] if isinstance(field["type"], str) else [kind for kind in field["type"] if kind != "null"]
    words = " or ".join(_TYPES.get(kind, "text" if kind == "string" else kind) for kind in kinds)
    inner = field.get("items") or field.get("additionalProperties") or {}
    if "array" in kinds:
        words += f" of {_form(inner)}"
    elif "$ref" in inner:
        words += f": per heater {_form(inner)}"
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and len(kinds) == 1:
        words += f", {low}…{high}" if high is not None else f" ≥ {low}"
    return words


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _example(message: MessageType) -> str:
    """Return the typical payload, and the plain texts that are valid too."""
    shown = [
        e for e in examples(message.name) if e.valid and (e.path.stem == "valid-typical" or e.path.suffix == ".txt")
    ]
    blocks = sorted(("json" if e.path.suffix == ".json" else "text", e.text.strip()) for e in shown)
    return "".join(f"\n```{language}\n{text}\n```\n" for language, text in blocks)

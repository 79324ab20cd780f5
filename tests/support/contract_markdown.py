"""Generates the MQTT reference from the schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from octoprint_temp_eta.bridge.broker.command_limits import BURST, LONGEST_URGENT, RATE
from octoprint_temp_eta.bridge.broker.commands import LONGEST_CORRELATION
from octoprint_temp_eta.bridge.broker.executed import REMEMBERED_S, STOP_REMEMBERED_S
from octoprint_temp_eta.bridge.outbox.events import MAX_EVENTS
from octoprint_temp_eta.bridge.protocol.effects import LARGEST_PACKET
from octoprint_temp_eta.core.nesting import DEEPEST
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES, MessageType
from octoprint_temp_eta.messages.topics import MOST_LEVELS
from tests.support.contract import examples
from tests.support.contract_schemas import Schema, inlined

_INTRODUCTION = f"""\
# MQTT reference

*Generated from [`schemas/`](../../schemas) by `make docs`. To change it, change a schema. [AsyncAPI](asyncapi.json)
has the same in a format for tools.*

`<base>` is the base topic and this printer's instance, such as `octoprint/temp_eta/ender-3-x7k2`. `<heater>` is
OctoPrint's name of the heater: `tool0`, `bed`, `chamber`, or a custom name.

* **States are retained.** A new subscriber receives the current state at once. Every key is always present, `null` if
  its value is unknown. A state is published when it changes, after each connection, and when Home Assistant starts.
  `status`, `printer`, `job`, `<heater>/eta`, `forecast` and `script` are also repeated every 60 s, so that a subscriber
  notices when a state is outdated.
* **A heater is published when its reading arrives**, and only with news. A reader can continue a message: `eta_seconds`
  counts down, and `actual` changes with `rate`. Another message follows when one of them is off by 2 s (or 5 %) or by
  1 °C (or what it moves in 0.7 s), after 10 s if one of them has moved, when `ready_at` or `cool_at` changes, and at
  once when a key such as `state` or `target` changes. `printer` likewise. The setting `mqtt_publish_interval` makes
  messages rarer.
* **Events are not retained.** An event is published when it happens. If the connection breaks before the broker has
  acknowledged it, it is sent again with the same `timestamp`. Without a connection, the newest {MAX_EVENTS} script
  events are kept in order for an hour, and events of print and printer for 5 minutes; a heater's change of state is
  dropped after 30 s. `diagnostics` counts what is dropped.
* **Every command gets a reply** on `<base>/response`, with the command's `transaction` if it has one. If the same
  `transaction` arrives again with the same fields within {REMEMBERED_S / 60:.0f} minutes, the command is not executed
  again, and the reply is the same. After {STOP_REMEMBERED_S:.0f} s, that no longer holds for what stops something:
  `script/cancel`, `job/pause`, `job/cancel`, `printer/emergency_stop` and a `target` of 0. A command
  must not be retained. Its payload must be UTF-8, at most 16 KiB, and nested at most {DEEPEST} levels; unknown keys
  are rejected. An empty payload is ignored. More than {BURST:.0f} commands at once, or {RATE:.0f} per second, are
  rejected; one reply per second contains the number of rejected commands. `script/cancel`,
  `job/pause`, `job/cancel`, `printer/emergency_stop` and a `target` of 0 have separate limits, so that a flood of other
  commands does not block them; such a command has at most {LONGEST_URGENT} bytes. With MQTT 5 the bridge accepts
  packets of up to {LARGEST_PACKET // 1024} KiB: the broker does not deliver larger ones, and there is no reply.
* **MQTT 5** is used if the broker supports it. Then a reply also goes to the command's response topic with its
  correlation data, at most once, and events have an expiry. Everything else works the same with 3.1.1. A response topic
  is an unused topic below `<base>`, or one below a prefix in the setting `mqtt_response_topics`. It has at most
  {MOST_LEVELS} levels, and is neither below the discovery prefix nor below a `command` level. Correlation data has at
  most {LONGEST_CORRELATION} bytes.
* `timestamp` is in Unix seconds. Keys that end in `_at`, and `state_since`, are RFC 3339 with offset. Temperatures are
  in °C.

## Topics

| topic | | retained | QoS | message |
|---|---|---|---|---|
"""

_HOME_ASSISTANT = """\
| `<prefix>/device/<device id>/config` | sent | yes | 1 | the device in Home Assistant's discovery format |
| `<prefix>/status` | received | – | 1 | Home Assistant's birth and will; topic and payloads are settings |
"""

#: An enumeration with more values is shown only in a table of its own.
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
    listed: set[tuple[str, ...]] = set()
    for title, messages in groups.items():
        page += f"\n## {title}\n"
        page += "".join(_section(message, listed) for message in sorted(messages, key=_by_topic))
    return page


def _by_topic(message: MessageType) -> str:
    return message.topic


def _readable(topic: str) -> str:
    return topic.replace("{", "<").replace("}", ">")


def _topic_row(message: MessageType) -> str:
    direction = "received" if message.direction == "in" else "sent"
    retained = {True: "yes", False: "no", None: "–"}[message.retain]
    return f"| `{_readable(message.topic)}` | {direction} | {retained} | {message.qos} | {_link(message)} |\n"


def _link(message: MessageType) -> str:
    title = message.schema["title"]
    anchor = re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
    return f"[{title}](#{anchor})"


def _section(message: MessageType, listed: set[tuple[str, ...]]) -> str:
    schema = inlined(message.name)
    text = f"\n### {schema['title']}\n\n`{_readable(message.topic)}`"
    text += f" · expires after {message.expiry_seconds} s\n" if message.expiry_seconds else "\n"
    text += f"\n{schema['description']}\n"
    if message.press:
        text += "\nThe plain text `PRESS` means `{}`.\n"
    if message.text:
        text += f"\nA plain text is the `{message.text}`.\n"
    text += _table(schema, listed)
    for result in schema.get("$defs", {}).values():
        text += f"\n**`result` of `{result['title']}`**: {result['description']}\n" + _table(result, listed)
    return text + _example(message)


def _table(schema: Schema, listed: set[tuple[str, ...]]) -> str:
    rows = list(_rows(schema, ""))
    if not rows:
        return ""
    text = "\n| key | type | unit | meaning |\n|---|---|---|---|\n"
    for key, field in rows:
        unit = field.get("x-unit", "")
        text += f"| `{key}` | {_type(field)} | {unit} | {field.get('description', '')} |\n"
    for key, field in rows:
        values = field.get("x-values", {})
        if values and tuple(values) not in listed:
            listed.add(tuple(values))
            text += f"\n| `{key}` | |\n|---|---|\n"
            text += "".join(f"| `{value}` | {meaning} |\n" for value, meaning in values.items())
    return text


def _rows(schema: Schema, prefix: str) -> Iterator[tuple[str, Schema]]:
    """Yield the keys of `schema`, with their path for inner objects."""
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

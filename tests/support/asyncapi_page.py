"""Renders the AsyncAPI document as a page of the site, without a network."""

from __future__ import annotations

import json
from typing import Any

Document = dict[str, Any]

_GROUPS = {"send": "The plugin sends", "receive": "The plugin receives"}


def asyncapi_page(document: Document) -> str:
    """Return the page in Markdown, with every channel, operation, schema and example of the document."""
    info, servers = document["info"], document["servers"]
    text = f"# AsyncAPI\n\n{info['description']}\n\n"
    text += (
        f"[The document](asyncapi.json): AsyncAPI {document['asyncapi']}, version {info['version']} of the schemas.\n"
    )
    text += "\n| server | protocol | |\n|---|---|---|\n"
    for name, server in servers.items():
        text += f"| {name}: `{server['host']}` | {server['protocol']} | {server['description']} |\n"
    text += "\n| parameter | meaning | such as |\n|---|---|---|\n"
    for name, parameter in document["components"]["parameters"].items():
        such_as = ", ".join(f"`{example}`" for example in parameter["examples"])
        text += f"| `{{{name}}}` | {parameter['description']} | {such_as} |\n"
    for action, title in _GROUPS.items():
        text += f"\n## {title}\n"
        text += "".join(
            _operation(document, name) for name, each in document["operations"].items() if each["action"] == action
        )
    return text


def _operation(document: Document, name: str) -> str:
    operation = document["operations"][name]
    channel = _resolve(document, operation["channel"])
    mqtt = operation["bindings"]["mqtt"]
    facts = [f"`{channel['address']}`", f"QoS {mqtt['qos']}"]
    if "retain" in mqtt:
        facts.append("retained" if mqtt["retain"] else "not retained")
    if "messageExpiryInterval" in mqtt:
        facts.append(f"expires after {mqtt['messageExpiryInterval']} s")
    if "reply" in operation:
        facts.append(f"reply on `{_resolve(document, operation['reply']['channel'])['address']}`")
    text = f"\n### {operation['title']}\n\n{' · '.join(facts)}\n\n{operation['summary']}\n"
    for reference in operation["messages"]:
        message = _resolve(document, _resolve(document, reference))
        text += f"\nContent type `{message['contentType']}`"
        text += f", correlation id in `{message['correlationId']['location']}`" if "correlationId" in message else ""
        text += f".\n\n{_folded('Schema', _resolve(document, message['payload']))}"
        text += "".join(_folded(f"Example: {each['name']}", each["payload"]) for each in message["examples"])
    return text


def _folded(title: str, value: Any) -> str:
    lines = json.dumps(value, indent=2, ensure_ascii=False).splitlines()
    code = "\n".join(f"    {line}" for line in ("```json", *lines, "```"))
    return f'??? note "{title}"\n\n{code}\n\n'


def _resolve(document: Document, reference: Document) -> Document:
    """Return what a reference leads to in the document."""
    found: Any = document
    for part in reference["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)

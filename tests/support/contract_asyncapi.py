"""Generates the AsyncAPI 3 document from the schemas."""

from __future__ import annotations

import json
import re
from typing import Any

from octoprint_temp_eta.messages.contract.catalogue import COMMANDS, MESSAGES, MessageType
from tests.support.contract import examples
from tests.support.contract_schemas import Schema, inlined

_DESCRIPTION = """\
Heater states with their ETA, and automation scripts, of a 3D printer controlled by OctoPrint. \
States are retained, events and replies are not. Every command gets a reply. \
docs/reference/mqtt.md has the same as a page."""

_PARAMETERS = {
    "base": {
        "description": "Base topic and this printer's instance.",
        "examples": ["octoprint/temp_eta/ender-3-x7k2"],
    },
    "heater": {
        "description": "OctoPrint's name of the heater.",
        "examples": ["tool0", "bed", "chamber"],
    },
}

#: Keywords that are irrelevant for the payload or are elsewhere in the document.
_DROPPED = {"$schema", "$id", "$defs", "x-mqtt"}


def asyncapi() -> str:
    """Return the document as JSON."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "OctoPrint-TempETA",
            "version": f"{MESSAGES['info'].schema['properties']['schema_version']['const']}.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "AGPL-3.0-or-later", "url": "https://www.gnu.org/licenses/agpl-3.0.html"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "{host}:{port}",
                "protocol": "mqtt",
                "description": "The broker of the settings, by MQTT 5 or 3.1.1.",
                "variables": {"host": {"default": "localhost"}, "port": {"default": "1883"}},
            }
        },
        "channels": {name: _channel(message) for name, message in MESSAGES.items()},
        "operations": {name: _operation(message) for name, message in MESSAGES.items()},
        "components": {
            "messages": {name: _message(message) for name, message in MESSAGES.items()},
            "schemas": {name: _draft7(inlined(name)) for name in MESSAGES},
            "parameters": _PARAMETERS,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _channel(message: MessageType) -> Schema:
    return {
        "address": message.topic,
        "messages": {message.name: {"$ref": f"#/components/messages/{message.name}"}},
        "parameters": {
            name: {"$ref": f"#/components/parameters/{name}"} for name in re.findall(r"\{(\w+)\}", message.topic)
        },
    }


def _operation(message: MessageType) -> Schema:
    mqtt: Schema = {"qos": message.qos}
    if message.retain is not None:
        mqtt["retain"] = message.retain
    if message.expiry_seconds is not None:
        mqtt["messageExpiryInterval"] = message.expiry_seconds
    operation: Schema = {
        "action": "receive" if message.direction == "in" else "send",
        "channel": {"$ref": f"#/channels/{message.name}"},
        "title": message.schema["title"],
        "summary": message.schema["description"],
        "bindings": {"mqtt": {**mqtt, "bindingVersion": "0.2.0"}},
        "messages": [{"$ref": f"#/channels/{message.name}/messages/{message.name}"}],
    }
    if message.command is not None:
        reply = {"$ref": "#/channels/response/messages/response"}
        operation["reply"] = {"channel": {"$ref": "#/channels/response"}, "messages": [reply]}
    return operation


def _message(message: MessageType) -> Schema:
    described: Schema = {
        "name": message.name,
        "title": message.schema["title"],
        "summary": message.schema["description"],
        "contentType": message.content_type,
        "payload": {"$ref": f"#/components/schemas/{message.name}"},
        "examples": [
            {"name": example.path.stem.removeprefix("valid-"), "payload": example.payload}
            for example in examples(message.name)
            if example.valid and (example.path.suffix == ".json" or message.content_type == "text/plain")
        ],
    }
    if message.command in COMMANDS or message.name == "response":
        described["correlationId"] = {"location": "$message.payload#/transaction"}
    return described


def _draft7(node: Any) -> Any:
    """Convert a schema from 2020-12 to draft 7, which every AsyncAPI tool supports."""
    if isinstance(node, list):
        return [_draft7(child) for child in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": f"#/components/schemas/{node['$ref']}"}
    named = {"dependentRequired": "dependencies"}
    return {named.get(key, key): _draft7(value) for key, value in node.items() if key not in _DROPPED}

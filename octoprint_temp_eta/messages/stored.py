"""The formats of the files in the plugin's data folder, as JSON Schemas: what is read at the start must match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

_NAME = {"type": "string", "minLength": 1, "maxLength": 255}
#: Everything that is measured or learned is far smaller; larger numbers overflow in the model.
_NUMBER = {"type": "number", "minimum": -1e7, "maximum": 1e7}
_TOPIC = {"type": "string", "minLength": 1, "maxLength": 4096}
_PLACE = {
    "type": "object",
    "required": ["prefix", "form", "device_id", "key", "platform", "identity", "device", "enabled"],
    "properties": {
        **dict.fromkeys(("prefix", "form", "device_id", "key", "platform", "identity"), _NAME),
        "device": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "prefixItems": [{"type": "string"}, _NAME], "minItems": 2, "maxItems": 2},
        },
        "enabled": {"type": "boolean"},
    },
}
_LEARNED = {
    "anyOf": [
        {"type": ["null", "boolean"]},
        _NUMBER,
        {"type": "string", "maxLength": 255},
        {"type": "array", "items": {"$ref": "#/$defs/learned"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/learned"}},
    ]
}

#: By file name, without `.json`.
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "heaters": {"type": "array", "maxItems": 1000, "items": _NAME},
    "heated": {"type": "array", "maxItems": 100, "items": _NAME},
    "sensors": {"type": "array", "maxItems": 1000, "items": _NAME},
    "left_behind": {"type": "array", "items": _TOPIC},
    "learned": {
        "type": "object",
        "required": ["version", "heaters"],
        "properties": {
            "version": {"type": "integer"},
            "heaters": {"type": "object", "additionalProperties": {"$ref": "#/$defs/entry"}},
        },
        "$defs": {
            "learned": _LEARNED,
            "entry": {
                "type": "object",
                "properties": {
                    "learned": {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/learned"}},
                    "accuracy": {"$ref": "#/$defs/learned"},
                    "episodes": {"$ref": "#/$defs/learned"},
                },
            },
        },
    },
    "announced": {
        "type": "object",
        "required": ["version", "places", "departed"],
        "properties": {
            "version": {"type": "integer"},
            "places": {"type": "array", "items": _PLACE},
            "departed": {"type": "array", "items": _PLACE},
        },
    },
    "scripts": {
        "type": "object",
        "required": ["version", "settings"],
        "properties": {
            "version": {"type": "integer"},
            "settings": {"type": "object", "additionalProperties": {"type": "object"}},
        },
    },
}
_VALIDATORS = {name: Draft202012Validator(schema) for name, schema in FORMATS.items()}


def problem(name: str, value: Any) -> str | None:
    """Return where a stored value does not match its format, None if it does; a file without a format matches."""
    validator = _VALIDATORS.get(name)
    error = next(validator.iter_errors(value), None) if validator else None
    if error is None:
        return None
    path = "/".join(str(part) for part in error.absolute_path)
    return f"{path or 'the file'} does not match the format"

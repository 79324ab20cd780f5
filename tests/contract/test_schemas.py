"""The schemas, their examples, and the documents generated from them are consistent."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from octoprint_temp_eta.messages.contract.catalogue import (
    COMMANDS,
    MESSAGES,
    REST_COMMANDS,
    InvalidPayload,
    MessageType,
    RestCommand,
)
from tests.support.contract import PROJECT, SCHEMAS, Example, all_examples, check, examples
from tests.support.contract_asyncapi import asyncapi

FILES = sorted(SCHEMAS.glob("*.schema.json"))
ALL = pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
BASE = "octoprint/temp_eta/ender-3-x7k2"


def of(values: list[Example]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", values, ids=str)


def subschemas(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from subschemas(child)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_schema_is_one_and_bears_its_files_name(path):
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["$id"].endswith(f"/schemas/{path.name}")
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_schema_describes_every_field(path):
    for node in subschemas(json.loads(path.read_text(encoding="utf-8"))):
        if "additionalProperties" in node:
            for name, field in node.get("properties", {}).items():
                assert field.get("description") or "$ref" in field, name
        if "pattern" in node:
            assert node["x-form"], "a broken pattern is explained by x-form"
        if "x-values" in node:
            assert list(node["x-values"]) == node["enum"]


@ALL
def test_objects_are_closed_and_states_require_all_keys(message: MessageType):
    if message.schema["type"] != "object":
        return
    if not message.schema["properties"]:
        assert message.schema["propertyNames"]["maxLength"] <= 64, "a map of names that are not ours is bounded"
        return
    assert message.schema["additionalProperties"] is False
    if message.retain:
        assert message.schema["required"] == list(message.schema["properties"])


@ALL
def test_retain_and_qos_follow_from_what_a_message_is(message: MessageType):
    assert message.direction == ("in" if message.command else "out")
    assert (message.retain is None) == (message.direction == "in")
    assert message.qos == (0 if message.name == "script_log" else 1)
    is_event = message.retain is False
    assert (message.expiry_seconds is not None) == is_event
    if message.command:
        assert {"transaction", "expires_at"} <= message.schema["properties"].keys()


def test_no_two_messages_share_a_topic():
    topics = [message.topic for message in MESSAGES.values()]
    assert len(set(topics)) == len(topics)
    assert all(re.fullmatch(r"\{base\}(/\{heater\})?(/[a-z_]+)+", topic) for topic in topics)


def test_the_commands_are_those_that_the_info_message_can_name():
    common = json.loads((SCHEMAS / "common.schema.json").read_text(encoding="utf-8"))
    assert sorted(COMMANDS) == sorted(common["$defs"]["command_name"]["enum"])


@ALL
def test_a_message_has_examples_of_both_kinds(message: MessageType):
    found = examples(message.name)
    assert {example.valid for example in found} == {True, False}
    typical = [example for example in found if example.path.name == "valid-typical.json"]
    assert len(typical) == (message.content_type == "application/json")


@pytest.mark.parametrize("command", REST_COMMANDS.values(), ids=REST_COMMANDS)
def test_a_command_of_rest_alone_has_a_closed_schema_and_examples_of_both_kinds(command: RestCommand):
    assert command.name == f"command_{command.command}"
    assert command.command not in COMMANDS
    assert command.schema["additionalProperties"] is False
    assert {"transaction", "expires_at"} <= command.schema["properties"].keys()
    assert {example.valid for example in all_examples(command.name)} == {True, False}


@of([example for example in all_examples() if example.valid])
def test_a_valid_example_is_valid(example: Example):
    example.kind.validate(example.payload)


@of([example for example in all_examples() if not example.valid])
def test_an_invalid_example_breaks_the_rule_that_it_names(example: Example):
    with pytest.raises(InvalidPayload) as caught:
        example.kind.validate(example.payload)
    assert (caught.value.path, caught.value.rule) == example.fault
    assert example.fault[0].rpartition("/")[2] in caught.value.message


@pytest.mark.parametrize("example", [e for e in examples() if e.valid and e.message.direction == "out"], ids=str)
def test_a_topic_leads_to_its_message(example: Example):
    topic = example.message.topic.format(base=BASE, heater="tool0")
    assert check(topic, example.text.encode(), BASE) == example.message.name


@pytest.mark.parametrize(
    ("topic", "payload", "error"),
    [
        ("bed/eta", b"{}", InvalidPayload),
        ("bed/eta", b'{"rate": NaN}', ValueError),
        ("status", b'"online"', InvalidPayload),
        ("response", b"", ValueError),
        ("bed/temperature", b"{}", AssertionError),
        ("a bed/eta", b"{}", AssertionError),
    ],
)
def test_a_message_outside_the_contract_is_noticed(topic, payload, error):
    with pytest.raises(error):
        check(f"{BASE}/{topic}", payload, BASE)


def test_the_documents_are_up_to_date():
    generator = [sys.executable, "-m", "tests.support.contract_docs", "--check"]
    generated = subprocess.run(generator, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert generated.returncode == 0, generated.stdout + generated.stderr


DOCUMENT = json.loads(asyncapi())


def test_the_asyncapi_document_holds_together():
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert set(DOCUMENT["channels"]) == set(DOCUMENT["operations"]) == set(MESSAGES)
    for node in subschemas(DOCUMENT):
        if isinstance(node.get("$ref"), str):
            target: Any = DOCUMENT
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]


@ALL
def test_the_asyncapi_document_has_direction_qos_and_retain(message: MessageType):
    channel, operation = DOCUMENT["channels"][message.name], DOCUMENT["operations"][message.name]
    assert channel["address"] == message.topic
    assert set(channel["parameters"]) == set(re.findall(r"\{(\w+)\}", message.topic))
    assert operation["action"] == ("receive" if message.command else "send")
    assert operation["channel"] == {"$ref": f"#/channels/{message.name}"}
    assert operation["bindings"]["mqtt"]["qos"] == message.qos
    assert operation["bindings"]["mqtt"].get("retain") is message.retain
    assert ("reply" in operation) == (message.command is not None)


@of([example for example in examples() if example.valid])
def test_the_asyncapi_document_accepts_the_valid_examples(example: Example):
    # Its schemas use draft 7, which every AsyncAPI tool supports.
    definitions = {"components": {"schemas": DOCUMENT["components"]["schemas"]}}
    Draft7Validator.check_schema(DOCUMENT["components"]["schemas"][example.message.name])
    schema = {**definitions, "allOf": [{"$ref": f"#/components/schemas/{example.message.name}"}]}
    Draft7Validator(schema).validate(example.payload)


@pytest.mark.parametrize("rule", ["required", "const", "type", "dependentRequired", "not"])
def test_the_asyncapi_document_refuses_as_the_schemas_do(rule):
    definitions = {"components": {"schemas": DOCUMENT["components"]["schemas"]}}
    refused = [example for example in examples() if not example.valid and example.fault[1] == rule]
    assert refused
    for example in refused:
        schema = {**definitions, "allOf": [{"$ref": f"#/components/schemas/{example.message.name}"}]}
        assert not Draft7Validator(schema).is_valid(example.payload), example

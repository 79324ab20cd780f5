"""Checking messages of any origin against the schemas."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
from octoprint_temp_eta.command_line.validate import check
from tests.support.contract import examples

BASE = "octoprint/temp_eta/ender"


def test_the_examples_of_the_contract_are_judged_as_they_are():
    for example in examples():
        kind = example.message
        if kind.direction == "out":
            topic = kind.topic.format(base=BASE, heater="bed")
            text = example.payload if kind.content_type == "text/plain" else json.dumps(example.payload)
            result = check(MessageArrived(topic, text.encode(), bool(kind.retain)), BASE)
            assert (result.message, result.problem is None) == (kind.name, example.valid), str(example)


@given(st.text(max_size=20), st.binary(max_size=60), st.booleans())
def test_any_message_has_a_result(rest: str, payload: bytes, retained: bool):
    result = check(MessageArrived(f"{BASE}/{rest}", payload, retained), BASE)
    assert result.topic == f"{BASE}/{rest}"


@given(st.sampled_from(["status", "printer", "bed/eta", "info"]), st.binary(min_size=1, max_size=60))
def test_no_random_payload_is_valid(rest: str, payload: bytes):
    if payload not in (b"online", b"offline"):
        assert check(MessageArrived(f"{BASE}/{rest}", payload, True), BASE).problem is not None

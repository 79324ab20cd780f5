"""From a payload to a command, or to the reason why it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octoprint_temp_eta.messages.contract.catalogue import COMMANDS
from octoprint_temp_eta.messages.decode import LARGEST_COMMAND, Command, CommandError, ReplyTo, decode, validated

WALL = 1_795_188_600.0
REPLY_TO = ReplyTo("my/answers", b"42")


def command(name: str, payload: object = b"{}", *, retained: bool = False) -> Command:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return decode(name, raw, REPLY_TO, retained=retained, wall=WALL)


def refused(name: str, payload: object, *, retained: bool = False) -> CommandError:
    with pytest.raises(CommandError) as caught:
        command(name, payload, retained=retained)
    return caught.value


@pytest.mark.parametrize("payload", [b"PRESS", b" PRESS\n", b"{}", b" { } "])
@pytest.mark.parametrize("name", [name for name, kind in COMMANDS.items() if kind.press])
def test_a_press_is_an_empty_object(name: str, payload: bytes):
    assert command(name, payload) == Command(name, {}, None, REPLY_TO)


@pytest.mark.parametrize("name", [name for name, kind in COMMANDS.items() if not kind.press and not kind.text])
def test_a_button_press_is_no_valid_command_if_arguments_are_required(name: str):
    assert refused(name, b"PRESS").code == "invalid_json"


@pytest.mark.parametrize("text", ["heat-soak", "  heat-soak \n", "PRESS", "true", "7"])
def test_a_bare_text_fills_its_field(text: str):
    assert command("script/start", text.encode()).arguments == {"id": text.strip()}


def test_arguments_come_without_what_is_common_to_all():
    found = command("reset", {"heater": "bed", "transaction": "t1", "expires_at": WALL + 1})
    assert found == Command("reset", {"heater": "bed"}, "t1", REPLY_TO)


@pytest.mark.parametrize("transaction", ["t1", "", "é" * 256, 0, -5, 2**53 - 1])
def test_a_transaction_is_carried_also_by_a_refusal(transaction: object):
    assert command("reset", {"transaction": transaction}).transaction == transaction
    error = refused("reset", {"transaction": transaction, "colour": "red"})
    assert (error.transaction, error.code, error.path) == (transaction, "invalid_command", "/colour")


@pytest.mark.parametrize("payload", [b'{"transaction": "t1"}', b"{", b"t1", b"[" * 16000, b"\xff"])
def test_a_transaction_is_carried_by_the_refusal_of_a_command_that_does_not_exist(payload: bytes):
    error = refused("shutdown", payload)
    assert (error.transaction, error.code) == ("t1" if b"transaction" in payload else None, "invalid_command")


@pytest.mark.parametrize("transaction", [True, 1.5, 1.0, [1], {}, "x" * 257, 2**53])
def test_what_is_no_transaction_is_refused(transaction: Any):
    error = refused("reset", {"transaction": transaction})
    assert (error.code, error.path) == ("invalid_command", "/transaction")


@pytest.mark.parametrize(
    ("name", "payload", "code", "path"),
    [
        ("shutdown", b"{}", "invalid_command", None),
        ("", b"{}", "invalid_command", None),
        ("reset", b"\xff\xfe", "invalid_json", None),
        ("reset", b"{", "invalid_json", None),
        ("reset", b"press", "invalid_json", None),
        ("reset", b'{"heater": NaN}', "invalid_json", None),
        ("reset", "\ufeff{}".encode(), "invalid_json", None),
        ("reset", b"[" * 16000, "invalid_json", None),
        ("reset", b"[]", "invalid_command", ""),
        ("reset", b"null", "invalid_command", ""),
        ("reset", {"heater": "a/b"}, "invalid_command", "/heater"),
        ("forecast", {"heater": "bed"}, "invalid_command", "/target"),
        ("forecast", b'{"heater": "bed", "target": 1e999}', "invalid_command", "/target"),
        ("script/start", b'{"id": "x", "settings": {"a": 1e999}}', "invalid_command", "/settings/a"),
        ("script/start", b'{"id": "x", "settings": {"a": [0, {"b": -1e999}]}}', "invalid_command", "/settings/a/1/b"),
        ("reset", {"expires_at": WALL - 1}, "expired", "/expires_at"),
        ("reset", {"expires_at": "soon"}, "invalid_command", "/expires_at"),
        ("reset", b"{}" + b" " * LARGEST_COMMAND, "too_large", None),
    ],
)
def test_an_invalid_command_is_refused_with_the_reason(name: str, payload: object, code: str, path: str | None):
    error = refused(name, payload)
    assert (error.code, error.path) == (code, path)
    assert error.message.endswith(".")


@pytest.mark.parametrize(
    ("time", "in_time"),
    [
        (WALL, True),
        (WALL - 0.1, False),
        ("2026-11-20T15:30:00Z", True),
        ("2026-11-20T16:30:00+01:00", True),
        ("2026-11-20T15:30:00+01:00", False),
        ("2026-11-20T15:29:59.9Z", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("9999-12-31T23:59:59-23:59", True),
    ],
)
def test_expiry_is_a_time_in_either_format(time: str | float, in_time: bool):
    if in_time:
        assert command("reset", {"expires_at": time}).arguments == {}
    else:
        assert refused("reset", {"expires_at": time}).code == "expired"


def test_a_retained_command_is_refused_with_its_transaction():
    error = refused("reset", {"transaction": "t1"}, retained=True)
    assert (error.code, error.transaction) == ("retained_command", "t1")


def test_what_is_as_large_as_allowed_is_read():
    assert command("reset", b"{}" + b" " * (LARGEST_COMMAND - 2)).arguments == {}


def test_a_call_by_rest_is_validated_alike():
    assert validated("reset", {"heater": "bed"}, ReplyTo(ticket=7), wall=WALL).reply_to.ticket == 7
    for name, body, transaction in (("reset", [], None), ("shutdown", {"transaction": 7}, 7)):
        with pytest.raises(CommandError) as caught:
            validated(name, body, ReplyTo(ticket=7), wall=WALL)
        assert (caught.value.code, caught.value.transaction) == ("invalid_command", transaction)

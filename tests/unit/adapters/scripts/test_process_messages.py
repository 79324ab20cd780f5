"""Messages from a script's process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from octoprint_temp_eta.adapters.scripts.process_messages import parse_message
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    ScriptLogged,
    ScriptMessage,
    ScriptRaised,
    ScriptReturned,
    ScriptStatus,
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"kind": "error", "error": "a\ud800b"}, ScriptRaised("1", "a\ufffdb")),
        ({"kind": "status", "status": "\udfff"}, ScriptStatus("1", "\ufffd")),
        ({"kind": "log", "level": "info", "message": "\ud800"}, ScriptLogged("1", "info", "\ufffd")),
        (
            {
                "kind": "result",
                "success": True,
                "storage": {"a\ud800": ["\udc00", {"b": "\U0001f600"}]},
                "message": None,
            },
            ScriptReturned("1", True, {"a\ufffd": ["\ufffd", {"b": "\U0001f600"}]}, None),
        ),
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_lone_surrogates_are_replaced(message: dict[str, Any], expected: ScriptMessage, ascii_only: bool) -> None:
    line = json.dumps(message, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    assert parse_message("1", line) == expected

"""Checks of every message that a bridge publishes."""

from __future__ import annotations

import json

from octoprint_temp_eta.bridge.protocol.effects import Publish
from octoprint_temp_eta.core.clock import Now
from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from tests.support.contract import check


class MessageChecks:
    """Validates messages against their schemas; the numbers of retained ones must not go back."""

    def __init__(self) -> None:
        #: By topic.
        self._newest_seq: dict[str, int] = {}

    def name(self, publish: Publish, base: str, now: Now) -> str:
        """Check a message of the bridge with the topics below `base`.

        Return its name in the catalogue, "discovery", "reply" (to its own topic), "clearing", or "probe", also of a
        former base.
        """
        if publish.topic.startswith(f"{base}/"):
            name = check(publish.topic, publish.payload, base)
            self._check_properties(name, publish, now)
            return name
        if publish.topic.endswith("/config"):
            assert not publish.payload or isinstance(json.loads(publish.payload), dict)
            return "discovery"
        if publish.retain and not publish.payload:
            return "clearing"
        if publish.topic.endswith("/probe"):
            assert (publish.qos, publish.retain) == (0, False)
            return "probe"
        MESSAGES["response"].validate(json.loads(publish.payload))
        assert not publish.retain
        return "reply"

    def _check_properties(self, name: str, publish: Publish, now: Now) -> None:
        message = MESSAGES[name]
        assert (publish.qos, publish.retain) == (message.qos, message.retain), name
        if not publish.payload:
            return
        assert publish.content_type == message.content_type
        assert publish.expiry_seconds == message.expiry_seconds
        body = json.loads(publish.payload) if message.schema["type"] == "object" else {}
        assert body.get("timestamp", 0) <= now.wall + 1e-3
        if message.retain and "seq" in body:
            assert body["seq"] >= self._newest_seq.get(publish.topic, 0), f"{publish.topic} went back"
            self._newest_seq[publish.topic] = body["seq"]

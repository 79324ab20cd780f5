"""A web client of OctoPrint that receives the page's push messages."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request
import uuid
from typing import Any, Self

from tests.support.octoprint import PASSWORD, USER, OctoPrint
from tests.support.waiting import eventually


class WebClient:
    """Receives a user's messages by polling, inside the context.

    OctoPrint's protection against cross-site requests must be off (`devel.enableCsrfProtection`).
    """

    def __init__(self, octoprint: OctoPrint, user: str = USER) -> None:
        self._octoprint = octoprint
        self._user = user
        self._url = f"{octoprint.url}/sockjs/000/{uuid.uuid4().hex}"
        self._messages: list[dict[str, Any]] = []
        self._left = threading.Event()

    def __enter__(self) -> Self:
        # Before the session, which ends if it is not polled for some seconds.
        _, login = self._octoprint.request("POST", "/api/login", {"user": self._user, "pass": PASSWORD}, key=None)
        assert self._post("xhr", "").strip() == "o"
        self._post("xhr_send", json.dumps([json.dumps({"auth": f"{login['name']}:{login['session']}"})]))
        threading.Thread(target=self._listen, name="web client", daemon=True).start()
        eventually(lambda: any("current" in message for message in self._messages), "the page's first state")
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All messages so far."""
        return list(self._messages)

    def wait_for_event(self, name: str) -> Any:
        """Return the payload of the first event `name`; wait for it if need be."""
        return eventually(lambda: self._events(name), f"the event {name}")[0]

    def _events(self, name: str) -> list[Any]:
        events = [message["event"] for message in self._messages if "event" in message]
        return [event["payload"] for event in events if event["type"] == name]

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while not self._left.is_set():
                frame = self._post("xhr", "").strip()
                if frame.startswith("a"):
                    self._messages += json.loads(frame[1:])

    def _post(self, kind: str, body: str) -> str:
        request = urllib.request.Request(f"{self._url}/{kind}", data=body.encode(), method="POST")
        request.add_header("Content-Type", "text/plain")
        with urllib.request.urlopen(request, timeout=60) as response:
            return str(response.read().decode())

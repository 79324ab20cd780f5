"""A client of Home Assistant's REST and websocket API."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import websocket

from tests.support.waiting import eventually

#: The loggers whose entries may concern MQTT entities.
LOGGERS = ("mqtt", "template", "sensor", "button", "event", "number", "automation", "blueprint", "helpers.entity")


class HomeAssistantError(RuntimeError):
    """Home Assistant refused a call or did not respond."""


@dataclass(frozen=True)
class Entity:
    """An entity as a user sees it; `state` is None of one that is disabled."""

    entity_id: str
    unique_id: str
    name: str
    state: str | None
    category: str | None
    disabled: bool
    device_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict, compare=False)


class HomeAssistant:
    """One server, at `url`, as the owner of `token`."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = token

    # -- its two interfaces ------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, body: Any = None, *, form: bool = False) -> tuple[int, Any]:
        """Return the status and the JSON, or text, of the response; with `form` the body is sent as a form."""
        data = None if body is None else (urllib.parse.urlencode(body) if form else json.dumps(body)).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                status, text = reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode(errors="replace")
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def checked(self, method: str, path: str, body: Any = None, *, form: bool = False) -> Any:
        """Return the response. Raises HomeAssistantError for an error status."""
        status, content = self.request(method, path, body, form=form)
        if status >= HTTPStatus.BAD_REQUEST:
            raise HomeAssistantError(f"{method} {path}: {status} {content}")
        return content

    def ask(self, kind: str, **arguments: Any) -> Any:
        """Return the result of one websocket command."""
        connection = websocket.create_connection(f"ws{self.url.removeprefix('http')}/api/websocket", timeout=30)
        try:
            connection.recv()
            connection.send(json.dumps({"type": "auth", "access_token": self.token}))
            if json.loads(connection.recv())["type"] != "auth_ok":
                raise HomeAssistantError("the token is refused")
            connection.send(json.dumps({"id": 1, "type": kind, **arguments}))
            reply: dict[str, Any] = {}
            while (reply.get("id"), reply.get("type")) != (1, "result"):
                reply = json.loads(connection.recv())
        finally:
            connection.close()
        if not reply["success"]:
            raise HomeAssistantError(f"{kind}: {reply['error']}")
        return reply["result"]

    # -- what it shows -----------------------------------------------------------------------------------------------

    @property
    def version(self) -> tuple[int, int]:
        """Year and month of the release."""
        year, month, *_ = str(self.checked("GET", "/api/config")["version"]).split(".")
        return int(year), int(month)

    def state(self, entity_id: str) -> str | None:
        """Return an entity's state, None where it has none."""
        status, content = self.request("GET", f"/api/states/{entity_id}")
        return str(content["state"]) if status == HTTPStatus.OK else None

    def wait_for(self, entity_id: str, *states: str, timeout: float = 15.0) -> str:
        """Wait until an entity has one of `states`, and return which."""
        found: list[str | None] = [None]

        def reached() -> bool:
            found[0] = self.state(entity_id)
            return found[0] in states

        try:
            eventually(reached, entity_id, timeout, poll=0.2)
        except TimeoutError:
            raise TimeoutError(f"{entity_id} is {found[0]!r}, not {' or '.join(states)}, after {timeout:g} s") from None
        return str(found[0])

    def devices(self, identifier: str) -> list[dict[str, Any]]:
        """Return the MQTT devices with this identifier: one or none."""
        return [d for d in self.ask("config/device_registry/list") if ["mqtt", identifier] in d["identifiers"]]

    def entities(self, identifier: str) -> dict[str, Entity]:
        """Return the entities of the device `identifier` by key, the part of the unique id after the identifier."""
        devices = {device["id"] for device in self.devices(identifier)}
        states = {state["entity_id"]: state for state in self.checked("GET", "/api/states")}
        found: dict[str, Entity] = {}
        for entry in self.ask("config/entity_registry/list"):
            if entry["platform"] == "mqtt" and entry["device_id"] in devices:
                shown = states.get(entry["entity_id"])
                found[entry["unique_id"].removeprefix(f"{identifier}_")] = Entity(
                    entry["entity_id"],
                    entry["unique_id"],
                    entry["name"] or entry["original_name"] or "",
                    shown["state"] if shown else None,
                    entry["entity_category"],
                    entry["disabled_by"] is not None,
                    entry["device_id"],
                    shown["attributes"] if shown else {},
                )
        return found

    def triggers(self, identifier: str) -> set[tuple[str, str]]:
        """Return type and subtype of the device's MQTT triggers."""
        return {
            (trigger["type"], trigger["subtype"])
            for device in self.devices(identifier)
            for trigger in self.ask("device_automation/trigger/list", device_id=device["id"])
            if trigger["domain"] == "mqtt"
        }

    def warnings(self) -> list[str]:
        """Return the warnings and errors in its log that may concern MQTT entities."""
        return [
            f"{entry['level']} {entry['name']}: {' / '.join(entry['message'])}"
            for entry in self.ask("system_log/list")
            if any(name in entry["name"] for name in LOGGERS)
        ]

    # -- commands ---------------------------------------------------------------------------------------------------

    def call(self, service: str, **data: Any) -> None:
        """Call a service: `call("button.press", entity_id="button.x")`."""
        self.checked("POST", f"/api/services/{service.replace('.', '/')}", data)

    def automate(self, name: str, automation: Mapping[str, Any]) -> None:
        """Create an automation, as the editor does, and wait until it is on."""
        self.checked("POST", f"/api/config/automation/config/{name}", {"alias": name, **automation})
        eventually(
            lambda: any(
                state["attributes"].get("id") == name and state["state"] == "on"
                for state in self.checked("GET", "/api/states")
            ),
            f"the automation {name}",
        )

    def forget_automation(self, name: str) -> None:
        """Delete an automation."""
        self.checked("DELETE", f"/api/config/automation/config/{name}")

    def use_broker(self, host: str, port: int) -> None:
        """Set up the MQTT integration with this broker, and wait until it is loaded."""
        for entry in self._mqtt_entries():
            self.checked("DELETE", f"/api/config/config_entries/entry/{entry['entry_id']}")
        step = self.checked("POST", "/api/config/config_entries/flow", {"handler": "mqtt"})
        while step["type"] in ("form", "menu"):
            if step.get("errors"):
                raise HomeAssistantError(f"MQTT cannot be set up: {step['errors']}")
            reply = {"next_step_id": "broker"} if step["type"] == "menu" else _broker_form(step, host, port)
            step = self.checked("POST", f"/api/config/config_entries/flow/{step['flow_id']}", reply)
        eventually(lambda: [e["state"] for e in self._mqtt_entries()] == ["loaded"], "MQTT in Home Assistant", 30)

    def _mqtt_entries(self) -> list[dict[str, Any]]:
        return list(self.checked("GET", "/api/config/config_entries/entry?domain=mqtt"))


def _broker_form(step: Mapping[str, Any], host: str, port: int) -> dict[str, Any]:
    """Return the filled form. Newer servers have further sections, which keep their defaults."""
    sections = {field["name"]: {"set_client_cert": False, "set_ca_cert": "off"} for field in step["data_schema"]
                if field.get("type") == "expandable"}  # fmt: skip
    return {"broker": host, "port": port, **sections}

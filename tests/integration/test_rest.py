"""The REST interface of a real OctoPrint with the plugin."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.messages.contract.catalogue import MESSAGES
from octoprint_temp_eta.plugin.web.permissions import NEEDED, PERMISSIONS, READ
from octoprint_temp_eta.plugin.web.rest import ALIASES, NAMES
from octoprint_temp_eta.settings import table
from tests.conftest import BASE, INSTANCE
from tests.support.broker import Broker
from tests.support.contract import PROJECT
from tests.support.octoprint import API_KEY, OctoPrint
from tests.support.rest_calls import PATH, command, save
from tests.support.waiting import eventually

DOCUMENT = (PROJECT / "docs" / "reference" / "rest.md").read_text(encoding="utf-8")


@pytest.fixture
def seen(octoprint: OctoPrint) -> OctoPrint:
    """OctoPrint, whose heaters the bridge has seen."""
    eventually(lambda: "bed" in octoprint.get(PATH)["eta"], "the bed's estimate")
    return octoprint


# -- looking -----------------------------------------------------------------------------------------------------------


def test_get_shows_what_the_broker_gets(seen: OctoPrint, broker: Broker):
    eventually(lambda: seen.get(PATH)["mqtt"]["connected"], "the connection to the broker")
    shown = seen.get(PATH)
    assert set(shown) >= {"eta", "printer", "mqtt", "settings", "missing"}
    of_a_message = {"timestamp": 0, "seq": 0, "boot_id": "0123456789abcdef"}
    for body in shown["eta"].values():
        MESSAGES["eta"].validate(body | of_a_message)
    MESSAGES["printer"].validate(shown["printer"] | of_a_message)
    assert shown["mqtt"]["base_topic"] == BASE
    assert shown["mqtt"]["broker"]["port"] == broker.port
    assert shown["missing"] == []


def test_get_shows_the_settings_without_secrets(seen: OctoPrint):
    shown = seen.get(PATH)["settings"]
    assert sorted(shown) == sorted(set(table.defaults()) - set(table.secret_keys()))
    assert shown["mqtt_custom_identifier"] == INSTANCE


def test_get_eta_is_the_heaters_alone(seen: OctoPrint):
    status, heaters = command(seen, "get_eta")
    assert status == 200
    assert set(heaters) == set(seen.get(PATH)["eta"])


# -- commands ----------------------------------------------------------------------------------------------------------


def test_reset_replies_as_the_broker_does_and_with_success(seen: OctoPrint):
    status, reply = command(seen, "reset", heater="bed", transaction="here")
    assert (status, reply.pop("success")) == (200, True)
    MESSAGES["response"].validate(reply)
    assert (reply["command"], reply["status"], reply["transaction"]) == ("reset", "completed", "here")


def test_the_same_transaction_gets_the_same_reply(seen: OctoPrint):
    replies = [command(seen, "snapshot", transaction="twice")[1] for _ in range(2)]
    assert replies[0]["result"] == replies[1]["result"]


@pytest.mark.parametrize(
    ("body", "status", "code", "path"),
    [
        ({"command": "reset", "heater": 7}, 400, "invalid_command", "/heater"),
        ({"command": "reset", "colour": "red"}, 400, "invalid_command", "/colour"),
        ({"command": "reset", "heater": "bed", "expires_at": 1}, 400, "expired", "/expires_at"),
        ({"command": "script/start"}, 400, "invalid_command", "/id"),
        ({"command": "shutdown"}, 400, "invalid_command", "/command"),
        ({"command": []}, 400, "invalid_command", "/command"),
        ({"command": None}, 400, "invalid_command", "/command"),
        ({"command": "target", "heater": "bed", "target": 60}, 403, "disabled", None),
    ],
)
def test_an_invalid_command_is_refused_with_the_reason(
    seen: OctoPrint, body: dict[str, Any], status: int, code: str, path: str | None
):
    answered, reply = seen.request("POST", PATH, body)
    assert (answered, reply.pop("success")) == (status, False)
    MESSAGES["response"].validate(reply)
    assert (reply["error"]["code"], reply["error"]["path"]) == (code, path)


@pytest.mark.parametrize("body", [[], {}, "text", None])
def test_what_is_no_command_at_all_is_refused_by_octoprint(seen: OctoPrint, body: object):
    status, _ = seen.request("POST", PATH, body)
    assert status in (400, 415)


def test_an_unknown_heater_is_named(seen: OctoPrint):
    status, reply = command(seen, "reset", heater="tool9")
    assert status in (400, 404)
    assert "tool9" in reply["error"]["message"]


# -- permissions -------------------------------------------------------------------------------------------------------


def test_an_anonymous_request_is_refused_as_documented(seen: OctoPrint):
    """OctoPrint itself refuses a POST without a key: its check against cross-site requests comes first."""
    assert seen.request("GET", PATH, key=None)[0] == 403
    assert command(seen, "get_eta", key=None)[0] == 400


def test_guests_see_the_state_if_an_administrator_permits_it(seen: OctoPrint):
    """As OctoPrint's own pages: a guest has the permissions of the group Guests."""
    guests = seen.get("/api/access/groups/guests")
    seen.request("PUT", "/api/access/groups/guests", {**guests, "permissions": [*guests["permissions"], READ]})
    status, shown = seen.request("GET", PATH, key=None)
    seen.request("PUT", "/api/access/groups/guests", guests)
    assert status == 200
    assert "eta" in shown
    assert not {"script_folder", "problems", "connection_test"} & set(shown)
    assert seen.request("GET", PATH, key=None)[0] == 403


def test_a_user_who_may_only_read_gets_neither_user_name_nor_host_nor_folder(seen: OctoPrint, users: dict[str, str]):
    private = {"mqtt_username": "private-user", "script_folder": "/private-folder"}
    assert save(seen, **private)[0] == 200
    shown = seen.request("GET", PATH, key=users["read"])[1]
    assert not {"broker", "last_error", "problem", "warnings"} & set(shown["mqtt"])
    assert not {"mqtt_broker_host", "mqtt_broker_port", *private} & set(shown["settings"])
    assert "problems" not in shown
    assert "private-" not in json.dumps([shown, seen.request("GET", "/api/settings", key=users["read"])[1]])
    snapshot = command(seen, "snapshot", key=users["read"])[1]["result"]
    assert not {"host", "machine"} & set(snapshot["info"])
    assert not {"broker", "last_error", "clash"} & set(snapshot.get("diagnostics", {}))
    assert command(seen, "snapshot")[1]["result"]["info"]["host"]
    assert seen.get(PATH)["settings"]["mqtt_username"] == "private-user"
    save(seen, mqtt_username="", script_folder="~/.mecodescripts")


@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_a_number_beyond_any_float_is_refused_and_not_an_exception(seen: OctoPrint, value: int):
    assert save(seen, threshold_start=value)[0] == 400
    status, reply = command(seen, "forecast", heater="bed", target=value)
    assert (status, reply["error"]["path"]) == (400, "/target")


def test_a_lone_surrogate_is_refused_and_later_saves_work(seen: OctoPrint):
    status, reply = save(seen, mqtt_username="\ud800")
    assert (status, reply["key"]) == (400, "mqtt_username")
    assert save(seen, max_eta=1800)[0] == 200
    save(seen, max_eta=3600)


def test_looking_needs_a_permission(seen: OctoPrint, users: dict[str, str]):
    assert seen.request("GET", PATH, key=users["read"])[0] == 200
    status, reply = seen.request("GET", PATH, key=users["nothing"])
    assert (status, reply["error"]["code"]) == (403, "not_permitted")


def test_the_settings_of_scripts_are_shown_to_those_who_may_change_them(
    seen: OctoPrint, users: dict[str, str], tmp_path: Path
):
    assert seen.get(PATH)["script_settings"] == {}
    save(seen, script_folder=str(tmp_path))
    eventually(lambda: seen.get(PATH)["script_folder"]["missing"] is False, "the folder to be found")
    save(seen, script_folder="~/.mecodescripts")
    shown = seen.request("GET", PATH, key=users["read"])[1]
    assert not {"script_settings", "script_folder"} & set(shown)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_needs_its_permission(seen: OctoPrint, users: dict[str, str], name: str):
    needed = NEEDED.get(ALIASES.get(name, name), ("PLUGIN_TEMP_ETA_ADMINISTER",))
    able = "+".join(each.removeprefix("PLUGIN_TEMP_ETA_").lower() for each in needed)
    for user, key in users.items():
        _, reply = command(seen, name, key, broken=True)
        code = reply.get("error", {}).get("code")
        assert (code != "not_permitted") == (user == able), (user, reply)


def test_scripts_have_names_of_their_own_here(seen: OctoPrint):
    assert command(seen, "list_scripts")[1]["result"] == seen.get(PATH)["scripts"]
    assert command(seen, "start_script", id="none")[1]["error"]["code"] == "unknown_script"
    assert command(seen, "cancel_script")[1]["error"]["code"] == "not_running"


@pytest.mark.parametrize("name", ["get_eta", "list_scripts", "create_script_folder", "remove_from_home_assistant"])
def test_a_command_without_fields_refuses_others(seen: OctoPrint, name: str):
    status, reply = command(seen, name, more=1, transaction="t1")
    assert (status, reply["success"], reply["command"], reply["transaction"]) == (400, False, name, "t1")
    assert reply["error"] == {
        "code": "invalid_command",
        "message": "more is no field of this message.",
        "path": "/more",
    }


def test_each_permission_is_in_the_document():
    assert all(f"| {name} |" in DOCUMENT for _, name, _, _ in PERMISSIONS)


# -- the document ------------------------------------------------------------------------------------------------------

EXAMPLES = re.findall(r"```sh\n(curl .*?)```\n.*?```json\n(.*?)```", DOCUMENT, flags=re.DOTALL)


@pytest.mark.parametrize(("line", "shown"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_a_documented_call_replies_as_documented(seen: OctoPrint, line: str, shown: str):
    eventually(lambda: seen.get(PATH)["mqtt"]["connected"], "the connection to the broker")
    environment = {**os.environ, "OCTOPRINT": seen.url, "KEY": API_KEY}
    answered = subprocess.run(["bash", "-c", line], env=environment, check=True, capture_output=True, text=True)
    assert differences(json.loads(shown), json.loads(answered.stdout)) == []


def test_all_calls_of_the_document_are_tried():
    assert len(EXAMPLES) == DOCUMENT.count("curl ") == DOCUMENT.count("```json")


def differences(shown: Any, real: Any, where: str = "") -> list[str]:
    """Return where keys and types of `real` differ from those of `shown`; "…" in `shown` means any further keys."""
    if isinstance(shown, dict) and isinstance(real, dict):
        keys = set(shown) - {"…"}
        here = set(shown) - {"…"} if "…" in shown else set(shown) | set(real)
        found = [f"{where}/{key}: only in one" for key in here if (key in shown) != (key in real)]
        found += [each for key in keys & set(real) for each in differences(shown[key], real[key], f"{where}/{key}")]
        return found
    number = {type(shown), type(real)} <= {int, float}
    return [] if number or None in (shown, real) or type(shown) is type(real) else [f"{where}: is {real!r}"]


# -- the connection test -----------------------------------------------------------------------------------------------


def steps_of(octoprint: OctoPrint, **settings: Any) -> dict[str, Any]:
    """Run a connection test and return what the pages show at its end."""
    assert command(octoprint, "test_connection", settings=settings)[0] == 202
    eventually(lambda: not octoprint.get(PATH)["connection_test"]["running"], "the end of the test", 60)
    return dict(octoprint.get(PATH)["connection_test"])


def test_the_saved_connection_is_steps_of(seen: OctoPrint):
    result = steps_of(seen)
    statuses = {step["name"]: step["status"] for step in result["steps"]}
    assert result["saved_settings"] is True
    assert {name for name, status in statuses.items() if status == "ok"} >= {"TCP", "CONNECT", "Publish", "Read back"}
    assert statuses["Identity"] == "ok"


@pytest.mark.parametrize("name", ["find_leftovers", "remove_leftovers"])
def test_leftovers_of_other_plugins_are_searched_by_administrators(seen: OctoPrint, users: dict[str, str], name: str):
    assert command(seen, name, key=users["settings"])[0] == 403
    assert command(seen, name, more=1)[0] == 400

    def accepted() -> bool:
        status, reply = command(seen, name)
        assert status == 202 or reply["error"]["code"] == "busy", reply
        return status == 202

    eventually(accepted, "the search to be accepted", 60)


def test_values_that_are_not_saved_are_steps_of(seen: OctoPrint):
    before = seen.config()["plugins"]["temp_eta"]
    result = steps_of(seen, mqtt_broker_host="no-such-broker.invalid")
    assert result["saved_settings"] is False
    assert "'no-such-broker.invalid' is not known" in result["steps"][0]["message"]
    assert seen.config()["plugins"]["temp_eta"] == before


def test_a_value_that_is_not_valid_is_named(seen: OctoPrint):
    status, reply = command(seen, "test_connection", settings={"mqtt_broker_port": 0})
    assert status == 400
    assert reply["error"]["path"] == "/settings/mqtt_broker_port"
    status, reply = command(seen, "test_connection", settings={"mqtt_broker_host": "mqtt://me:pass-in-url@x"})
    assert status == 400
    assert "pass-in-url" not in json.dumps(reply)


def test_only_those_test_other_values_who_may_save_them(seen: OctoPrint, users: dict[str, str]):
    """A test of another host sends it the saved password."""
    key = users["administer"]
    assert command(seen, "test_connection", key=key, settings={"mqtt_broker_host": "elsewhere"})[0] == 403
    assert command(seen, "test_connection", key=users["settings"])[0] == 403
    assert command(seen, "test_connection", key=key)[0] == 202
    eventually(lambda: not seen.get(PATH)["connection_test"]["running"], "the end of the test", 60)

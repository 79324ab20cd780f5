"""The settings of scripts that are kept, and the call by which the user sets them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from octoprint_temp_eta.bridge.protocol.effects import Page, RestReply, Save
from octoprint_temp_eta.bridge.protocol.inputs import ApiCommand
from octoprint_temp_eta.bridge.protocol.script_effects import StartScript
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    JobsHeld,
    LineQueued,
    LineReceived,
    LineSending,
    ScriptEnded,
    ScriptReturned,
    ScriptRunning,
)
from octoprint_temp_eta.bridge.scripts.store import ScriptStore
from octoprint_temp_eta.core.scripts.catalogue import Script
from octoprint_temp_eta.core.scripts.settings import MAX_LENGTH
from tests.support.bridge_driver import BridgeDriver, connected

DEFAULTS = {"count": 3, "name": "x", "hot": False, "points": [1], "any/thing": None}
STEPS = Script("steps.py", "Steps", "steps", DEFAULTS)
PLAIN = Script("plain.py", "Plain", "plain")
BROKEN = Script("broken.py", "Broken", "broken", {"count": 1}, error="it does not load")
RUN_1 = "4f1b9c02-1"
#: By which the line after the run is known.
LAST = f"{RUN_1}.end"

_tickets = itertools.count(1)


def script_bridge(kept: dict[str, Any] | None = None) -> BridgeDriver:
    """Return a bridge with scripts, for the first of which `kept` is kept."""
    remembered = {"scripts": {"version": 1, "settings": {"steps": kept}}} if kept else {}
    driver = connected(remembered=remembered, scripts=None)
    driver.found((STEPS, PLAIN, BROKEN))
    return driver


def save(driver: BridgeDriver, body: dict[str, Any]) -> dict[str, Any]:
    """Save settings as REST does, and return the answer."""
    ticket = next(_tickets)
    effects = driver.handle(ApiCommand("save_script_settings", body, ticket))
    answers = [effect for effect in effects if isinstance(effect, RestReply)]
    assert [answer.ticket for answer in answers] == [ticket]
    return dict(answers[0].reply)


def present(driver: BridgeDriver) -> dict[str, Any]:
    """Return the settings that REST shows."""
    return dict(driver.bridge.snapshot(driver.now)["script_settings"])


def run(driver: BridgeDriver) -> StartScript:
    """Start the script, and return what its process is started with."""
    driver.command("script/start", {"id": "steps"})
    driver.handle(JobsHeld(RUN_1))
    (start,) = driver.of(StartScript)
    assert isinstance(start, StartScript)
    return start


def test_stored_settings_override_the_defaults() -> None:
    kept = {"count": 5, "name": 7, "measured": [1.5]}
    assert present(script_bridge(kept)) == {"steps": {**DEFAULTS, "count": 5}}
    assert present(script_bridge()) == {"steps": DEFAULTS}


def test_what_the_user_sets_is_kept_and_goes_to_the_next_run() -> None:
    driver = script_bridge({"measured": [1.5], "name": "y"})
    reply = save(driver, {"id": "steps", "settings": {"count": 7, "any/thing": {"a": 1}}})
    assert (reply["command"], reply["status"]) == ("save_script_settings", "completed")
    kept = {"measured": [1.5], "name": "y", "count": 7, "any/thing": {"a": 1}}
    saved = [save for save in driver.of(Save) if save.name == "scripts"]
    assert saved[-1] == Save("scripts", {"version": 1, "settings": {"steps": kept}})
    assert present(driver)["steps"] == DEFAULTS | {"name": "y", "count": 7, "any/thing": {"a": 1}}
    assert run(driver).stored == kept


def test_returned_settings_override_the_users() -> None:
    driver = script_bridge()
    save(driver, {"id": "steps", "settings": {"count": 7, "name": "y"}})
    run(driver)
    save(driver, {"id": "steps", "settings": {"hot": True}})
    for event in (
        ScriptRunning(RUN_1),
        ScriptReturned(RUN_1, True, {"count": 8, "measured": 1}),
        ScriptEnded(RUN_1, 0, "ended with status 0"),
        LineSending(LAST, "G90", acknowledged=True),
        LineQueued(LAST, 1),
        LineReceived("ok\n"),
    ):
        driver.handle(event)
    assert present(driver)["steps"] == DEFAULTS | {"count": 8, "name": "y", "hot": True}


def test_a_run_with_a_long_result_drops_no_setting() -> None:
    driver = script_bridge({"count": 7, "measured": 1})
    run(driver)
    result = {"result": "m" * (MAX_LENGTH - 20)}
    for event in (ScriptRunning(RUN_1), ScriptReturned(RUN_1, True, result), ScriptEnded(RUN_1, 0, "ended")):
        driver.handle(event)
    for event in (LineSending(LAST, "G90", acknowledged=True), LineQueued(LAST, 1), LineReceived("ok\n")):
        driver.handle(event)
    saved = [save for save in driver.of(Save) if save.name == "scripts"]
    assert saved[-1] == Save("scripts", {"version": 1, "settings": {"steps": {"count": 7, **result}}})


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"id": "steps", "settings": {"count": "many"}}, "invalid_settings", "/settings/count"),
        ({"id": "steps", "settings": {"hot": 1}}, "invalid_settings", "/settings/hot"),
        ({"id": "steps", "settings": {"count": 4, "other": 1}}, "invalid_settings", "/settings/other"),
        ({"id": "steps", "settings": {"any/thing": float("nan")}}, "invalid_command", "/settings/any~1thing"),
        ({"id": "steps", "settings": {"name": "x" * MAX_LENGTH}}, "invalid_settings", "/settings"),
        ({"id": "steps", "settings": {"name": "x\nM104 S250"}}, "invalid_settings", "/settings/name"),
        ({"id": "steps", "settings": {"any/thing": {"a": ["x\n"]}}}, "invalid_settings", "/settings/any~1thing"),
        ({"id": "plain", "settings": {}}, "invalid_settings", "/settings"),
        ({"id": "plain", "settings": {"count": 1}}, "invalid_settings", "/settings"),
        ({"id": "broken", "settings": {"count": 2}}, "broken_script", "/id"),
        ({"id": "none", "settings": {}}, "unknown_script", "/id"),
        ({"id": 7, "settings": {}}, "invalid_command", "/id"),
        ({"settings": {}}, "invalid_command", "/id"),
        ({"id": "steps"}, "invalid_command", "/settings"),
        ({"id": "steps", "settings": [1]}, "invalid_command", "/settings"),
        ({"id": "steps", "settings": {}, "more": 1}, "invalid_command", "/more"),
    ],
)
def test_invalid_settings_are_refused_and_not_stored(body: dict[str, Any], code: str, path: str) -> None:
    driver = script_bridge()
    saved = len(driver.of(Save))
    reply = save(driver, body)
    assert (reply["status"], reply["error"]["code"], reply["error"]["path"]) == ("rejected", code, path)
    assert len(driver.of(Save)) == saved
    assert present(driver) == {"steps": DEFAULTS}


def test_the_message_names_the_setting() -> None:
    reply = save(script_bridge(), {"id": "steps", "settings": {"count": 1.5}})
    assert reply["error"]["message"] == "count must be a whole number."


def test_what_is_kept_together_has_a_limit() -> None:
    driver = script_bridge({"any/thing": "m" * (MAX_LENGTH - 100)})
    reply = save(driver, {"id": "steps", "settings": {"name": "x" * 200}})
    assert reply["error"]["code"] == "invalid_settings"


def test_results_under_ever_new_names_drop_the_oldest_of_them_and_no_setting() -> None:
    store = ScriptStore(None)
    store.keep("steps", {"count": 7}, DEFAULTS)
    for number in range(20):
        store.keep("steps", {f"measured {number}": "m" * (MAX_LENGTH // 10)}, DEFAULTS)
        store.keep("steps", {"measured 0": 0}, DEFAULTS)
    kept = list(store.of("steps"))
    assert kept == ["count", *(f"measured {number}" for number in range(11, 20)), "measured 0"]


def test_results_keep_the_user_from_saving_nothing() -> None:
    driver = script_bridge({"measured": "m" * (MAX_LENGTH - 100)})
    assert save(driver, {"id": "steps", "settings": {"name": "x" * 200}})["status"] == "completed"
    assert set(run(driver).stored) == {"measured", "name"}


def test_rest_only_commands_are_not_on_mqtt() -> None:
    driver = script_bridge()
    mark = len(driver.sent)
    save(driver, {"id": "steps", "settings": {"count": 7}})
    assert driver.sent[mark:] == []
    (reply,) = driver.command("save_script_settings", {"id": "steps", "settings": {"count": 8}})
    assert reply["error"]["code"] == "invalid_command"
    assert present(driver)["steps"]["count"] == 7


def test_pages_receive_scripts_and_runs() -> None:
    driver = script_bridge()
    run(driver)
    shown = [effect.message for effect in driver.of(Page)]
    catalogues = [each["data"] for each in shown if each["type"] == "scripts_update"]
    assert [each["id"] for each in catalogues[-1]] == ["steps", "plain", "broken"]
    states = [each["data"]["state"] for each in shown if each["type"] == "script_update"]
    assert states[-1] == "starting"

"""The plugin's settings in OctoPrint's own REST interface."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import BASE, INSTANCE
from tests.support.octoprint import OctoPrint
from tests.support.rest_calls import PATH, command, save
from tests.support.waiting import eventually

PASSWORD = "s3cret-for-the-broker"


def saved(octoprint: OctoPrint) -> dict[str, Any]:
    return dict(octoprint.config()["plugins"]["temp_eta"])


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("threshold_start", 99, "must be from 1 to 50 °C"),
        ("threshold_start", "warm", "must be a number"),
        ("threshold_start", None, "must have a value"),
        ("mqtt_broker_port", 1883.5, "must be a whole number"),
        ("enabled", 7, "must be true or false"),
        ("mqtt_base_topic", "a/#", "must be letters, digits, '_' and '-', separated by '/'"),
        ("mqtt_username", ["me"], "must be text"),
    ],
)
def test_what_is_not_valid_is_refused_whole(octoprint: OctoPrint, key: str, value: object, rule: str):
    before = saved(octoprint)
    body = {"appearance": {"color": "violet"}, "plugins": {"temp_eta": {key: value, "max_eta": 1234}}}
    octoprint.post("/api/settings", {"appearance": {"color": "default"}})
    assert octoprint.request("POST", "/api/settings", body) == (
        400,
        {"error": f"{key}: {rule}", "key": key, "value": value, "rule": rule},
    )
    assert saved(octoprint) == before
    assert octoprint.config()["appearance"]["color"] == "violet", "what is not ours is saved"


def test_settings_that_are_no_object_are_refused(octoprint: OctoPrint):
    status, reply = octoprint.request("POST", "/api/settings", {"plugins": {"temp_eta": "text"}})
    assert (status, reply["rule"]) == (400, "must be an object")


def test_what_is_valid_is_saved_in_its_type(octoprint: OctoPrint):
    assert save(octoprint, max_eta="1800", mqtt_username="  me ", of_another_version=1)[0] == 200
    assert (saved(octoprint)["max_eta"], saved(octoprint)["mqtt_username"]) == (1800.0, "me")
    assert "of_another_version" not in saved(octoprint)
    save(octoprint, max_eta=3600, mqtt_username="")
    assert "max_eta" not in saved(octoprint), "a default needs no line"


@pytest.fixture
def password(octoprint: OctoPrint) -> Iterator[str]:
    save(octoprint, mqtt_enabled=False, mqtt_username="me", mqtt_password=PASSWORD)
    assert saved(octoprint)["mqtt_password"] == PASSWORD
    yield PASSWORD
    save(octoprint, mqtt_username="")


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_password_overwrites_none(octoprint: OctoPrint, password: str, empty: str | None):
    assert save(octoprint, mqtt_password=empty, max_eta=1800)[0] == 200
    assert saved(octoprint)["mqtt_password"] == password
    assert saved(octoprint)["max_eta"] == 1800
    save(octoprint, max_eta=3600)


def test_an_empty_user_name_removes_the_password(octoprint: OctoPrint, password: str):
    save(octoprint, mqtt_username="")
    assert "mqtt_password" not in saved(octoprint)


def test_the_password_never_leaves(octoprint: OctoPrint, password: str, users: dict[str, str]):
    _, refused = save(octoprint, mqtt_password=[password])
    replies = [
        octoprint.get("/api/settings"),
        octoprint.request("GET", "/api/settings", key=users["settings"])[1],
        octoprint.get(PATH),
        command(octoprint, "snapshot"),
        refused,
    ]
    assert refused["key"] == "mqtt_password"
    assert all(password not in json.dumps(reply) for reply in replies)
    assert password not in octoprint.log()


def test_an_emptied_instance_is_created_again(octoprint: OctoPrint):
    save(octoprint, mqtt_custom_identifier=" ")
    made = saved(octoprint)["mqtt_custom_identifier"]
    assert re.fullmatch(r"[a-z0-9-]+-[0-9a-f]{4}", made)
    eventually(lambda: octoprint.get(PATH)["mqtt"]["base_topic"].endswith(f"/{made}"), "the topics to move")
    save(octoprint, mqtt_custom_identifier=INSTANCE)
    eventually(lambda: octoprint.get(PATH)["mqtt"]["base_topic"] == BASE, "the topics to move back")

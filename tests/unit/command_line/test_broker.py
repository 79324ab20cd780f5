"""The broker that a command connects to."""

from __future__ import annotations

import click
import pytest

from octoprint_temp_eta.command_line.broker import Context, NoConnection, plain
from octoprint_temp_eta.settings import table

SAVED = Context(
    table.parse(
        {
            "mqtt_enabled": True,
            "mqtt_broker_host": "saved.test",
            "mqtt_username": "user",
            "mqtt_password": "hush",
            "mqtt_custom_identifier": "ender",
        }
    )
)


def test_the_saved_broker_gets_the_saved_user_and_password():
    spec = SAVED.connect_settings()
    assert (spec.host, spec.username, spec.password) == ("saved.test", "user", "hush")


def test_another_broker_gets_neither():
    spec = SAVED.with_broker("other.test", None, None).connect_settings()
    assert (spec.host, spec.username, spec.password) == ("other.test", "", "")


def test_another_user_does_not_get_the_saved_password():
    spec = SAVED.with_broker(None, "guest", None).connect_settings()
    assert (spec.host, spec.username, spec.password) == ("saved.test", "guest", "")


def test_the_password_goes_with_a_user_in_the_address():
    spec = SAVED.with_broker("mqtt://guest@other.test", None, "given").connect_settings()
    assert (spec.host, spec.username, spec.password) == ("other.test", "guest", "given")


def test_each_command_has_a_client_id_of_its_own():
    assert SAVED.connect_settings().client_id != SAVED.connect_settings().client_id


def test_without_a_broker_the_error_names_the_remedy():
    with pytest.raises(NoConnection, match="use --broker") as caught:
        Context(table.parse({})).connect_settings()
    assert caught.value.exit_code == 5


def test_an_invalid_broker_is_named():
    with pytest.raises(click.UsageError, match="mqtt_broker_host must start with one of mqtt://") as caught:
        SAVED.with_broker("http://a b", None, None)
    assert caught.value.exit_code == 2


def test_the_base_topic_is_that_of_this_printer_unless_another_is_named():
    assert SAVED.base(None) == "octoprint/temp_eta/ender"
    assert SAVED.base("other") == "octoprint/temp_eta/other"


def test_before_octoprints_first_start_the_printer_id_has_to_be_named():
    new = Context(table.parse({}))
    assert new.base("other") == "octoprint/temp_eta/other"
    with pytest.raises(click.UsageError, match="Use -p ID"):
        new.base(None)


def test_text_for_the_terminal_is_short_and_without_control_characters():
    assert plain("a\x1b[31mb\n", 5) == "a�[31"

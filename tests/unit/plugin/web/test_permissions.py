"""The permission that each command needs."""

from __future__ import annotations

from octoprint.access import ADMIN_GROUP, READONLY_GROUP, USER_GROUP

from octoprint_temp_eta.messages.contract.catalogue import COMMANDS, REST_COMMANDS
from octoprint_temp_eta.plugin.web.permissions import ADMINISTER, NEEDED, READ, OwnPermissions, needed_for


def test_each_command_has_its_permission():
    assert set(COMMANDS) | set(REST_COMMANDS) - {"remove_from_home_assistant"} <= set(NEEDED)


def test_an_unknown_command_needs_the_highest_permission():
    assert needed_for("remove_everything") == ADMINISTER


def test_no_permission_is_needed_that_neither_octoprint_nor_the_plugin_has():
    ours = {f"PLUGIN_TEMP_ETA_{each['key']}" for each in OwnPermissions().get_additional_permissions()}
    assert set(NEEDED.values()) - ours <= {"SETTINGS", "CONTROL", "PRINT", "CONNECTION"}
    assert {READ, ADMINISTER} <= ours


def test_guests_get_no_permission():
    groups = {group for each in OwnPermissions().get_additional_permissions() for group in each["default_groups"]}
    assert groups == {USER_GROUP, READONLY_GROUP, ADMIN_GROUP}

"""The permission that each command needs."""

from __future__ import annotations

import re

from octoprint.access import ADMIN_GROUP, READONLY_GROUP, USER_GROUP

from octoprint_temp_eta.messages.contract.catalogue import COMMANDS, REST_COMMANDS
from octoprint_temp_eta.plugin.web.permissions import ADMINISTER, NEEDED, PERMISSIONS, READ, OwnPermissions, needed_for
from octoprint_temp_eta.plugin.web.rest import ALIASES, NAMES
from tests.support.contract import PROJECT

#: The names of the permissions, as OctoPrint's access control and the reference show them.
SHOWN = {f"PLUGIN_TEMP_ETA_{key}": name for key, name, _, _ in PERMISSIONS} | {
    key: f"OctoPrint's own *{key.capitalize()}*" for key in ("SETTINGS", "CONTROL", "PRINT", "CONNECTION")
}


def shown(needed: tuple[str, ...]) -> str:
    """Return the needed permissions as the documentation shows them."""
    return "OctoPrint's own *File Select* and *Print*" if len(needed) > 1 else SHOWN[needed[0]]


def test_each_command_has_its_permission():
    assert set(COMMANDS) | set(REST_COMMANDS) - {"remove_from_home_assistant"} <= set(NEEDED)


def test_an_unknown_command_needs_the_highest_permission():
    assert needed_for("remove_everything") == (ADMINISTER,)


def test_no_permission_is_needed_that_neither_octoprint_nor_the_plugin_has():
    ours = {f"PLUGIN_TEMP_ETA_{each['key']}" for each in OwnPermissions().get_additional_permissions()}
    assert {each for needed in NEEDED.values() for each in needed} - ours <= {
        "FILES_SELECT",
        "SETTINGS",
        "CONTROL",
        "PRINT",
        "CONNECTION",
    }
    assert {READ, ADMINISTER} <= ours


def test_the_rest_reference_lists_each_command_with_its_permission():
    text = (PROJECT / "docs" / "reference" / "rest.md").read_text(encoding="utf-8")
    _, _, table = text.partition("| command | fields | permission |\n|---|---|---|\n")
    rows = [re.split(r" ?\| ", row.strip("| ")) for row in table.partition("\n\n")[0].splitlines()]
    listed = {name: row[-1].partition(";")[0] for row in rows for name in re.findall(r"`([\w/]+)`", row[0])}
    assert listed == {name: shown(needed_for(ALIASES.get(name, name))) for name in NAMES}


def test_guests_get_no_permission():
    groups = {group for each in OwnPermissions().get_additional_permissions() for group in each["default_groups"]}
    assert groups == {USER_GROUP, READONLY_GROUP, ADMIN_GROUP}

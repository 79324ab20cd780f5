"""The plugin's permissions in OctoPrint's access control, and the permission that each command needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from octoprint.access import ADMIN_GROUP, READONLY_GROUP, USER_GROUP
from octoprint.access.permissions import Permissions

#: Key, name, description and default groups of each permission.
PERMISSIONS = (
    ("READ", "Read estimates", "Allows to see the estimates and the state of the bridge", (USER_GROUP, READONLY_GROUP)),
    ("RESET", "Reset estimates", "Allows to discard what was measured or learned", (USER_GROUP,)),
    ("RUN", "Run scripts", "Allows to start and cancel automation scripts", (USER_GROUP,)),
    ("ADMINISTER", "Administer the bridge", "Allows to test and change the connection", (ADMIN_GROUP,)),
)
_PREFIX = "PLUGIN_TEMP_ETA_"
READ = f"{_PREFIX}READ"
RUN = f"{_PREFIX}RUN"
ADMINISTER = f"{_PREFIX}ADMINISTER"
#: OctoPrint's own: users who may open the settings dialog, and users who may control the printer.
SETTINGS = "SETTINGS"
CONTROL = "CONTROL"
#: OctoPrint's own: users who may start, pause and cancel prints, and users who may connect the printer.
PRINT = "PRINT"
CONNECTION = "CONNECTION"

#: OctoPrint's own: users who may select files to print.
FILES_SELECT = "FILES_SELECT"

#: The permissions that a command needs; a command without a row needs `ADMINISTER`.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "get_eta": (READ,),
    "list_scripts": (READ,),
    "snapshot": (READ,),
    "forecast": (READ,),
    "get_curve": (READ,),
    "reset": (f"{_PREFIX}RESET",),
    "script/start": (RUN,),
    "script/cancel": (RUN,),
    "target": (CONTROL,),
    "job/start": (FILES_SELECT, PRINT),
    "job/pause": (PRINT,),
    "job/resume": (PRINT,),
    "job/cancel": (PRINT,),
    "printer/connect": (CONNECTION,),
    "printer/disconnect": (CONNECTION,),
    "printer/emergency_stop": (CONTROL,),
    "save_script_settings": (SETTINGS,),
    "create_script_folder": (SETTINGS,),
    "test_connection": (ADMINISTER,),
    "find_leftovers": (ADMINISTER,),
    "remove_leftovers": (ADMINISTER,),
    "find_brokers": (SETTINGS,),
}


def needed_for(command: str) -> tuple[str, ...]:
    """Return the permissions that a command needs."""
    return NEEDED.get(command, (ADMINISTER,))


def has(permission: str) -> bool:
    """Return whether the user of the current request has a permission."""
    return bool(Permissions.find(permission).can())


def missing_for(command: str) -> str | None:
    """Return a permission that `command` needs and the user of the current request lacks, or None."""
    return next((needed for needed in needed_for(command) if not has(needed)), None)


class OwnPermissions:
    """OctoPrint's hook `octoprint.access.permissions`."""

    def get_additional_permissions(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        """Return the plugin's permissions."""
        return [
            {"key": key, "name": name, "description": meaning, "roles": [key.lower()], "default_groups": list(groups)}
            for key, name, meaning, groups in PERMISSIONS
        ]

"""Users of the shared OctoPrint."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.plugin.web.permissions import PERMISSIONS
from tests.support.octoprint import OctoPrint


@pytest.fixture(scope="session")
def users(shared_octoprint: OctoPrint) -> dict[str, str]:
    """API keys of users by what they may do; `nothing` may look at OctoPrint only."""
    ours = {key.lower(): f"PLUGIN_TEMP_ETA_{key}" for key, *_ in PERMISSIONS}
    return {
        name: shared_octoprint.add_user(name, ["STATUS", permission] if permission else ["STATUS"])
        for name, permission in {
            **ours,
            "control": "CONTROL",
            "settings": "SETTINGS",
            "print": "PRINT",
            "nothing": "",
        }.items()
    }

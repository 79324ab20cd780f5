"""OctoPrint's hook `octoprint.cli.commands`."""

from __future__ import annotations

import logging
from typing import Any


def commands(group: Any, *arguments: Any, **options: Any) -> list[Any]:
    """Return the commands, none if paho-mqtt is not installed. They load only with OctoPrint's command line."""
    try:
        from ...command_line.commands import commands as load
    except ImportError as error:
        logging.getLogger("octoprint.plugins.temp_eta").warning("No commands: %s", error)
        return []
    return list(load(group, *arguments, **options))

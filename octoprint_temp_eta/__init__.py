"""The plugin's metadata, and the functions with which OctoPrint checks and loads it.

The implementation is imported only in these functions, so that the core, the schemas and the script child load without
OctoPrint.
"""

__plugin_name__ = "Temperature ETA"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Publishes over MQTT when the heaters will be ready, and runs automation scripts"
__plugin_author__ = "Ajimaru"
__plugin_author_email__ = "ajimaru_gdr@pm.me"
#: The repository, where newer versions are found.
__plugin_url__ = "https://github.com/Ajimaru/OctoPrint-TempETA"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"

__plugin_implementation__: object
__plugin_hooks__: dict[str, object]
__plugin_helpers__: dict[str, object]


def __plugin_check__() -> bool:  # noqa: N807 - OctoPrint's name
    """Return whether the plugin can run, or at least show why not. Optional packages are checked later."""
    from .plugin.unsupported import reason

    if reason() is not None:
        return True
    try:
        from .plugin import plugin  # noqa: F401

        _require("jsonschema")  # imported when the first command arrives
    except ImportError as error:
        from logging import getLogger

        getLogger("octoprint.plugins.temp_eta").error("Temperature ETA cannot run: %s", error)
        return False
    return True


def _require(name: str) -> None:
    """Raise ModuleNotFoundError if a package is missing, without importing it."""
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}")


def __plugin_load__() -> None:  # noqa: N807 - OctoPrint's name
    """Create the implementation and register the hooks.

    With an OctoPrint that is not supported, the implementation only shows why the plugin does nothing.
    """
    global __plugin_implementation__, __plugin_hooks__, __plugin_helpers__  # noqa: PLW0603 - OctoPrint looks for them here
    from .plugin.unsupported import UnsupportedPlugin, reason

    why = reason()
    if why is not None:
        __plugin_implementation__ = UnsupportedPlugin(why)
        return
    from .plugin.hooks.command_line import commands
    from .plugin.plugin import TempETAPlugin

    plugin = TempETAPlugin()
    plugin.read_config()
    __plugin_implementation__ = plugin
    __plugin_helpers__ = plugin.mqtt_helpers()
    __plugin_hooks__ = {
        "octoprint.access.permissions": plugin.get_additional_permissions,
        "octoprint.comm.protocol.action": plugin.hook_action,
        # Last: not called for an error that another plugin tells OctoPrint to ignore.
        "octoprint.comm.protocol.gcode.error": (plugin.hook_error, 10_000),
        # Last, so that it sees what other plugins add.
        "octoprint.comm.protocol.temperatures.received": (plugin.reported_names.hook, 10_000),
        "octoprint.plugin.backup.after_restore": plugin.hook_after_restore,
        "octoprint.plugin.backup.before_restore": plugin.hook_before_restore,
        "octoprint.plugin.softwareupdate.check_config": plugin.get_update_information,
        "octoprint.server.sockjs.emit": plugin.is_for_this_page,
        "octoprint.cli.commands": commands,
        **plugin.script_hooks(),
    }

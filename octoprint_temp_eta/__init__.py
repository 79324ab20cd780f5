"""OctoPrint's view of the plugin: its metadata, and where its implementation is made.

The implementation is imported only when OctoPrint asks for it, so that the core, the schemas and the
script child load without OctoPrint.
"""

__plugin_name__ = "Temperature ETA"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Tells everyone on the MQTT broker when the heaters will be ready, and runs automation scripts"
__plugin_author__ = "Ajimaru"
__plugin_author_email__ = "ajimaru_gdr@pm.me"
__plugin_url__ = "https://github.com/Ajimaru/OctoPrint-TempETA"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"

__plugin_implementation__: object
__plugin_hooks__: dict[str, object]


def __plugin_load__() -> None:  # noqa: N807 - OctoPrint's name
    """Make the implementation, and name what else OctoPrint is to call."""
    global __plugin_implementation__, __plugin_hooks__  # noqa: PLW0603 - OctoPrint looks for them here
    from .plugin import TempETAPlugin

    plugin = TempETAPlugin()
    __plugin_implementation__ = plugin
    __plugin_hooks__ = {"octoprint.access.permissions": plugin.get_additional_permissions}

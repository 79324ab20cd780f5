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


def __plugin_load__() -> None:  # noqa: N807 - OctoPrint's name
    """Make the implementation."""
    global __plugin_implementation__  # noqa: PLW0603 - OctoPrint looks for it here
    from .plugin import TempETAPlugin

    __plugin_implementation__ = TempETAPlugin()

"""A single-file OctoPrint plugin that imports numpy in a thread of its own, as the method `model` does."""

from __future__ import annotations

import threading

import octoprint.plugin

__plugin_name__ = "Numpy user"
__plugin_version__ = "1.0.0"
__plugin_description__ = "Imports numpy"
__plugin_license__ = "AGPLv3"
__plugin_pythoncompat__ = ">=3.11,<4"


class NumpyUser(octoprint.plugin.StartupPlugin):  # type: ignore[misc]
    """Imports numpy after the start."""

    def on_after_startup(self) -> None:
        self._ended = threading.Event()
        threading.Thread(target=self._use, daemon=True, name="numpy-user").start()

    def _use(self) -> None:
        import numpy  # noqa: F401

        self._ended.wait()  # the thread's memory stays, as that of the plugin's thread does


__plugin_implementation__ = NumpyUser()

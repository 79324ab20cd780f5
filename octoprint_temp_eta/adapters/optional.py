"""What the plugin can do without, should it be missing or broken in OctoPrint's environment."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

#: The module that is tried, its name on the package index, and what is not to be had without it.
WITHOUT = (
    ("paho.mqtt.client", "paho-mqtt", "there is no MQTT"),
    ("numpy", "numpy", "the method `model` is replaced by `linear`, and no script runs"),
    ("mecode", "mecode", "no script runs"),
)


def missing() -> list[str]:
    """Return a sentence on each package that cannot be used; takes the time to import it."""
    return [
        f"{package} cannot be used ({why}): {without}. In OctoPrint's environment: pip install {package}"
        for module, package, without in WITHOUT
        for why in _why_not(module)
    ]


def _why_not(module: str) -> list[str]:
    """Return why `module` cannot be had. A broken one shows only when it is imported; mecode stays out of here."""
    try:
        if module == "mecode":
            return [] if find_spec(module) else ["it is not installed"]
        importlib.import_module(module)
    except ImportError as error:
        return [str(error)]
    return []

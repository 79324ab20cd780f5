"""Optional packages: what does not work when one is missing or broken in OctoPrint's environment."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

#: Module, name on the package index, and what does not work without it.
OPTIONAL = (
    ("paho.mqtt.client", "paho-mqtt", "MQTT is not available"),
    ("numpy", "numpy", "the estimation method Adaptive is replaced by Linear, and scripts do not run"),
    ("mecode", "mecode", "scripts do not run"),
)


#: The packages that are imported at the start anyway.
IMPORTED = ("paho.mqtt.client",)


def missing(numpy_problem: str | None = None) -> list[str]:
    """Return a sentence for each package that cannot be used; `numpy_problem` is the result of the probe."""
    return [
        f"{package} cannot be used ({why}): {without}. In OctoPrint's environment: pip install {package}"
        for module, package, without in OPTIONAL
        for why in ([numpy_problem] if numpy_problem and module == "numpy" else _why_not(module))
    ]


def _why_not(module: str) -> list[str]:
    """Return why a module cannot be imported. Only an import shows that it is broken; others are only looked for."""
    try:
        if module not in IMPORTED:
            return [] if find_spec(module) else ["it is not installed"]
        importlib.import_module(module)
    except ImportError as error:
        return [str(error)]
    return []

"""The object `g` that a script gets: a `mecode.G` on our printer, set up as OctoPrint-Automation-Scripts did it."""

from __future__ import annotations

import importlib.util
import logging
import warnings
from pathlib import Path
from typing import Any

from .channel import log
from .printer import Printer
from .script import ScriptError

#: The file in the script folder that `g.view()` writes.
PICTURE = "view.png"


def make(printer: Printer, *, layer_height: float, extrusion_width: float, filament_diameter: float) -> Any:
    """Return a mecode.G that writes to `printer`; sizes are in mm. It sends no header."""
    g = _class_for(printer)(
        print_lines=False,
        direct_write=True,
        direct_write_mode="serial",
        setup=False,
        layer_height=layer_height,
        extrusion_width=extrusion_width,
        filament_diameter=filament_diameter,
    )
    # Set before the first write; otherwise mecode opens a serial port.
    g._p = printer
    return g


def _class_for(printer: Printer) -> Any:
    """Return mecode.G with the differences that OctoPrint needs.

    Raw lines find the printer in its current mode. mecode assumes relative mode until the script selects one, so this
    mode is sent before the first mecode move that depends on it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mecode

    class G(mecode.G):  # type: ignore[misc]
        def move(self, *args: Any, **kwargs: Any) -> None:
            self._select_mode()
            super().move(*args, **kwargs)

        def arc(self, *args: Any, **kwargs: Any) -> None:
            self._select_mode()
            super().arc(*args, **kwargs)

        def arc_ijk(self, *args: Any, **kwargs: Any) -> None:
            self._select_mode()
            super().arc_ijk(*args, **kwargs)

        def view(self, backend: str = "matplotlib") -> None:
            if backend == "matplotlib":
                _draw(self.position_history)
            else:
                super().view(backend)

        def _select_mode(self) -> None:
            if not printer.mode_selected:
                self.write("G91" if self.is_relative else "G90")

    return G


def _draw(history: list[tuple[float, float, float]]) -> None:
    """Draw the path into `PICTURE`: OctoPrint has no display. mecode's own drawing needs an outdated matplotlib."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ScriptError(
            "g.view() needs matplotlib, which is not installed in OctoPrint's environment: "
            "pip install 'OctoPrint-TempETA[view]'"
        )
    from matplotlib.figure import Figure

    figure = Figure()
    axes: Any = figure.add_subplot(projection="3d")
    axes.plot(*zip(*((point[0], point[1], point[2]) for point in history), strict=True))
    axes.set_aspect("equal")
    path = Path.cwd() / PICTURE
    figure.savefig(path)
    logging.getLogger(log.NAME).info("g.view() has drawn the path into %s", path)

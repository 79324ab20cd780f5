"""The inputs about the print job and the connection to the printer."""

from __future__ import annotations

from typing import Literal

from ...core.frozen import frozen

Origin = Literal["local", "sdcard"]


@frozen
class Filament:
    """The filament that a file needs of one tool: mm and cm³, None if unknown."""

    tool: str
    length: float | None
    volume: float | None


@frozen
class PrintJob:
    """The selected file, and the progress of its print as OctoPrint reports it; None: unknown."""

    #: The path in its storage, and the name that OctoPrint shows.
    file: str
    name: str
    origin: Origin
    size: int | None = None
    user: str | None = None
    filament: tuple[Filament, ...] = ()
    #: 0…1, and seconds.
    progress: float | None = None
    elapsed: float | None = None
    remaining: float | None = None


@frozen
class JobChanged:
    """The print job has changed, or its progress; None if no file is selected."""

    job: PrintJob | None


@frozen
class LayerChanged:
    """The current layer of the print and their number, None if unknown."""

    layer: int | None
    layers: int | None


@frozen
class PrinterEvent:
    """Something has happened to the print or the printer; `kind` is an `event_type` of the message `event`."""

    kind: str
    file: str | None = None
    origin: Origin | None = None
    user: str | None = None
    elapsed: float | None = None
    reason: str | None = None
    error: str | None = None


@frozen
class ActionDone:
    """OctoPrint was asked for the `PrinterAction` with this `token`; `refusal` is why it refused."""

    token: int
    #: The code of the error, and a sentence for the user.
    refusal: tuple[str, str] | None = None


JobInput = JobChanged | LayerChanged | PrinterEvent | ActionDone

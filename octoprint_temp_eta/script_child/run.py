"""One run of a script, from its file to its result.

Messages to OctoPrint, by kind: `running` (run() starts), `send` (a line of G-code), `status`, `log`, and at the end
`result` (run() returned) or `error` (it raised, or returned an invalid value).
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.frozen import frozen
from ..core.scripts.settings import InvalidSettings, Settings, as_json, check_given, merge, misfits
from . import g as g_of
from .channel import log
from .channel.channel import Channel, Message
from .channel.status import Status
from .printer import Cancelled, Printer
from .script import ScriptError, describe, load, traceback_of

#: Longer texts are cut.
MAX_TEXT = 4000


@frozen
class Job:
    """The job: a script's file, its stored settings, and the settings given for this run."""

    path: Path
    stored: Settings
    given: Settings
    #: Keyword arguments for run().
    arguments: Settings
    #: The sizes that determine the flow of `g.extrude`, in mm.
    flow: Mapping[str, float]

    @classmethod
    def of(cls, message: Message) -> Job:
        """Return the job in `message`."""
        return cls(Path(message["path"]), message["stored"], message["given"], message["arguments"], message["flow"])


@frozen
class Result:
    """The return value of run(): success, settings to store, and a message for the user."""

    success: bool
    storage: Settings
    message: str | None = None
    wait_for_buffer: bool = True

    @classmethod
    def of(cls, value: object) -> Result:
        """Convert the return value of run(): (success, storage), a dictionary, or None for success.

        Raises:
            ScriptError: it is another type.
        """
        if value is None:
            return cls(True, {})
        if isinstance(value, Mapping):
            success = bool(value.get("success", True))
            message = value.get("success_message" if success else "failure_reason")
            wait = bool(value.get("wait_for_buffer", True))
            return cls(success, _storable(value.get("storage")), _text(message), wait)
        if isinstance(value, tuple | list) and len(value) == 2:
            return cls(bool(value[0]), _storable(value[1]))
        raise ScriptError(
            "run() must return (success, settings), a dictionary with success and storage, or None, "
            f"not {type(value).__name__}"
        )


def run(channel: Channel) -> None:
    """Run the job that OctoPrint sends and report its result. Also returns after a cancel."""
    status = Status(channel)
    printer = Printer(channel, status.look)
    signal.signal(signal.SIGTERM, printer.cancel)
    try:
        job = Job.of(channel.receive() or {})
        with _reported_as_error(channel):
            _run(job, channel, printer, status)
    except Cancelled:
        channel.send("log", level="info", message="cancelled")
        # It counts unless the plugin has cancelled the run: systemd ends OctoPrint's children together with it.
        channel.send("error", error="its process was asked to end (SIGTERM)")


def _run(job: Job, channel: Channel, printer: Printer, status: Status) -> None:
    with log.to(channel) as logger:
        script = load(job.path)
        check_given(script.settings, job.given)
        settings = merge(script.settings, job.stored, job.given)
        g = g_of.make(printer, **job.flow)
        channel.send("running")
        made = script.make(g, logger, settings)
        with status.of(made):
            result = Result.of(made.run(**_accepted(made.run, job.arguments, logger)))
            for error in misfits(script.settings, result.storage):
                logger.warning("%s, as its default: later runs do not get what run() has returned", error)
            if result.wait_for_buffer:
                printer.sendline("M400")
    channel.send("result", success=result.success, message=result.message, storage=result.storage)


@contextlib.contextmanager
def _reported_as_error(channel: Channel) -> Iterator[None]:
    """Report an exception to OctoPrint, except a cancel."""
    try:
        yield
    except Cancelled:
        raise
    except SystemExit as error:
        channel.send("error", error=f"the script ended itself: sys.exit({error.code!r:.100})")
    except (ScriptError, InvalidSettings) as error:
        channel.send("error", error=str(error)[:MAX_TEXT])
    except BaseException as error:
        logging.getLogger(log.NAME).error("%s", traceback_of(error))
        channel.send("error", error=describe(error)[:MAX_TEXT])


def _accepted(run: Callable[..., Any], arguments: Settings, logger: logging.Logger) -> Settings:
    """Return those of `arguments` that `run` accepts by name."""
    parameters = inspect.signature(run).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return arguments
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = {parameter.name for parameter in parameters if parameter.kind in by_name}
    ignored = sorted(arguments.keys() - names)
    if ignored:
        logger.warning("run() does not accept the arguments %s: ignored", ", ".join(ignored))
    return {name: value for name, value in arguments.items() if name in names}


def _storable(value: object) -> Settings:
    """Return settings to store as JSON; numpy numbers and arrays become numbers and lists."""
    return {} if value is None else as_json(value, convert=_number)


def _number(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__}")


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:MAX_TEXT]

"""The error codes of the contract in one table: what each means, and the HTTP status of a REST reply with it.

The schema's list of codes and their meanings are checked against this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from ..core.frozen import frozen


@frozen
class ErrorCode:
    """What an error code means, as a sentence for the user, and its HTTP status."""

    meaning: str
    status: HTTPStatus = HTTPStatus.BAD_REQUEST


ERRORS: Mapping[str, ErrorCode] = MappingProxyType(
    {
        "invalid_json": ErrorCode("The payload is not JSON, or not UTF-8."),
        "invalid_command": ErrorCode("There is no such command, or its payload violates the schema."),
        "retained_command": ErrorCode(
            "The command was retained. It would run again at each reconnect, so it is not executed."
        ),
        "expired": ErrorCode("The command arrived after its `expires_at`."),
        "too_large": ErrorCode("The payload is larger than 16 KiB."),
        "rate_limited": ErrorCode("Too many commands arrived in a short time.", HTTPStatus.TOO_MANY_REQUESTS),
        "disabled": ErrorCode("The settings do not permit this command.", HTTPStatus.FORBIDDEN),
        "not_permitted": ErrorCode(
            "The caller lacks the permission, or the response topic is not permitted.", HTTPStatus.FORBIDDEN
        ),
        "unknown_heater": ErrorCode("There is no such heater.", HTTPStatus.NOT_FOUND),
        "out_of_range": ErrorCode("The target is above the maximum for this heater."),
        "not_settable": ErrorCode("OctoPrint cannot set this heater's target, or refused to."),
        "not_available": ErrorCode("There is not enough information yet.", HTTPStatus.SERVICE_UNAVAILABLE),
        "unknown_file": ErrorCode("There is no such file, or OctoPrint cannot print it.", HTTPStatus.NOT_FOUND),
        "unknown_script": ErrorCode("There is no script with that id.", HTTPStatus.NOT_FOUND),
        "broken_script": ErrorCode("The script's file failed to load.", HTTPStatus.CONFLICT),
        "invalid_settings": ErrorCode("The script does not declare this setting, or with another type."),
        "busy": ErrorCode("Another script or a print job is running.", HTTPStatus.CONFLICT),
        "printer_not_ready": ErrorCode(
            "The printer's state does not permit the command: for example, it is not connected or is printing.",
            HTTPStatus.CONFLICT,
        ),
        "not_running": ErrorCode("No such run or print is active.", HTTPStatus.CONFLICT),
        "script_failed": ErrorCode("The script reported a failure."),
        "script_error": ErrorCode("The script crashed."),
        "printer_gone": ErrorCode(
            "During the run the printer was disconnected or reset, there was an emergency stop, or a file was written "
            "to its SD card.",
            HTTPStatus.CONFLICT,
        ),
        "timeout": ErrorCode("The time limit was exceeded.", HTTPStatus.GATEWAY_TIMEOUT),
        "shutdown": ErrorCode("OctoPrint was shutting down.", HTTPStatus.SERVICE_UNAVAILABLE),
        "reply_too_large": ErrorCode("The command was executed, but the broker does not accept a reply of that size."),
        "internal_error": ErrorCode(
            "An error in the plugin. `octoprint.log` has details.", HTTPStatus.INTERNAL_SERVER_ERROR
        ),
    }
)


def status_of(code: str) -> HTTPStatus:
    """Return the HTTP status of a reply with the error `code`."""
    return ERRORS[code].status

"""The formats of the files in the plugin's data folder: what is read at the start must match.

They are checked without the JSON Schema library, because its import takes longer than the start of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..core.scripts.catalogue import is_valid_id

#: Yields the path of each part of a value that does not match.
Format = Callable[[Any], Iterator[str]]

#: Everything that is measured or learned is far smaller; larger numbers overflow in the model.
LARGEST_NUMBER = 1e7
#: A time in Unix seconds is earlier: the year 9999.
LATEST = 253_370_764_800
_NAME, _PATH, _TOPIC = 255, 1024, 4096
#: A host name, which may be as long as a name, and a port.
_ADDRESS = _NAME + len(":65535")


def _where(valid: Callable[[Any], bool]) -> Format:
    return lambda value: iter(() if valid(value) else ("",))


def _text(longest: int, shortest: int = 1) -> Format:
    return _where(lambda value: isinstance(value, str) and shortest <= len(value) <= longest)


def _text_or_none(longest: int) -> Format:
    return lambda value: iter(()) if value is None else _text(longest)(value)


def _list(item: Format, most: int | None = None, least: int = 0) -> Format:
    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, list) or len(value) < least or (most is not None and len(value) > most):
            yield ""
            return
        yield from (_below(str(number), path) for number, each in enumerate(value) for path in item(each))

    return check


def _object(item: Format) -> Format:
    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, dict):
            yield ""
            return
        yield from (_below(key, path) for key, each in value.items() for path in item(each))

    return check


def _record(required: Mapping[str, Format], optional: Mapping[str, Format] | None = None) -> Format:
    def check(value: Any) -> Iterator[str]:
        if not isinstance(value, dict) or not required.keys() <= value.keys():
            yield ""
            return
        formats = {**required, **(optional or {})}
        yield from (_below(key, path) for key in formats.keys() & value.keys() for path in formats[key](value[key]))

    return check


def _below(key: str, path: str) -> str:
    return f"{key}/{path}" if path else key


def _is_learned(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_learned, value.values()))
    if isinstance(value, list):
        return all(map(_is_learned, value))
    if isinstance(value, str):
        return len(value) <= _NAME
    return value is None or (isinstance(value, int | float) and abs(value) <= LARGEST_NUMBER)


def _is_pair(value: Any) -> bool:
    texts = isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)
    return texts and 1 <= len(value[1]) <= _NAME


def _is_script(value: Any) -> bool:
    """Whether it is a script's ID and title."""
    return _is_pair(value) and is_valid_id(value[0])


def _is_forecast(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 6 or not isinstance(value[0], str):
        return False
    return all(isinstance(each, int | float) and abs(each) <= LARGEST_NUMBER for each in value[1:])


_INTEGER = _where(lambda value: isinstance(value, int) and not isinstance(value, bool))
_LEARNED = _where(_is_learned)
_HEATER = _record(
    {},
    {
        "learned": lambda value: iter(()) if value is None else _object(_LEARNED)(value),
        "accuracy": _LEARNED,
        "episodes": _LEARNED,
    },
)
_PLACE = _record(
    {
        **dict.fromkeys(("prefix", "form", "device_id", "key", "platform", "identity"), _text(_NAME)),
        "device": _list(_where(_is_pair), least=1),
        "enabled": _where(lambda value: isinstance(value, bool)),
    }
)
_PRINT = _record({"file": _text_or_none(_PATH), "user": _text_or_none(_NAME)})
_RUN = _record(
    {
        **dict.fromkeys(("run_id", "id", "title"), _text(_NAME)),
        "started_at": _where(lambda value: isinstance(value, int | float) and 0 <= value < LATEST),
        "transaction": _where(lambda value: value is None or isinstance(value, str | int)),
    },
    {"may_be_on": _list(_text(_NAME))},
)

#: By file name, without `.json`.
FORMATS: Mapping[str, Format] = {
    "heaters": _list(_text(_NAME), most=1000),
    "heated": _list(_text(_NAME), most=100),
    "sensors": _list(_text(_NAME), most=1000),
    "left_behind": _list(_text(_TOPIC)),
    "bases": _list(_text(_TOPIC), most=100),
    "forecasts": _record({"basis": _list(_text(_NAME)), "known": _list(_where(_is_forecast))}),
    "learned": _record({"version": _INTEGER, "heaters": _object(_HEATER)}),
    "announced": _record(
        {"version": _INTEGER, "places": _list(_PLACE), "departed": _list(_PLACE)}, {"former": _list(_PLACE)}
    ),
    "announced_elsewhere": _list(_record({"broker": _text(_ADDRESS), "places": _list(_PLACE)}), most=100),
    "left_elsewhere": _list(_record({"broker": _text(_ADDRESS), "topics": _list(_text(_TOPIC))}), most=100),
    "print": lambda value: iter(()) if value is None else _PRINT(value),
    "run": lambda value: iter(()) if value is None else _RUN(value),
    "script_files": _object(_where(_is_script)),
    "storage_print": _where(lambda value: isinstance(value, bool)),
    "scripts": _record({"version": _INTEGER, "settings": _object(_where(lambda value: isinstance(value, dict)))}),
}


def problem(name: str, value: Any) -> str | None:
    """Return where a stored value does not match its format, None if it does; a file without a format matches."""
    path = next(FORMATS[name](value), None) if name in FORMATS else None
    return None if path is None else f"{path or 'the file'} does not match the format"

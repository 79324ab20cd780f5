"""Templates for a key of a JSON payload, so that nobody has to write Jinja by hand.

Home Assistant takes the text `None` as "unknown", and renders a JSON null to exactly that. A key that is missing
renders to nothing, which a number takes as "no news" and keeps its old value: here it becomes `None` too.
A payload that is no JSON, such as the empty one that clears a topic, counts as one without any key.
Subscripts, not dots: `value_json.items` would be the dictionary's method.
"""

from ha_discovery.errors import DiscoveryError

_UNKNOWN = "None"


def json_value(*path: str) -> str:
    """The template for the value at `path`, `None` where it is null or missing: `json_value("last", "status")`."""
    return f"{{{{ {_lookup(path)} | default('{_UNKNOWN}') }}}}"


def json_flag(*path: str, on: str = "ON", off: str = "OFF") -> str:
    """The template for the boolean at `path`, `on` or `off`, `None` where it is null or missing.

    Without it JSON `true` renders to `True`, which equals no payload.
    """
    for name, text in (("on", on), ("off", off)):
        _refuse_quotes(name, text)
    choice = f"{{true: '{on}', false: '{off}'}}[{_lookup(path)} | default(none)]"
    return f"{{{{ {choice} | default('{_UNKNOWN}') }}}}"


def _lookup(path: tuple[str, ...]) -> str:
    """`value_json['a']['b']`, where no JSON, or a parent that is null or missing, counts as empty."""
    if not path:
        raise DiscoveryError("path", "must name a key")
    for key in path:
        _refuse_quotes("path", key)
    *parents, last = path
    lookup = "(value_json | default({}))"
    for key in parents:
        lookup = f"({lookup}['{key}'] | default({{}}, true))"
    return f"{lookup}['{last}']"


def _refuse_quotes(where: str, text: str) -> None:
    if not text or set(text) & set("'\"\\{}%#\n"):
        raise DiscoveryError(where, f"must be a non-empty text without quotes, backslashes and braces, not {text!r}")

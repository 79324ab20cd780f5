"""Templates for a key of a JSON payload, so that callers need not write Jinja.

Home Assistant reads the text `None` as "unknown", and renders JSON null to it. A missing key renders to an empty text,
on which a number keeps its old value; these templates render `None` instead. A payload that is not JSON, such as the
empty one that clears a topic, is treated as an empty object. They use subscripts because `value_json.items` is a
method.
"""

from collections.abc import Mapping

from ha_discovery.config.errors import DiscoveryError

_UNKNOWN = "None"


def json_value(*path: str) -> str:
    """Return the template for the value at `path`, `None` if null or missing: `json_value("last", "status")`."""
    return f"{{{{ {_lookup(path)} | default('{_UNKNOWN}') }}}}"


def json_flag(*path: str, on: str = "ON", off: str = "OFF") -> str:
    """Return the template for the boolean at `path`: `on` or `off`, `None` if null or missing.

    Without it JSON `true` renders to `True`, which matches no payload.
    """
    for name, text in (("on", on), ("off", off)):
        _refuse_quotes(name, text)
    choice = f"{{true: '{on}', false: '{off}'}}[{_lookup(path)} | default(none)]"
    return f"{{{{ {choice} | default('{_UNKNOWN}') }}}}"


def json_text(*path: str, texts: Mapping[str, str]) -> str:
    """Return the template for the text in `texts` for the value at `path`, `None` if there is none.

    For states that are shown as words: `json_text("state", texts={"at_target": "At target"})`.
    """
    for value, text in texts.items():
        _refuse_quotes("texts", value)
        _refuse_quotes("texts", text)
    choices = ", ".join(f"'{value}': '{text}'" for value, text in texts.items())
    return f"{{{{ {{{choices}}}.get({_lookup(path)} | default(none), '{_UNKNOWN}') }}}}"


def _lookup(path: tuple[str, ...]) -> str:
    """Return `value_json['a']['b']`, with an empty object for a payload that is not JSON and for a null parent."""
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

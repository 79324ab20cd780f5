"""How deeply a JSON value is nested. What Python's parser accepts could exceed the recursion limit later."""

from __future__ import annotations

#: The maximum nesting of a message.
DEEPEST = 32


def is_deeper(value: object, limit: int = DEEPEST) -> bool:
    """Whether arrays and objects in the JSON `value` are nested in more than `limit` levels."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True

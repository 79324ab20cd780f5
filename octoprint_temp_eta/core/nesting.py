"""How deeply a JSON value is nested. What Python's parser accepts could exceed the recursion limit later."""

from __future__ import annotations

#: The maximum nesting of a message.
DEEPEST = 32


def is_deeper(value: object, limit: int = DEEPEST) -> bool:
    """Whether the JSON `value` has more than `limit` levels; what an array or object contains is a level below it."""
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

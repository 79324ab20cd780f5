"""Returns free memory to the system: imports and learning leave holes in the C library's heap, which it keeps."""

from __future__ import annotations


def return_free_memory() -> None:
    """Return whole free pages of the heap to the system, which takes 0.1 ms; only the GNU C library can do it."""
    try:
        from ctypes import CDLL  # not in every Python

        CDLL(None).malloc_trim(0)
    except (ImportError, OSError, TypeError, AttributeError):
        return

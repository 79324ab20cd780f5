"""Free memory goes back to the system where the C library can do it."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest

from octoprint_temp_eta.adapters.free_memory import return_free_memory


def test_the_heap_is_trimmed_to_whole_pages(monkeypatch: pytest.MonkeyPatch):
    kept: list[int] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=kept.append))
    return_free_memory()
    assert kept == [0]


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_another_c_library_keeps_it(monkeypatch: pytest.MonkeyPatch, error: type[Exception]):
    def no_such_library(_: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", no_such_library)
    return_free_memory()


def test_it_can_be_called_here():
    return_free_memory()

"""Immutable values: dataclasses that cost little to create.

`dataclass(frozen=True, slots=True)` compiles six methods for each class. With some 150 classes, that is a quarter of
the plugin's start, and 1 MiB. Here a class has only its constructor, compiled when it is first called; the other
methods are common to all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, make_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Return a class as a dataclass with slots, whose objects are equal and have the same hash if their fields are.

    Nobody may change an object; the type checker finds who does.
    """
    for name, method in (("__eq__", _equal), ("__hash__", _hash), ("__repr__", _text)):
        if name not in vars(cls):
            setattr(cls, name, method)
    made: Any = dataclass(init=False, eq=False, repr=False, slots=True)(cls)

    def first(self: Any, *args: Any, **kwargs: Any) -> None:
        made.__init__ = _constructor(made)
        made.__init__(self, *args, **kwargs)

    made.__init__ = first
    return made  # type: ignore[no-any-return]


def _constructor(cls: Any) -> Any:
    """Return the constructor of a dataclass with the fields of `cls`."""
    rows = [(each.name, each.type, each) for each in fields(cls)]
    return vars(make_dataclass(cls.__qualname__, rows, eq=False, repr=False))["__init__"]


@cache
def _reader(cls: Any) -> Callable[[Any], object]:
    """Return what reads the compared fields of an object of `cls`."""
    names = [each.name for each in fields(cls) if each.compare]
    return attrgetter(*names) if names else lambda _: ()


def _compared(self: Any) -> object:
    cls: Any = type(self)
    return _reader(cls)(self)


def _equal(self: Any, other: object) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _text(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({shown})"

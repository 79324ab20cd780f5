"""Immutable values: dataclasses that cost little to create.

`dataclass(frozen=True, slots=True)` compiles six methods for each class. With some 150 classes, that is a quarter of
the plugin's start, and 1 MiB. Here a class has only its constructor, compiled when it is first called; the other
methods are common to all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

#: The global names of all constructors, which need none.
_SCOPE: dict[str, Any] = {}


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
    """Return the constructor of a dataclass with the fields of `cls`.

    `make_dataclass` has it too, but with a class around it: that takes four times as long, and twice the memory.
    """
    rows = fields(cls)
    scope = {f"default_{each.name}": each.default for each in rows if each.default is not MISSING}
    scope |= {f"new_{each.name}": each.default_factory for each in rows if each.default_factory is not MISSING}
    by_position = [_parameter(each) for each in rows if not each.kw_only]
    by_name = [_parameter(each) for each in rows if each.kw_only]
    parameters = ", ".join(["self", *by_position, *(["*", *by_name] if by_name else [])])
    lines = [f"def make({', '.join(['MISSING', *scope])}):", f" def __init__({parameters}):", "  pass"]
    lines += [f"  self.{each.name} = {_value(each)}" for each in rows]
    found: dict[str, Any] = {}
    exec("\n".join([*lines, " return __init__"]), _SCOPE, found)  # noqa: S102 - only names of fields, as in dataclasses
    constructor = found["make"](MISSING, **scope)
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    return constructor


def _parameter(field: Any) -> str:
    if field.default is not MISSING:
        return f"{field.name}=default_{field.name}"
    return field.name if field.default_factory is MISSING else f"{field.name}=MISSING"


def _value(field: Any) -> str:
    name: str = field.name
    return name if field.default_factory is MISSING else f"new_{name}() if {name} is MISSING else {name}"


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

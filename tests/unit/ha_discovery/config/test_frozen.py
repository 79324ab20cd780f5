"""Immutable dataclasses that share their methods."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from functools import cached_property

import pytest

from ha_discovery.config.frozen import frozen


@frozen()
class Point:
    """A value with a default."""

    x: int
    y: int = 0

    @cached_property
    def total(self) -> int:
        return self.x + self.y


@frozen(kw_only=True)
class Named(Point):
    """A value with one more field, by name."""

    name: str


@frozen()
class Empty:
    """A value without fields."""


def test_values_of_one_class_with_equal_fields_are_equal_and_have_the_same_hash() -> None:
    assert Point(1) == Point(1, 0)
    assert Point(1) != Point(2)
    assert Point(1) != (1, 0)
    assert Point(1) != Named(1, name="a")
    assert Named(1, name="a") != Named(1, name="b")
    assert Empty() == Empty()
    assert len({Point(1), Point(1, 0), Point(1, 1), Empty(), Empty()}) == 3


def test_a_value_cannot_be_changed() -> None:
    point = Named(1, name="a")
    with pytest.raises(FrozenInstanceError, match="'x' of a Named"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        point.other = 2  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        del point.name
    assert point == replace(Named(2, name="a"), x=1)


def test_a_value_keeps_what_it_has_computed() -> None:
    assert Point(1, 2).total == 3


def test_the_text_of_a_value_names_its_fields() -> None:
    assert repr(Named(1, name="a")) == "Named(x=1, y=0, name='a')"
    assert [field.name for field in fields(Named)] == ["x", "y", "name"]

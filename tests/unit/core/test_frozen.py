"""Immutable values."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import asdict, field, replace
from typing import Any

import pytest

from octoprint_temp_eta.core.frozen import frozen


@frozen
class Point:
    """A value with a default, a field that is not compared, and a secret."""

    x: float
    y: float = 0.0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


@frozen
class Named:
    """A value with the fields of another."""

    x: float
    y: float = 0.0


@frozen
class More(Named):
    """A value with one more field than another."""

    names: list[str] = field(default_factory=list)
    last: int = field(default=1, kw_only=True)


@frozen
class Empty:
    """A value without fields."""


@frozen
class Own:
    """A value with a text of its own."""

    x: int

    def __repr__(self) -> str:
        return "own"


def test_values_with_equal_fields_are_equal_and_have_the_same_hash() -> None:
    assert Point(1.0, 2.0, "one") == Point(1.0, 2.0, "another")
    assert hash(Point(1.0, 2.0, "one")) == hash(Point(1.0, 2.0, "another"))
    assert Empty() == Empty()
    assert len({Empty(), Empty(), Point(1.0), Point(1.0, 0.0)}) == 2


@pytest.mark.parametrize("other", [Point(1.0, 3.0), Point(1.0, 2.0, secret="x"), Named(1.0, 2.0), (1.0, 2.0), None])
def test_other_values_differ(other: Any) -> None:
    assert Point(1.0, 2.0) != other


def test_the_text_has_the_fields_but_no_secret() -> None:
    assert repr(Point(1.0, secret="password")) == "Point(x=1.0, y=0.0, note='')"
    assert repr(Empty()) == "Empty()"


def test_a_class_keeps_its_own_methods() -> None:
    assert repr(Own(1)) == "own"
    assert Own(1) == Own(1)


def test_the_functions_of_dataclasses_apply() -> None:
    assert replace(Point(1.0), y=2.0) == Point(1.0, 2.0)
    assert asdict(Named(1.0)) == {"x": 1.0, "y": 0.0}


def test_a_value_can_be_copied_and_pickled_and_has_no_other_attributes() -> None:
    point = Point(1.0, 2.0, "note", "secret")
    for same in (copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert (same, same.note, same.secret) == (point, "note", "secret")
    with pytest.raises(AttributeError):
        point.z = 1  # type: ignore[attr-defined]


def test_the_constructor_is_compiled_when_it_is_first_called() -> None:
    @frozen
    class New:
        """A class without objects."""

        x: float
        y: float = 0.0

    before = vars(New)["__init__"]
    New(1.0)
    after = vars(New)["__init__"]
    New(2.0)
    assert before is not after is vars(New)["__init__"]
    assert list(inspect.signature(New).parameters) == ["x", "y"]


def test_a_class_has_the_fields_of_its_base_and_a_new_default_for_each_object() -> None:
    more = More(1.0, 2.0, last=3)
    more.names.append("a")
    assert repr(more) == "More(x=1.0, y=2.0, names=['a'], last=3)"
    assert More(1.0, 2.0, ["a"], last=3) == more != More(1.0, 2.0, last=3)
    assert Named(1.0, 2.0) == Named(1.0, 2.0) != more


@pytest.mark.parametrize("arguments", [(), (1.0, 2.0, [], 3)])
def test_arguments_that_do_not_fit_are_refused(arguments: Any) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match=r"More\.__init__\(\)"):
            More(*arguments)

"""`replace` does what `dataclasses.replace` does, for frozen values."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import replace


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    names: tuple[str, ...] = field(default=())


@given(st.integers(), st.integers(), st.fixed_dictionaries({}, optional={"x": st.integers(), "y": st.integers()}))
def test_it_gives_what_dataclasses_gives(x: int, y: int, changes: dict[str, Any]) -> None:
    point = Point(x, y, ("a",))
    assert replace(point, **changes) == dataclasses.replace(point, **changes)
    assert point == Point(x, y, ("a",)), "the original stays as it is"


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(TypeError, match="Point has no field z"):
        replace(Point(1), z=2)


def test_a_class_that_checks_itself_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        x: int

        def __post_init__(self) -> None:
            assert self.x > 0

    with pytest.raises(TypeError, match="Checked has a __post_init__"):
        replace(Checked(1), x=-1)

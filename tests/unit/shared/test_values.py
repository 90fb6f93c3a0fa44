"""`frozen` and `replace` do what `dataclasses` does, faster."""

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values import frozen, replace

T = TypeVar("T")


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


@frozen
class Quick(Generic[T]):
    x: int
    """What is given without a name."""
    y: T
    z: int = 0
    names: list[str] = field(default_factory=list)
    last: str = field(default="", kw_only=True)


@frozen
class Quicker(Quick[str]):
    more: int = 1


@dataclass(frozen=True, slots=True)
class Slow(Generic[T]):
    x: int
    y: T
    z: int = 0
    names: list[str] = field(default_factory=list)
    last: str = field(default="", kw_only=True)


def test_a_quick_value_is_what_dataclasses_makes() -> None:
    for args, named in (((1, "b"), {}), ((1,), {"y": "b", "z": 3, "last": "c"}), ((1, "b", 2, ["n"]), {})):
        quick, slow = Quick(*args, **named), Slow(*args, **named)  # type: ignore[arg-type]
        assert dataclasses.asdict(quick) == dataclasses.asdict(slow)
        assert repr(quick).removeprefix("Quick") == repr(slow).removeprefix("Slow")
        assert quick == Quick(*args, **named)  # type: ignore[arg-type]
    assert Quick(1, "a").names is not Quick(1, "a").names
    assert hash(Wide(1, 2)) == hash(Wide(1, 2))


def test_a_quick_value_cannot_be_changed_and_holds_nothing_else() -> None:
    quick = Quick(1, "a")
    assert type(quick) is Quick
    with pytest.raises(dataclasses.FrozenInstanceError):
        quick.x = 2  # type: ignore[misc]
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        quick.other = 2  # type: ignore[attr-defined]
    assert not hasattr(quick, "__dict__")
    assert dataclasses.replace(quick, x=5) == replace(quick, x=5) == Quick(5, "a")
    assert copy.deepcopy(quick) == pickle.loads(pickle.dumps(quick)) == quick


@pytest.mark.parametrize(
    ("args", "named"), [((), {}), ((1,), {}), ((1, "a", 2, [], "b"), {}), ((1, "a"), {"x": 1}), ((1, "a"), {"w": 1})]
)
def test_a_quick_value_refuses_what_dataclasses_refuses(args: tuple[Any, ...], named: dict[str, Any]) -> None:
    for kind in (Quick, Slow):
        with pytest.raises(TypeError):
            kind(*args, **named)


def test_a_quick_value_may_be_built_upon_and_check_itself() -> None:
    quicker = Quicker(1, "a", more=7)
    assert (type(quicker), quicker.more, quicker.names) == (Quicker, 7, [])
    assert Wide(1, 2).total == 3
    with pytest.raises(ValueError, match="too wide"):
        Wide(1, 200)


@frozen
class Wide:
    left: int
    right: int

    def __post_init__(self) -> None:
        if self.total > 100:
            raise ValueError("too wide")

    @property
    def total(self) -> int:
        """Both together."""
        return self.left + self.right


def test_a_field_that_is_not_given_is_refused() -> None:
    with pytest.raises(TypeError, match="Hidden has a field that is not given"):

        @frozen
        class Hidden:
            x: int = field(init=False)

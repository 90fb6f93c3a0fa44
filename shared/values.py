"""Frozen values: a faster `dataclasses.replace`, because every step of a work order and of a clock makes a new value."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

V = TypeVar("V")
Setter = Callable[[Any, Any], None]
Parts = tuple[Callable[[Any], Any], Mapping[str, Setter]]

_KNOWN: dict[type, Parts] = {}


def replace(value: V, /, **changes: Any) -> V:
    """Return a copy of the frozen, slotted dataclass `value` with `changes`; TypeError for a field it does not have.

    Unlike `dataclasses.replace` it does not run `__init__`, so it refuses classes with a `__post_init__`. It takes
    about a quarter of the time (measured: 35 fields, 3 µs instead of 11).
    """
    kind = type(value)
    copied, setters = _KNOWN.get(kind) or _learnt(kind)
    made: V = copied(value)
    for name, content in changes.items():
        setter = setters.get(name)
        if setter is None:
            raise TypeError(f"{type(value).__name__} has no field {name}")
        setter(made, content)
    return made


def _learnt(kind: type) -> Parts:
    """Note and return what copies a value of that class, and what sets each of its fields."""
    if hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind.__name__} has a __post_init__, which a copy must not pass by: use dataclasses.replace")
    setters: dict[str, Setter] = {field.name: getattr(kind, field.name).__set__ for field in fields(kind)}
    # Written out field by field, as `dataclasses` writes `__init__`: a loop over the setters takes twice as long.
    lines = [f"    set_{name}(made, value.{name})" for name in setters]
    source = "\n".join(["def copied(value):", "    made = new(kind)", *lines, "    return made"])
    names: dict[str, Any] = {f"set_{name}": setter for name, setter in setters.items()}
    names |= {"new": object.__new__, "kind": kind}
    exec(source, names)  # noqa: S102 (the source holds nothing but the names of the class's own fields)
    return _KNOWN.setdefault(kind, (names["copied"], setters))

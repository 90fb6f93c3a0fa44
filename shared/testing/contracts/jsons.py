"""JSON as strangers send it: any at all, and samples that are damaged in one place."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from hypothesis import strategies as st

MARK: Final = "机密 Cross-Road 7, 13912345678"
"""What stands in the place of a text when the suite looks whether a refusal repeats what the customer wrote."""

_AWKWARD: Final = [
    "",
    " ",
    "\x00",
    "\ud800",
    "NaN",
    "-1",
    "2026-13-45T99:99:99Z",
    "<a>",
    "=1+1",
    "\r\nBcc: x",
    "字" * 11_000,
]
_SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()  # Python reads NaN and Infinity from JSON
    | st.text(st.characters(), max_size=30)
    | st.sampled_from(_AWKWARD)
)

Path = tuple[str | int, ...]


def json_values(max_leaves: int = 12) -> st.SearchStrategy[Any]:
    """Return a strategy of whatever `json.loads` may return."""
    return st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=max_leaves,
    )


def json_objects() -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of JSON objects that have nothing to do with anything."""
    return st.dictionaries(st.text(max_size=12), json_values(), max_size=6)


@st.composite
def damaged(draw: st.DrawFn, samples: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """Draw one of the samples with one to three of its places taken away or holding something else."""
    data: dict[str, Any] = deepcopy(dict(draw(st.sampled_from(samples))))
    for _ in range(draw(st.integers(1, 3))):
        paths = list(places(data))
        if not paths:
            break
        *above, last = draw(st.sampled_from(paths))
        inside = at(data, tuple(above))
        if draw(st.booleans()):
            del inside[last]
        else:
            inside[last] = draw(json_values(4))
    return data


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the way to everything inside a JSON value, itself left out."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key)
        yield from places(item, (*path, key))


def at(value: Any, path: Path) -> Any:
    """Return what stands in a JSON value at `path`."""
    for key in path:
        value = value[key]
    return value


def with_other(data: Mapping[str, Any], path: Path, other: Any) -> dict[str, Any]:
    """Return a copy of `data` that holds `other` at `path`."""
    copy: dict[str, Any] = deepcopy(dict(data))
    at(copy, path[:-1])[path[-1]] = other
    return copy

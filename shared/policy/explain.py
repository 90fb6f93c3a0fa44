"""pydantic's faults in the words of someone who edits a policy file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.policy.errors import Fault
from shared.policy.references import did_you_mean
from shared.policy.yaml_marks import Location, MarkedYaml


def value_faults(
    error: ValidationError, marked: MarkedYaml, model: type[BaseModel], *, leave_out: str = "", at: Location = ()
) -> Iterator[Fault]:
    """Turn pydantic's errors about the data of one file into faults with lines, but for those of type `leave_out`.

    The data that `model` has judged stands in the file at the place `at`.
    """
    for detail in error.errors(include_url=False):
        if detail["type"] != leave_out:
            location = _location(detail["loc"], marked, at)
            yield marked.fault((*at, *location), explain(detail, location, model))


def _location(loc: Location, marked: MarkedYaml, at: Location) -> Location:
    """Leave out of a pydantic location what is no place in the file: tags of unions and marks of keys."""
    location: Location = ()
    for step in loc:
        if (*at, *location, step) in marked.lines or step == loc[-1]:
            location = (*location, step)
    return location[:-1] if location and location[-1] == "[key]" else location


def explain(error: ErrorDetails, location: Location, model: type[BaseModel]) -> str:
    """Return one sentence about a fault at `location` of the data of `model`."""
    if error["type"] == "extra_forbidden":
        return f"no such key is known here{did_you_mean(str(location[-1]), _keys(model, location[:-1]))}"
    value, message = error["input"], error["msg"].removesuffix(".").removeprefix("Input should be ")
    if value is None:
        return "is empty"
    if error["type"] == "literal_error":
        return _choice(value, message)
    sentence = _SENTENCES.get(error["type"], "{value!r} does not fit: it should be {message}")
    return sentence.format(**{**error.get("ctx", {}), "value": value, "message": message})


_KEYED: Final = "holds keys with values, not a single value"
_SENTENCES: Final[dict[str, str]] = {
    "missing": "is missing",
    "value_error": "{error}",
    "string_type": '{value!r} is not text; put it in quotes: "{value}"',
    "string_too_short": "is empty",
    "string_pattern_mismatch": '"{value}" does not have the form {pattern}',
    "too_short": "is empty",
    "bool_parsing": "{value!r} is neither true nor false",
    "bool_type": "{value!r} is neither true nor false",
    "int_parsing": "{value!r} is not a whole number",
    "int_type": "{value!r} is not a whole number",
    "int_from_float": "{value!r} is not a whole number",
    "float_parsing": "{value!r} is not a number",
    "float_type": "{value!r} is not a number",
    "union_tag_invalid": '"{tag}" is not one of {expected_tags}',
    "union_tag_not_found": "needs the key {discriminator}",
    "model_type": _KEYED,
    "mapping_type": _KEYED,
    "dict_type": _KEYED,
    "tuple_type": "is a list; write it in [ ] or as lines beginning with -",
    "greater_than_equal": "{value} is out of range: it should be {message}",
    "less_than_equal": "{value} is out of range: it should be {message}",
}


def _choice(value: object, expected: str) -> str:
    known = tuple(part.strip("'") for part in expected.replace(" or ", ", ").split(", "))
    return f'"{value}" is not one of {", ".join(known)}{did_you_mean(str(value), known)}'


def _keys(model: object, location: Location) -> tuple[str, ...]:
    """Return the keys that the part of the model at `location` knows."""
    for step in location:
        model = _part(model, step)
    names: list[str] = []
    for kind in _models(model):
        names += [found.alias or name for name, found in kind.model_fields.items() if not found.exclude]
    return tuple(names)


def _part(model: object, step: str | int) -> object:
    for kind in _models(model):
        for name, found in kind.model_fields.items():
            if step == (found.alias or name):
                return found.annotation
    arguments = [part for part in _alternatives(model) if get_origin(part) in {Mapping, dict, tuple}]
    return get_args(arguments[0])[-1 if get_origin(arguments[0]) is not tuple else 0] if arguments else None


def _models(model: object) -> list[type[BaseModel]]:
    return [part for part in _alternatives(model) if isinstance(part, type) and issubclass(part, BaseModel)]


def _alternatives(annotation: Any) -> list[Any]:
    """Return what an annotation may be once Annotated and unions are taken apart."""
    if hasattr(annotation, "__metadata__"):
        return _alternatives(annotation.__origin__)
    origin = get_origin(annotation)
    if origin is None or (isinstance(origin, type) and not _is_union(annotation)):
        return [annotation]
    return [found for part in get_args(annotation) for found in _alternatives(part)]


def _is_union(annotation: Any) -> bool:
    return type(annotation).__name__ in {"UnionType", "_UnionGenericAlias", "Union"}

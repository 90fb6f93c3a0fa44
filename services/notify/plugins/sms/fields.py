"""Names in braces, replaced by values: once, from left to right, and nothing else is read in them (R-NT-03)."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_FIELD: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def fields_in(given: Any) -> set[str]:
    """Return the names in braces in a text, or in the texts of lists and mappings."""
    if isinstance(given, str):
        return set(_FIELD.findall(given))
    if isinstance(given, Mapping):
        return {name for value in given.values() for name in fields_in(value)}
    if isinstance(given, list | tuple):
        return {name for value in given for name in fields_in(value)}
    return set()


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with the values in the place of their names; what a value holds is not looked at again."""
    return _FIELD.sub(lambda match: values[match[1]], text)


def filled_json(given: Any, values: Mapping[str, str]) -> bytes:
    """Return the JSON of `given` with the values in its strings; the names of its members stay as they are."""
    return json.dumps(_filled(given, values), ensure_ascii=False).encode()


def _filled(given: Any, values: Mapping[str, str]) -> Any:
    if isinstance(given, str):
        return filled(given, values)
    if isinstance(given, Mapping):
        return {name: _filled(value, values) for name, value in given.items()}
    if isinstance(given, list | tuple):
        return [_filled(value, values) for value in given]
    return given

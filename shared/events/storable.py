"""What PostgreSQL and JSON can hold: no NUL, no lone surrogate, no number that is not finite."""

import math
import re
from typing import Any

from pydantic_core import to_json

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SUSPECT = (b"\\u0000", b"NaN", b"Infinity")


def storable(value: Any) -> Any:
    """Return the JSON `value` without what cannot be stored: such characters are dropped, such numbers are null.

    Keys are cleaned like texts. What is storable already is returned as it is.
    """
    return value if is_storable(value) else _cleaned(value)


def is_storable(value: Any) -> bool:
    """Return whether a JSON `value`, or a model, can be stored as it is; may say no of one that could, never yes wrongly.

    Nearly everything can, and is told so without a walk through all of it.
    """
    try:
        written = to_json(value)
    except ValueError:  # lone surrogates among others
        return False
    return not any(suspect in written for suspect in _SUSPECT)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {_cleaned(str(key)): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

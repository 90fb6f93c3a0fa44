"""What PostgreSQL and JSON can hold: no NUL, no lone surrogate, no number that is not finite."""

import math
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: Any) -> Any:
    """Return the JSON `value` without what cannot be stored: such characters are dropped, such numbers are null.

    Keys are cleaned like texts. What is storable already is equal afterwards.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

"""Two neighbouring characters as one number: cheap to make of a whole text at once, small to keep, quick to look up."""

import re
from typing import Final

_BEYOND: Final = re.compile("[\U00010000-\U0010ffff]")
_STRANGER: Final = "\uffff"
"""Stands for every character beyond the basic plane, such as emoji; it is none itself."""


def neighbours(text: str) -> list[int]:
    """Return a number for each two neighbours of `text`, in their order: the same for equal ones, and for no others.

    Numbers are of this process alone. Characters beyond the basic plane all count as one.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) > 2 * len(text):
        units = _BEYOND.sub(_STRANGER, text).encode("utf-16-le", "surrogatepass")
    low, high = units[::2], units[1::2]
    # Characters of one script differ in their low bytes; a dictionary looks at the low bits of a number first.
    mixed = bytearray(max(0, 4 * len(low) - 4))
    mixed[::4], mixed[1::4], mixed[2::4], mixed[3::4] = low[:-1], low[1:], high[:-1], high[1:]
    return memoryview(mixed).cast("I").tolist()

"""What the linear classifier sees of a text: its characters, their pairs, Latin words and their pairs, registered fields.

Figures all count as 0 and nothing longer than two characters is a piece, so that a model holds no number of anybody.
"""

import re
from collections.abc import Iterable

from services.routing.ports import plain

_FIGURES = str.maketrans("123456789", "000000000")
_WORD = re.compile(r"[a-z][a-z']+")
_CONSIDERED = 600
MARK = "["
"""How a piece begins that is no text, but the name of a registered field."""


def folded(text: str) -> str:
    """Return the text as pieces are cut from it; position by position the same as `plain(text)`."""
    read = plain(text)[:_CONSIDERED]
    lower = read.lower()
    return (lower if len(lower) == len(read) else read).translate(_FIGURES)


def pieces(text: str, details: Iterable[str] = ()) -> dict[str, int]:
    """Return every piece of `text` with where it stands first (-1: not in the text); `details` are names of fields."""
    read = folded(text)
    found = {f"{MARK}{name}]": -1 for name in details}
    before = ""
    for word in _WORD.finditer(read):
        found.setdefault(word.group(), word.start())
        if before:
            found.setdefault(f"{before} {word.group()}", word.start())
        before = word.group()
    chars = _WORD.sub(lambda word: " " * len(word.group()), read)
    for at, char in enumerate(chars):
        if char.isspace():
            continue
        found.setdefault(char, at)
        found.setdefault(chars[at : at + 2].rstrip(), at)
    return found

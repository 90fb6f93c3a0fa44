"""One written form for all texts before rules read them: half-width and simplified characters, of bounded length."""

import unicodedata
from functools import lru_cache
from typing import Final

from shared.script import simplified

_HEAD: Final = 1_500
_TAIL: Final = 500
_REMEMBERED: Final = 512
"""Texts: those of a batch, which are read more than once."""
_FULL_WIDTH: Final = tuple((chr(ord(mark) + 0xFEE0), mark) for mark in ",:?!();")
"""The marks of Chinese texts that are no half-width ones, and those."""


def plain(text: str) -> str:
    """Return the text as rules read it; of a very long one its beginning and its end, where the matter is stated."""
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    return text if text.isascii() else _plain(text)


@lru_cache(maxsize=_REMEMBERED)
def _plain(text: str) -> str:
    # Most texts are normal but for these, and to see that a text is normal takes a tenth of normalising it.
    for full, half in _FULL_WIDTH:
        text = text.replace(full, half)
    return simplified(unicodedata.normalize("NFKC", text))

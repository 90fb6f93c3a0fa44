"""One written form for all texts before rules read them: half-width and simplified characters, of bounded length."""

import unicodedata
from functools import lru_cache

from shared.script import simplified

_HEAD = 1_500
_TAIL = 500


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """Return the text as rules read it; of a very long one its beginning and its end, where the matter is stated."""
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    return simplified(unicodedata.normalize("NFKC", text))

"""The policy's phrases in a customer's words: `…` stands for a few characters of the same clause."""

import re
from functools import lru_cache
from typing import Final

from services.routing.domain.matter import Matter
from services.routing.domain.script import plain

_GAP: Final = r"[^,.。!?;、\n]{0,8}?"
_DENIED: Final = re.compile(
    r"(?:不(?:是|用|想|要|必|需要|打算|考虑)|没(?:有)?(?:要|想|打算|让你?们?)|无需|并非|别|"
    r"\b(?:no|not|don't|without)(?: want| need)?(?: any| an| a| to| the)?)[^,.。!?;、\n]{0,4}$",
    re.IGNORECASE,
)
_BEFORE: Final = 16


def words_of(matter: Matter) -> str:
    """Return what the customer wrote and what was registered beside it, as phrases are looked for in it."""
    return "\n".join((matter.plain, *map(plain, matter.details.values())))


def said(words: str, phrases: tuple[str, ...]) -> bool:
    """Return whether one of `phrases` is in `words` and not denied, as in 不用退款; `words` are those of `words_of`."""
    return any(
        not _DENIED.search(words[max(0, found.start() - _BEFORE) : found.start()])
        for found in _pattern(phrases).finditer(words)
    )


@lru_cache(maxsize=256)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    each = (_GAP.join(re.escape(plain(part)) for part in phrase.split("…")) for phrase in phrases)
    return re.compile("|".join(each), re.IGNORECASE)

"""Short pieces of text that many patterns need: which of them a text holds is found by one look for all of them."""

import re
from functools import lru_cache
from typing import Final

from services.routing.domain.neighbours import neighbours

_REMEMBERED: Final = 512
"""Texts: those of a batch, which are read for their category first and assessed later."""


class Pieces:
    """Pieces of one or two characters."""

    def __init__(self) -> None:
        """Begin without any."""
        self._pairs: dict[int, str] = {}
        self._chars = ""
        self._single: re.Pattern[str] | None = None
        self.of = lru_cache(_REMEMBERED)(self.found)
        """The same as `found`; what it told of the last texts is remembered."""

    def add(self, piece: str) -> None:
        """Look for `piece`, too."""
        self.of.cache_clear()
        if len(piece) > 1:
            (number,) = neighbours(piece)
            self._pairs[number] = piece
        elif piece not in self._chars:
            self._chars, self._single = self._chars + piece, None

    def found(self, text: str) -> tuple[str, ...]:
        """Return which of the pieces are in `text`, each once."""
        if self._single is None:
            self._single = re.compile(f"[{re.escape(self._chars)}]" if self._chars else "(?!)")
        pairs = set(filter(None, map(self._pairs.get, neighbours(text))))
        return (*pairs, *set(self._single.findall(text)))

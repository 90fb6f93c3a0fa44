"""Patterns behind gates: a regular expression is tried only on texts that hold the pieces it cannot do without.

Most of the vocabulary of the rules is absent from most texts. Which pieces a pattern needs is read off the pattern
itself (`needed`), so a gate never changes what is found. Pieces are of the same case as written unless the gates
ignore case. Sets of patterns are numbers of a bit for each: there are many, and few are open.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from services.routing.domain.needed import Gate, alternatives, cost_of, gates_of, is_plain
from services.routing.domain.pieces import Pieces

_Door = tuple[int, tuple[tuple[str, int], ...]]
"""What a piece opens, and what it opens where it is part of a whole run."""
_CLOSED: Final[_Door] = (0, ())
_FIRST: Final = 1
_SECOND: Final = 2
_WORD: Final = 4
"""Of the three bits that each pattern has: its first gate is open, its second one is, a plain word of it is there."""
_WIDEST: Final = 400
"""A second gate that costs more than that spares less than it costs."""
_BASIC: Final = "\uffff"
"""The last character whose pairs are all told apart."""
_BETWEEN: Final = "\0"
"""Stands between stretches of a text that are none of each other's neighbours; no pattern is about it."""
SHARED: Final = Pieces()
"""The pieces of all gates of this process: who looks at a text that another has looked at finds it done."""


@dataclass(frozen=True, slots=True, eq=False)
class Gated:
    """A compiled pattern behind a gate."""

    pattern: re.Pattern[str]
    bits: int
    """Its own, one for all of its plain words and one for each other alternative."""


class Opened(NamedTuple):
    """What a look at a text told."""

    may: int
    """The bits of what may match there."""
    sure: int
    """Those of them that do: plain words, which need no expression at all."""
    pieces: Collection[str]
    """The pieces of all patterns that are in the text."""


class Gates:
    """Patterns that are tried together: one look at a text tells which of them may match there."""

    def __init__(self, pieces: Pieces = SHARED, *, ignoring_case: bool = False) -> None:
        """Begin without any pattern; `ignoring_case` compiles all that are added so, and reads texts so."""
        self._pieces = pieces
        self._flags = re.IGNORECASE if ignoring_case else re.NOFLAG
        self._doors: dict[str, _Door] = {}
        self._always = 0
        self._all = 0
        self._next = 1

    def add(self, pattern: str) -> Gated:
        """Return `pattern` behind its gate."""
        return Gated(self.compiled(pattern), self.guard(pattern))

    def compiled(self, pattern: str) -> re.Pattern[str]:
        """Return `pattern` compiled as these gates read texts."""
        return re.compile(pattern, self._flags)

    def guard(self, pattern: str) -> int:
        """Put `pattern` behind a gate, and return its bits."""
        bits = shared = 0
        for part in alternatives(pattern):
            gates = gates_of(part)
            if len(gates) > 1 and cost_of(gates[1]) <= _WIDEST:
                own = self._bit()
                self._open(gates[0], own * _FIRST)
                self._open(gates[1], own * _SECOND)
                bits |= own
                continue
            shared = shared or self._bit()
            if not gates:
                self._always |= shared
            else:
                self._open(gates[0], shared * (_FIRST + _SECOND + _WORD * is_plain(part)))
        return bits | shared

    def opened(self, text: str, pieces: Collection[str] | None = None) -> Opened:
        """Return what may match in `text`; everything else does not. Its `pieces` are given where they are known."""
        folded = self._folded(text)
        return self._look(folded, self._pieces.of(folded) if pieces is None else pieces)

    def replaced(self, text: str, spans: Sequence[tuple[int, int]], instead: str, opened: Opened) -> tuple[str, Opened]:
        """Return `text` with `instead` in the place of each of `spans`, and what may match there; `opened` is of `text`."""
        starts, ends = zip(*spans, strict=True)
        kept = [text[end:start] for end, start in zip((0, *ends), (*starts, len(text)), strict=True)]
        whole = instead.join(kept)
        folded = self._folded(whole)
        if any(not part for part in kept[1:-1]):
            return whole, self._look(folded, self._pieces.found(folded))
        seams = _BETWEEN.join(f"{one[-1:]}{instead}{other[:1]}" for one, other in pairwise(kept))
        left = [piece for piece in opened.pieces if piece in folded]
        return whole, self._look(folded, [*left, *self._pieces.found(self._folded(seams))])

    def longer(self, text: str, more: str, opened: Opened) -> tuple[str, Opened]:
        """Return `text` with `more` behind it, and what may match there; `opened` is of `text`."""
        whole = text + more
        added = self._pieces.found(self._folded(text[-1:] + more))
        return whole, self._look(self._folded(whole), [*opened.pieces, *added])

    def _look(self, text: str, pieces: Collection[str]) -> Opened:
        """Return what may match in `text`, which holds no pieces but `pieces`."""
        told = self._always * (_FIRST + _SECOND)
        door = self._doors.get
        for piece in pieces:
            if (found := door(piece)) is not None:
                opens, behind = found
                told |= opens
                for run, opens in behind:
                    if run in text:
                        told |= opens
        return Opened(told & told >> 1 & self._all, told >> 2 & self._all, pieces)

    def _bit(self) -> int:
        bit, self._next = self._next, self._next << 3
        self._all |= bit
        return bit

    def _open(self, gate: Gate, opens: int) -> None:
        """Let each run of `gate` open that."""
        for written, runs in gate.items():
            piece = self._folded(written)
            self._pieces.add(piece)
            alone, behind = self._doors.get(piece, _CLOSED)
            waiting = dict(behind)
            for run in sorted(runs):
                if run == written and max(run) <= _BASIC:
                    alone |= opens
                else:
                    folded = self._folded(run)
                    waiting[folded] = waiting.get(folded, 0) | opens
            self._doors[piece] = (alone, tuple(waiting.items()))

    def _folded(self, text: str) -> str:
        """Return `text` as gates compare it; where case is ignored, `re` takes ı, İ and ſ for i and s."""
        if not self._flags:
            return text
        return text.lower().replace("ı", "i").replace("\u0307", "").replace("ſ", "s")


def each(bits: int) -> Iterator[int]:
    """Yield the single bits of a number, those added first before the others."""
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest

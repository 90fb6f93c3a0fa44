"""Patterns behind a gate: a regular expression is tried only on texts that hold one of the pieces it cannot do without.

Most of the vocabulary of the rules is absent from most texts. Which pieces a pattern needs is read off the pattern
itself, so a gate never changes what is found. A piece is one character or two neighbours, of the same case as written
unless the gates ignore case.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import add
from typing import Final

# What a piece costs: one character is often there by chance, two seldom.
_SINGLE: Final = 8
_QUANTIFIER: Final = re.compile(r"[*+?]|\{(\d*),?\d*\}")
_NOT_LITERAL: Final = frozenset("dDsSwWbBAZ0123456789nrtfv")
_LOOK: Final = ("?=", "?!", "?<=", "?<!")
_PLAIN: Final = re.compile(r"[^\\\[\](){}|.^$*+?]+")
_Gate = dict[str, frozenset[str]] | None
"""Pieces, each with the runs of characters it was taken from; None: no gate can be told."""


@lru_cache(maxsize=8)  # the same text is held against several gates, one after the other
def grams(text: str) -> frozenset[str]:
    """Return all characters and pairs of neighbours of `text`, which gates are held against."""
    return frozenset(text).union(map(add, text, text[1:]))


@dataclass(frozen=True, slots=True, eq=False)
class Gated:
    """A compiled pattern behind a gate; two of them are never the same, so that a set of them is quick."""

    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a look at a text told."""

    may: set[Gated]
    """The patterns that may match there."""
    sure: set[Gated]
    """Those of them that do: plain words, which need no expression at all."""
    pieces: set[str]
    """The pieces of all patterns that are in the text."""


class Gates:
    """Patterns that are tried together: one look at a text tells which of them may match there."""

    def __init__(self, *, ignoring_case: bool = False) -> None:
        """Begin without any pattern; `ignoring_case` compiles all that are added so, and reads texts so."""
        self._flags = re.IGNORECASE if ignoring_case else re.NOFLAG
        self._open: defaultdict[str, list[Gated]] = defaultdict(list)  # what a piece is enough for
        self._plain: defaultdict[str, list[Gated]] = defaultdict(list)  # what a piece itself is
        self._behind: defaultdict[str, list[tuple[str, Gated, bool]]] = defaultdict(list)  # what takes a whole run
        self._always: list[Gated] = []
        self._pieces: set[str] = set()

    def add(self, pattern: str) -> Gated:
        """Return `pattern` behind its gate."""
        gated = Gated(re.compile(pattern, self._flags))
        gate = gate_of(pattern)
        if gate is None:
            self._always.append(gated)
            return gated
        plain = is_plain(pattern)
        for piece, runs in gate.items():
            folded = self._folded(piece)
            if piece in runs:
                self._open[folded].append(gated)
                if plain:
                    self._plain[folded].append(gated)
            else:
                self._behind[folded].extend((self._folded(run), gated, plain) for run in sorted(runs))
        self._pieces.update(map(self._folded, gate))
        return gated

    def opened(self, text: str) -> Opened:
        """Return the patterns that may match in `text`; every other one does not."""
        folded = self._folded(text)
        return self._look(folded, self._pieces & grams(folded))

    def joined(self, rest: Sequence[str], opened: Opened) -> tuple[str, Opened]:
        """Return what is left of a text, put together, and what may match there; `opened` is what did in the whole."""
        less = "".join(rest)
        seams = " ".join(one[-1] + other[0] for one, other in pairwise(rest))
        return less, self._look(self._folded(less), opened.pieces | self._pieces & grams(self._folded(seams)))

    def _look(self, text: str, pieces: set[str]) -> Opened:
        """Return what may match in `text`, which holds no pieces but `pieces`."""
        may, sure = set(self._always), set[Gated]()
        for piece in pieces:
            may.update(self._open.get(piece, ()))
            sure.update(self._plain.get(piece, ()))
            for run, gated, plain in self._behind.get(piece, ()):
                if run in text:
                    may.add(gated)
                    if plain:
                        sure.add(gated)
        return Opened(may, sure, pieces)

    def _folded(self, text: str) -> str:
        """Return `text` as gates compare it; where case is ignored, `re` takes ı, İ and ſ for i and s."""
        if not self._flags:
            return text
        return text.lower().replace("ı", "i").replace("\u0307", "").replace("ſ", "s")


def is_plain(pattern: str) -> bool:
    """Return whether `pattern` is nothing but a word."""
    return _PLAIN.fullmatch(pattern) is not None


def alternatives(pattern: str) -> list[str]:
    """Return the alternatives of `pattern` that stand outside all brackets."""
    parts, start, at = [], 0, 0
    while at < len(pattern):
        if pattern[at] == "|":
            parts.append(pattern[start:at])
            start = at = at + 1
        else:
            at, _, _ = _atom(pattern, at)
    return [*parts, pattern[start:]]


def gate_of(pattern: str) -> _Gate:
    """Return pieces with their runs: every match of `pattern` holds a run of at least one of them. None: unknown."""
    at, gate = _alternatives(pattern, 0)
    return gate if at == len(pattern) else None


def _alternatives(pattern: str, at: int) -> tuple[int, _Gate]:
    """Read alternatives up to the end or an unmatched bracket; their gate is the union of each one's best."""
    union: dict[str, frozenset[str]] = {}
    open_ended = False
    best: _Gate = None
    run = ""
    while True:
        if at == len(pattern) or pattern[at] in "|)":
            best = _better(best, _of_run(run))
            if best is None:
                open_ended = True
            else:
                for piece, runs in best.items():
                    union[piece] = union.get(piece, frozenset()) | runs
            if at == len(pattern) or pattern[at] == ")":
                return at, None if open_ended else union
            best, run, at = None, "", at + 1
            continue
        at, literal, gate = _atom(pattern, at)
        at, least = _repeated(pattern, at)
        if least == 0:
            literal, gate = "", None
        if literal:
            run += literal
        if not literal or least is not None:
            best = _better(_better(best, gate), _of_run(run))
            run = ""


def _atom(pattern: str, at: int) -> tuple[int, str, _Gate]:
    """Read one element: return where it ends, and its literal character or, for a group, its gate."""
    char = pattern[at]
    if char == "\\":
        escaped = pattern[at + 1]
        return at + 2, "" if escaped in _NOT_LITERAL else escaped, None
    if char == "[":
        end = _class_end(pattern, at)
        return end, "", _of_class(pattern[at + 1 : end - 1])
    if char == "(":
        inside = pattern[at + 1 :]
        look = inside.startswith(_LOOK)
        start = at + 1
        if inside.startswith("?"):
            mark = re.match(r"\?(?:[:=!]|<[=!])", inside)
            if mark is None:
                raise ValueError(f"a group that gates cannot read: {inside[:8]}")
            start += mark.end()
        end, gate = _alternatives(pattern, start)
        return end + 1, "", None if look else gate
    return at + 1, "" if char in ".^$" else char, None


def _class_end(pattern: str, at: int) -> int:
    end = at + 2 if pattern[at + 1] == "^" else at + 1
    end += pattern[end] == "]"
    while pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end + 1


def _repeated(pattern: str, at: int) -> tuple[int, int | None]:
    """Read a quantifier, if there is one: return where it ends and the least number of times; None without one."""
    found = _QUANTIFIER.match(pattern, at)
    if found is None:
        return at, None
    least = int(found.group(1) or 0) if found.group(1) is not None else int(found.group() == "+")
    end = found.end()
    return end + (pattern[end : end + 1] in {"?", "+"}), least


def _of_class(chars: str) -> _Gate:
    """Return the gate of a class of characters that lists them one by one."""
    if chars.startswith("^") or "\\" in chars or "-" in chars:
        return None
    return {char: frozenset((char,)) for char in chars}


def _of_run(run: str) -> _Gate:
    if not run:
        return None
    # Of a Latin word the middle is rarer than the beginning; of a Chinese one it makes no difference.
    at = max(0, len(run) // 2 - 1)
    return {run[at : at + 2]: frozenset((run,))}


def _better(one: _Gate, other: _Gate) -> _Gate:
    if one is None or other is None:
        return one if other is None else other
    return one if _cost(one) <= _cost(other) else other


def _cost(gate: dict[str, frozenset[str]]) -> int:
    return sum(1 if len(piece) > 1 else _SINGLE for piece in gate)

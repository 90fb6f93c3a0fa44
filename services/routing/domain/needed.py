"""What a pattern cannot do without, read off the pattern itself: the pieces of which every match holds one.

A piece is one character or two neighbours.
"""

import re
from typing import Final

# What a piece costs: one character is often there by chance, two seldom.
_SINGLE: Final = 8
_QUANTIFIER: Final = re.compile(r"[*+?]|\{(\d*),?\d*\}")
_NOT_LITERAL: Final = frozenset("dDsSwWbBAZ0123456789nrtfv")
_LOOK: Final = ("?=", "?!", "?<=", "?<!")
_PLAIN: Final = re.compile(r"[^\\\[\](){}|.^$*+?]+")
Gate = dict[str, frozenset[str]]
"""Pieces, each with the runs of characters it was taken from: every match holds one of those runs."""


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


def gate_of(pattern: str) -> Gate | None:
    """Return pieces with their runs: every match of `pattern` holds a run of at least one of them. None: unknown."""
    at, gate = _alternatives(pattern, 0)
    return gate if at == len(pattern) else None


def gates_of(part: str) -> list[Gate]:
    """Return the gates of one alternative, the narrowest first: a match passes every one of them. Empty: unknown."""
    at, gates = _sequence(part, 0)
    return sorted(gates, key=cost_of) if at == len(part) else []


def cost_of(gate: Gate) -> int:
    """Return how often a text passes the gate by chance, roughly."""
    return sum(1 if len(piece) > 1 else _SINGLE for piece in gate)


def _alternatives(pattern: str, at: int) -> tuple[int, Gate | None]:
    """Read alternatives up to the end or an unmatched bracket; their gate is the union of each one's best."""
    union: Gate = {}
    open_ended = False
    while True:
        at, gates = _sequence(pattern, at)
        if not gates:
            open_ended = True
        else:
            for piece, runs in min(gates, key=cost_of).items():
                union[piece] = union.get(piece, frozenset()) | runs
        if at == len(pattern) or pattern[at] == ")":
            return at, None if open_ended else union
        at += 1


def _sequence(pattern: str, at: int) -> tuple[int, list[Gate]]:
    """Read one alternative up to its end: return where that is, and the gates of its elements."""
    gates: list[Gate] = []
    run = ""
    while at < len(pattern) and pattern[at] not in "|)":
        at, literal, gate = _atom(pattern, at)
        at, least = _repeated(pattern, at)
        if least == 0:
            literal, gate = "", None
        run += literal
        if not literal or least is not None:
            gates += [one for one in (_of_run(run), gate) if one]
            run = ""
    return at, [*gates, *([_of_run(run)] if run else [])]


def _atom(pattern: str, at: int) -> tuple[int, str, Gate | None]:
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


def _of_class(chars: str) -> Gate | None:
    """Return the gate of a class of characters that lists them one by one."""
    if chars.startswith("^") or "\\" in chars or "-" in chars:
        return None
    return {char: frozenset((char,)) for char in chars}


def _of_run(run: str) -> Gate:
    if not run:
        return {}
    # Of a Latin word the middle is rarer than the beginning; of a Chinese one it makes no difference.
    at = max(0, len(run) // 2 - 1)
    return {run[at : at + 2]: frozenset((run,))}

"""The customer's own new words: what a mail says without the mail it answers and without its signature.

By the marks that clients leave, Chinese and English ones first; where nothing would be left, all of it is taken.
"""

import re
from typing import Final, NamedTuple

from services.intake.plugins.email.separators import (
    ATTRIBUTION,
    DISCLAIMER,
    FIELD_BEGINS,
    FIELD_FOLLOWS,
    LONGEST_LINE,
    MOBILE,
    RULE,
    SEPARATOR,
)

_LOOKED_AHEAD: Final = 6
_LONGEST_SIGNATURE: Final = 12
_LONGEST_SIGNATURE_AREA: Final = 30
"""Lines with the blank ones among them."""
_LONGEST_SIGNATURE_LINE: Final = 80
_LONGEST_ATTRIBUTION: Final = 400
_LONGEST_WRAP: Final = 3


class Words(NamedTuple):
    """The new words, and whether anything was left out of them."""

    own: str
    shortened: bool


def own_words(text: str) -> Words:
    """Return what the writer of `text` added; all of it where nothing else would be left (a mail that is passed on)."""
    lines = [line.rstrip() for line in text.split("\n")]
    kept = _unsigned(_unquoted(lines))
    own = _tidy(kept)
    if not own:
        return Words(_tidy(lines), shortened=False)
    return Words(own, shortened=own != _tidy(lines))


def _unquoted(lines: list[str]) -> list[str]:
    """Return the lines that are no quotation; behind an attribution only `>` lines are one, if there are any."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith((">", "|>", "＞")):
            _drop_blank(kept)
            at += 1
            continue
        if SEPARATOR.fullmatch(_mark(line)) or _begins_fields(lines, at):
            break
        if (length := _attribution(lines, at)) > 0:
            following = next((one for one in lines[at + length :] if one.strip()), "")
            if not following.lstrip().startswith((">", "|>")):
                break
            at += length
            continue
        kept.append(line)
        at += 1
    while kept and RULE.fullmatch(kept[-1].strip() or "-----") and at < len(lines):
        kept.pop()
    return kept


def _begins_fields(lines: list[str], at: int) -> bool:
    """Return whether the fields of a quoted mail begin here: a sender, and below it another field."""
    if not FIELD_BEGINS.match(_mark(lines[at])):
        return False
    below = [_mark(line) for line in lines[at + 1 : at + 1 + _LOOKED_AHEAD] if line.strip()]
    return any(FIELD_FOLLOWS.match(line) for line in below[:3])


def _attribution(lines: list[str], at: int) -> int:
    """Return how many lines say who wrote what follows: 0, or 1 to 3 where a client has wrapped it."""
    said = ""
    for length, line in enumerate(lines[at : at + _LONGEST_WRAP], 1):
        plain = line.strip()
        said = f"{said} {plain}".strip()
        if not plain or len(said) > _LONGEST_ATTRIBUTION:
            return 0
        if ATTRIBUTION.fullmatch(said):
            return length
        if length < _LONGEST_WRAP and at + length < len(lines) and ATTRIBUTION.fullmatch(lines[at + length].strip()):
            return 0  # the next line is one by itself
    return 0


def _unsigned(lines: list[str]) -> list[str]:
    """Return the lines without the signature at their end, a client's advertisement and a lawyer's paragraph."""
    kept: list[str] = []
    for line in lines:
        plain = line.strip()
        if DISCLAIMER.match(plain[:LONGEST_LINE]):
            break
        if MOBILE.fullmatch(_mark(line)):
            _drop_blank(kept)
            continue
        kept.append(line)
    said = next((at for at, line in enumerate(kept) if line.strip()), len(kept))
    if "--" in kept[said + 1 :]:  # `-- `, whose space was trimmed
        return kept[: kept.index("--", said + 1)]
    lowest = max(said + 1, len(kept) - _LONGEST_SIGNATURE_AREA)
    for at in range(lowest, len(kept)):
        if RULE.fullmatch(kept[at].strip()) and _is_signature(kept[at + 1 :]):
            return kept[:at]
    return kept


def _is_signature(lines: list[str]) -> bool:
    told = [line for line in lines if line.strip()]
    return len(told) <= _LONGEST_SIGNATURE and all(len(line) <= _LONGEST_SIGNATURE_LINE for line in told)


def _mark(line: str) -> str:
    """Return the line without the spaces around it, if it can be the mark of a mail program; else nothing."""
    plain = line.strip()
    return plain if len(plain) <= LONGEST_LINE else ""


def _drop_blank(lines: list[str]) -> None:
    while len(lines) > 1 and not lines[-1].strip() and not lines[-2].strip():
        lines.pop()


def _tidy(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

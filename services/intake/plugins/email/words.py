"""Header values as text: encoded words of RFC 2047 in any charset, raw bytes in any charset, and what clients get wrong."""

import re
import unicodedata
from typing import Final

from services.intake.plugins.email.charsets import codec_named, text_of
from services.intake.plugins.email.encodings import base64
from services.intake.plugins.email.fields import Parameter

_WORD: Final = re.compile(rb"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]*(?: [^?]*?)?)\?=")
_HEX: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_INVISIBLE: Final = frozenset("\u200b\u2060\ufeff\u00ad")
_DIRECTIONS: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
_SPACES: Final = re.compile(r"\s+")


def text(value: bytes, longest: int = 1_000) -> str:
    """Return a header's value as one clean line of at most `longest` characters.

    Neighbouring words of one charset are put together before they are decoded, since clients cut characters in two; the
    space between encoded words is none.
    """
    pieces: list[str] = []
    gathered, charset, at = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[at : match.start()]
        declared = match.group(1).partition(b"*")[0].decode("ascii", "replace")
        if between.strip() or not gathered or codec_named(declared) != codec_named(charset):
            pieces.append(text_of(gathered, charset))
            if between.strip() or at == 0:
                pieces.append(text_of(between))
            gathered, charset = b"", declared
        gathered += _content(match.group(2), match.group(3))
        at = match.end()
    pieces += [text_of(gathered, charset), text_of(value[at:])]
    return line("".join(pieces), longest)


def of_parameter(parameter: Parameter | None, longest: int = 1_000) -> str:
    """Return a parameter's text: by its own charset (RFC 2231), else as clients do it, with encoded words."""
    if parameter is None:
        return ""
    if parameter.charset:
        return line(text_of(parameter.value, parameter.charset), longest)
    return text(parameter.value, longest)


def line(written: str, longest: int) -> str:
    """Return `written` on one line, without control characters and marks that turn the direction of writing.

    Nothing that is made of it can begin another header.
    """
    plain = "".join(letter if _is_shown(letter) else " " if letter.isspace() else "" for letter in written)
    return _SPACES.sub(" ", plain).strip()[:longest].rstrip()


def without_controls(written: str) -> str:
    """Return a text of several lines without control characters and marks that turn the direction of writing."""
    return "".join(letter for letter in written if letter in "\n\t" or _is_shown(letter))


def _is_shown(letter: str) -> bool:
    if letter in _INVISIBLE or letter in _DIRECTIONS or letter in "\u2028\u2029":
        return False
    return unicodedata.category(letter) not in {"Cc", "Cs"}


def _content(encoding: bytes, written: bytes) -> bytes:
    if encoding in b"bB":
        return base64(written)
    return _HEX.sub(lambda match: bytes((int(match.group(1), 16),)), written.replace(b"_", b" "))

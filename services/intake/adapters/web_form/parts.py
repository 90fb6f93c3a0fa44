"""The parts of a form with files (RFC 7578), cut out at its boundary.

What a part holds is taken as it is and never looked into: a file may itself be a mail, a page with parts, or anything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from typing import Final

MOST_PARTS: Final = 100
LONGEST_HEAD: Final = 8_192
"""Bytes of what a part says of itself."""
LONGEST_BOUNDARY: Final = 70
_END: Final = b"--"
_LINE: Final = b"\r\n"


class PartsError(Exception):
    """The body is not a form with at most 100 named parts."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; `filename` is None where it is no file, empty where none was chosen."""

    name: str
    filename: str | None
    media_type: str
    content: bytes = field(repr=False)


def parts_of(content_type: str, body: bytes) -> Iterator[Part]:
    """Yield the parts of `body`; `PartsError` where it is none, is cut off, or has more than 100."""
    boundary = _LINE + b"--" + _boundary(content_type)
    _, *pieces = (_LINE + body).split(boundary, MOST_PARTS + 1)
    for piece in pieces:
        if piece.startswith(_END):
            return
        padding, line, rest = piece.partition(_LINE)
        head, blank, content = rest.partition(_LINE * 2)
        if padding.strip(b" \t") or not line or not blank or len(head) > LONGEST_HEAD:
            raise PartsError
        yield _part(head, content)
    raise PartsError


def _boundary(content_type: str) -> bytes:
    header = Message()
    header["Content-Type"] = content_type
    try:
        boundary = (header.get_boundary() or "").encode("latin-1")
    except ValueError:  # what is written there can be no parameter
        raise PartsError from None
    if not 0 < len(boundary) <= LONGEST_BOUNDARY:
        raise PartsError
    return boundary


def _part(head: bytes, content: bytes) -> Part:
    told = HeaderParser().parsestr(head.decode("utf-8", "replace"))
    try:
        name = told.get_param("name", header="content-disposition")
        filename = told.get_filename() if told.get_param("filename", header="content-disposition") is not None else None
    except ValueError:
        raise PartsError from None
    if not isinstance(name, str):
        raise PartsError
    return Part(name, filename, told.get_content_type(), content)

"""Transfer encodings undone, also where they are broken: what can be read is read, nothing is raised."""

import binascii
import quopri
import re
from typing import Final

_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=]+")
_ENDING: Final = re.compile(rb"=+")
_UU: Final = re.compile(rb"(?:^|\n)begin [0-7]{3,4} [^\n]*\n", re.IGNORECASE)


def decoded(body: bytes, encoding: bytes) -> bytes:
    """Return the content of a `body` whose Content-Transfer-Encoding is `encoding`; an unknown one is taken for none."""
    name = encoding.partition(b";")[0].strip().strip(b'"').lower()
    if name == b"base64":
        return base64(body)
    if name == b"quoted-printable":
        return quopri.decodestring(body)
    if name in {b"x-uuencode", b"uuencode", b"uue", b"x-uue"}:
        return _uudecoded(body)
    return body


def base64(text: bytes) -> bytes:
    """Return what base64 `text` stands for: foreign characters are passed over, a character too many is dropped.

    Text with padding in its midst (several encodings one after the other) is decoded piece by piece.
    """
    clean = _NOT_BASE64.sub(b"", text)
    return b"".join(_piece(piece) for piece in _ENDING.split(clean) if piece)


def _piece(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _uudecoded(body: bytes) -> bytes:
    begin = _UU.search(body)
    if begin is None:
        return body
    lines: list[bytes] = []
    for line in body[begin.end() :].splitlines():
        if line.strip().lower() == b"end":
            break
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:  # some encoders pad a line with what is not counted
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                lines.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(lines)

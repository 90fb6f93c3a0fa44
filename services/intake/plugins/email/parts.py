"""A mail taken apart for the bus: what is read stays, the bodies of its attachments are cut out to be stored (ADR 0040)."""

import base64 as standard_base64
import hashlib
import re
from typing import Final, NamedTuple

from services.intake.plugins.email import words
from services.intake.plugins.email.encodings import decoded
from services.intake.plugins.email.entities import NESTED, Entity, tree
from services.intake.plugins.email.fields import parameters
from services.intake.plugins.email.names import safe_name

RAW_LIMIT: Final = 600_000
"""Bytes of a raw mail without its attachments; in base64 it is 800 kB, which leaves room for the references."""
TEXT_LIMIT: Final = 150_000
"""Bytes of one text part that stay; a longer one is cut, and is an attachment besides."""
MOST_PARTS: Final = 100
"""Attachments of one mail; what follows stays in the last, the mail itself."""
STORED_TEXTS: Final = frozenset(
    f"text/{name}" for name in ("calendar", "csv", "rtf", "vcard", "x-vcard", "directory", "css", "javascript", "xml")
)
"""Types of text that are for programs; all others are read as plain text (RFC 2046, 4.1.4)."""
_LONGEST_ID: Final = 200
REPORTS: Final = frozenset(
    {
        "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
        "message/feedback-report", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
    }
)  # fmt: skip
_ID: Final = re.compile(rb"<\s*([^<>\s]{1,400})\s*>")


class Part(NamedTuple):
    """An attachment: its place in the tree, a safe name, the type it is declared as, its content undone."""

    number: str
    name: str
    media_type: str
    content: bytes
    inline: bool = False
    """True for a picture that the text shows."""


class TakenApart(NamedTuple):
    """A mail of at most `RAW_LIMIT` bytes whose attachments have no bodies any more, and the attachments."""

    raw: bytes
    parts: tuple[Part, ...]


def take_apart(content: bytes) -> TakenApart:
    """Return the mail in `content`, RFC 5322 with any faults, without the bodies of its attachments, and these.

    Pure and linear; never raises. Header fields and texts stay byte for byte, so that what is read of `raw` is what is read of the whole.
    A nested message is an attachment as a whole and stays readable, without its own attachments. A mail whose
    remains are too large is cut, and is an attachment itself (`mail.eml`), so that nothing is lost.
    """
    mail = canonical(content)
    cuts: list[tuple[int, int]] = []
    parts: list[Part] = []
    _collect(mail, tree(mail), cuts, parts, whole=True)
    raw = _without(mail, cuts)
    if len(parts) > MOST_PARTS or len(raw) > RAW_LIMIT:
        parts = [*parts[:MOST_PARTS], Part("0", "mail.eml", "message/rfc822", content)]
        raw = raw[:RAW_LIMIT]
    return TakenApart(raw, tuple(parts))


def canonical(content: bytes) -> bytes:
    """Return the mail with line feeds where it has carriage returns only, as some old programs write it."""
    return content.replace(b"\r", b"\n") if b"\r" in content and b"\n" not in content else content


def mail_id(raw: bytes) -> str:
    """Return what identifies a mail for ever, wherever it is fetched from: the id of its contact (R-IN-06).

    It is the Message-ID with a digest of sender and date behind it, since programs and forgers repeat
    Message-IDs; without one a digest of the header fields and the beginning of the body. Printable ASCII, up to 250
    characters. The same for the whole mail and for what `take_apart` leaves of it.
    """
    taken = take_apart(raw).raw
    mail = tree(taken)
    who = b"\n".join((mail.value("from"), mail.value("date")))
    match = _ID.search(mail.value("message-id"))
    if match is not None and (name := words.line(match.group(1).decode("ascii", "replace"), 400)):
        plain = name if name.isascii() and len(name) <= _LONGEST_ID else _digest(name.encode())
        return f"{plain}/{_digest(who)[:12]}"
    told = b"\n".join(
        (who, *(mail.value(name) for name in ("to", "subject", "message-id")), taken[mail.start :][:20_000])
    )
    return f"none/{_digest(told)[:40]}"


def is_attachment(part: Entity, *, first: bool = False) -> bool:
    """Return whether a leaf is stored rather than read; `first` is the part that a mail begins with."""
    if part.media_type in REPORTS or part.media_type.startswith("multipart/"):
        return False
    if not part.media_type.startswith("text/") or part.media_type in STORED_TEXTS:
        return True
    disposition, _ = parameters(part.value("content-disposition"))
    named = bool(file_name(part))
    return disposition == "attachment" or (named and not (first and disposition != "attachment"))


def file_name(part: Entity) -> str:
    """Return the name that the sender gave the part, as it is: from Content-Disposition, else Content-Type."""
    _, told = parameters(part.value("content-disposition"))
    for parameter in (told.get("filename"), part.declared.get("name")):
        if name := words.of_parameter(parameter, 2_000):
            return name
    return ""


def content_of(mail: bytes, part: Entity) -> bytes:
    """Return what the part holds, its transfer encoding undone."""
    return decoded(mail[part.start : part.end], part.value("content-transfer-encoding"))


def _collect(mail: bytes, part: Entity, cuts: list[tuple[int, int]], parts: list[Part], *, whole: bool) -> None:
    """Find what is to be cut out of `part`; where `whole`, what is cut is stored, else a message around it is."""
    report = part.media_type == "multipart/report"
    if part.media_type in NESTED and part.parts and whole:
        inner = part.parts[0]
        name = file_name(part) or f"{words.text(inner.value('subject'), 80) or 'message'}.eml"
        parts.append(_part(part, name, mail[part.start : part.end]))
        whole = False
    for child in part.parts:
        _collect(mail, child, cuts, parts, whole=whole and not report)
    if part.parts:
        return
    if is_attachment(part, first=part.number == "1"):
        if whole:
            parts.append(_part(part, file_name(part), content_of(mail, part)))
        cuts.append((part.start, part.end))  # an empty one as well: what is left is read as the whole was
    elif part.end - part.start > TEXT_LIMIT:
        if whole:
            parts.append(_part(part, file_name(part) or "text", content_of(mail, part)))
        cuts.append((_line_end(mail, part.start + TEXT_LIMIT), part.end))


def _part(part: Entity, name: str, content: bytes) -> Part:
    disposition, _ = parameters(part.value("content-disposition"))
    inline = disposition != "attachment" and bool(part.value("content-id")) and part.media_type.startswith("image/")
    return Part(part.number, safe_name(name, part.media_type, part.number), part.media_type, content, inline)


def _line_end(mail: bytes, at: int) -> int:
    found = mail.find(b"\n", at, at + 2_000)
    return at if found < 0 else found + 1


def _without(mail: bytes, cuts: list[tuple[int, int]]) -> bytes:
    kept: list[bytes] = []
    at = 0
    for since, until in sorted(cuts):
        kept.append(mail[at:since])
        at = max(at, until)
    return b"".join((*kept, mail[at:]))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def from_base64(written: str) -> bytes | None:
    """Return the bytes of a raw mail as it travels over the bus; None where it is not base64."""
    try:
        return standard_base64.b64decode(written, validate=True)
    except ValueError:
        return None

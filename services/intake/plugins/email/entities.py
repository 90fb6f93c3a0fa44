"""The tree of a MIME message, cut along its boundaries without copying; linear in its size, never raises."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.intake.plugins.email import fields
from services.intake.plugins.email.fields import Field, Parameter

DEEPEST: Final = 12
"""Levels; what lies deeper is one opaque part."""
MOST: Final = 300
"""Parts of one multipart; what follows belongs to the last."""
NESTED: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


@dataclass(frozen=True, slots=True)
class Entity:
    """One part: its number as IMAP counts (`1.2`), its type, its fields, where its body lies, and its own parts."""

    number: str
    media_type: str
    declared: dict[str, Parameter]
    """The parameters of its Content-Type."""
    fields: tuple[Field, ...]
    start: int
    """Where its body begins in the message."""
    end: int
    parts: tuple["Entity", ...] = ()

    def leaves(self) -> Iterator["Entity"]:
        """Yield every part without parts of its own, in their order; a nested message's, too."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    def value(self, name: str) -> bytes:
        """Return the first field of that name."""
        return fields.first(self.fields, name)


def tree(content: bytes) -> Entity:
    """Return the tree of the whole message in `content`."""
    return _entity(content, 0, len(content), "", 0, "text/plain")


def _entity(content: bytes, start: int, end: int, number: str, depth: int, unless_said: str) -> Entity:
    found, body = fields.split(content, start, end)
    main, declared = fields.parameters(fields.first(found, "content-type"))
    media_type = main if _TYPE.fullmatch(main) else unless_said
    parts: tuple[Entity, ...] = ()
    if depth < DEEPEST:
        prefix = f"{number}." if number else ""
        if media_type.startswith("multipart/") and (boundary := declared.get("boundary")) is not None:
            default = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
            spans = _spans(content, body, end, boundary.value.rstrip())
            parts = tuple(
                _entity(content, since, until, f"{prefix}{i}", depth + 1, default)
                for i, (since, until) in enumerate(spans, 1)
            )
        elif media_type in NESTED and not _is_encoded(found):
            parts = (_entity(content, body, end, f"{prefix}1", depth + 1, "text/plain"),)
    if media_type.startswith("multipart/") and not parts:
        media_type = "text/plain"  # RFC 2046 5.2.6: a multipart without its boundaries is what can be read of it
    return Entity(number or "1", media_type, declared, found, body, end, parts)


def _spans(content: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
    """Return from where to where the parts lie; what is never closed ends with its parent."""
    if not boundary:
        return []
    line = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\r|\Z)")
    spans: list[tuple[int, int]] = []
    since: int | None = None
    # `\A` matches at the start of the whole text only, so a body that begins with a boundary is looked at one byte
    # earlier: there is the line feed that ended the header.
    for match in line.finditer(content, max(start - 1, 0), end):
        if since is not None:
            spans.append((since, _without_break(content, since, match.start())))
        since = None if match.group(1) else match.end()
        if since is None or len(spans) >= MOST:
            break
    if since is not None and since < end:
        spans.append((since, end))
    return spans


def _without_break(content: bytes, since: int, until: int) -> int:
    """Return `until` without the line break that belongs to the boundary."""
    if until > since and content[until - 1 : until] == b"\n":
        until -= 1
    if until > since and content[until - 1 : until] == b"\r":
        until -= 1
    return until


def _is_encoded(found: tuple[Field, ...]) -> bool:
    return fields.first(found, "content-transfer-encoding").strip().lower() in {b"base64", b"quoted-printable"}

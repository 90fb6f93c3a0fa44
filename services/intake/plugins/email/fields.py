"""Header fields of RFC 5322 as bytes: found, unfolded, with their parameters; whatever the bytes, nothing is raised."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

_LINE: Final = re.compile(rb"[^\n]*(?:\n|\Z)")
_FIELD: Final = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:[ \t]*(.*)", re.DOTALL)
_FOLD: Final = re.compile(rb"[\r\n\x00]+")
_PARAMETER: Final = re.compile(
    rb';\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.DOTALL
)  # an unclosed quotation ends with the value
_PIECE: Final = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_KNOWN: Final = re.compile(
    rb"(?:received|from|to|cc|subject|date|message-id|delivered-to|return-path|reply-to|mime-version|content-[a-z-]+"
    rb"|in-reply-to|references|x-[a-z-]+)[ \t]*:|[ \t]+<[^<>\s]+@[^<>\s]+>",
    re.IGNORECASE,
)
_MBOX: Final = (b"From ", b">From ")
MOST_FIELDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: its name in small letters, its value on one line without the spaces around it."""

    name: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter's value in the charset it declares (RFC 2231); empty where it declares none."""

    value: bytes
    charset: str = ""


def split(content: bytes, start: int, end: int) -> tuple[tuple[Field, ...], int]:
    """Return the header fields from `start` on and where the body begins; what comes before a blank line counts.

    A line that is no field ends the header, and belongs to the body; mbox's `From ` line is passed over.
    """
    found: list[tuple[str, list[bytes]]] = []
    at = start
    while at < end:
        match = _LINE.match(content, at, end)
        line = match.group() if match else b""
        if not line.strip(b"\r\n"):
            at += len(line)
            break
        if line[:1] in b" \t" and found:
            found[-1][1].append(line)
        elif (parts := _FIELD.match(line)) is not None:
            found.append((parts.group(1).decode("ascii").lower(), [parts.group(2)]))
        elif not _is_astray(content, at + len(line), end) and not (at == start and line.startswith(_MBOX)):
            break
        at += len(line)
        if not line:
            break
    fields = tuple(Field(name, _one_line(b"".join(lines))) for name, lines in found[:MOST_FIELDS])
    return fields, at


def _is_astray(content: bytes, at: int, end: int) -> bool:
    """Return whether a line of nothing stands among fields: a well-known one, or its continuation, follows."""
    following = _LINE.match(content, at, end)
    return following is not None and _KNOWN.match(following.group()) is not None


def first(fields: tuple[Field, ...], name: str) -> bytes:
    """Return the first field's value of that name, empty where there is none."""
    return next((field.value for field in fields if field.name == name), b"")


def every(fields: tuple[Field, ...], name: str) -> tuple[bytes, ...]:
    """Return the values of all fields of that name, in their order."""
    return tuple(field.value for field in fields if field.name == name)


def parameters(value: bytes) -> tuple[str, dict[str, Parameter]]:
    """Return the value before the first semicolon in small letters, and its parameters by their names.

    Continuations (`name*0*=`) are put together, percent signs are undone where RFC 2231 says so. The first of two counts.
    """
    main = value.partition(b";")[0].strip().lower().decode("ascii", "replace")
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        written = match.group(1).decode("ascii", "replace").lower()
        quoted = match.group(2)
        text = re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else match.group(3).strip()
        name, number, percent = _named(written)
        pieces.setdefault(name, {}).setdefault(number, (text, percent))
    return main, {name: _joined(parts) for name, parts in pieces.items()}


def _named(written: str) -> tuple[str, int, bool]:
    match = _PIECE.fullmatch(written)
    if match is None:
        return written, 0, False
    return match.group(1), int(match.group(2) or 0), bool(match.group(3))


def _joined(parts: dict[int, tuple[bytes, bool]]) -> Parameter:
    charset, value = "", b""
    for number in sorted(parts):
        text, percent = parts[number]
        if percent and number == 0 and text.count(b"'") > 1:
            declared, _, text = text.split(b"'", 2)
            charset = declared.decode("ascii", "replace")
        value += unquote_to_bytes(text) if percent else text
    return Parameter(value, charset)


def _one_line(value: bytes) -> bytes:
    return _FOLD.sub(b"", value.rstrip(b"\r\n")).strip() if b"\n" in value else value.strip(b" \t\r\0")

"""The type of a file by its content: what the sender says is only heard where the content leaves it open."""

import io
import re
import zipfile
from collections.abc import Sequence
from mimetypes import guess_type
from typing import Final

from shared.attachments.names import suffix_of
from shared.attachments.programs import active, is_program

UNKNOWN: Final = "application/octet-stream"
_ALIASES: Final = {
    "application/x-gzip": "application/gzip",
    "application/x-pdf": "application/pdf",
    "application/x-rar-compressed": "application/vnd.rar",
    "application/x-zip-compressed": "application/zip",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "text/rtf": "application/rtf",
    "text/x-vcard": "text/vcard",
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument."
_IN_ZIP: Final = (
    ("word/", f"{_OFFICE}wordprocessingml.document"),
    ("xl/", f"{_OFFICE}spreadsheetml.sheet"),
    ("ppt/", f"{_OFFICE}presentationml.presentation"),
    ("OFD.xml", "application/ofd"),
)
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_IN_OLE: Final = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
}
_TEXTS: Final = {".csv": "text/csv", ".ics": "text/calendar", ".vcf": "text/vcard", ".eml": "message/rfc822"}
_TEXT_STARTS: Final = (
    (b"{\\rtf", "application/rtf"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
)
_STARTS: Final = ((b"#!AMR", "audio/amr"), (b"#!SILK", "audio/silk"), (b"\x02#!SILK", "audio/silk"))
"""Voice messages, which puremagic does not know by their media types."""
_BEFORE_PDF: Final = 1_024
"""So much may stand before the header of a PDF."""
_HEADER_FIELD: Final = re.compile(rb"\A(?:From [^\n]*\n)?[!-9;-~]{1,76}:[ \t]?[^\n]*\r?\n")
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LOOKED_AT: Final = 65_536
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


def media_type_of(name: str, declared: str, content: bytes) -> str:
    """Return the media type of `content`; `name` and `declared` decide only between what it may be."""
    said = plain(declared)
    start = next((found for start, found in _STARTS if content.startswith(start)), None)
    if start is not None:
        return start
    if content.startswith(b"PK\x03\x04"):
        return _in_zip(content)
    if content.startswith(_OLE):
        return _IN_OLE.get(suffix_of(name), said if said in _IN_OLE.values() else "application/x-ole-storage")
    if b"%PDF-" in content[:_BEFORE_PDF]:
        return "application/pdf"
    return _text(name, said, content) if _is_text(content) else _by_magic(name, said, content)


def can_run(name: str, content: bytes) -> bool:
    """Return whether a computer might run the file, or a browser or office program something in it."""
    return is_program(name, content) or active(content)


def plain(media_type: str) -> str:
    """Return a media type without parameters, in lower case, under its usual name; unknown where it is none."""
    found = media_type.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,100}", found):
        return UNKNOWN
    return _ALIASES.get(found, found)


def allowed(media_type: str, patterns: Sequence[str]) -> bool:
    """Return whether one of `patterns` names the type; `*` at the end stands for any rest."""
    return any(
        media_type.startswith(pattern[:-1]) if pattern.endswith("*") else media_type == pattern for pattern in patterns
    )


def _in_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if names and names[0] == "mimetype" and archive.getinfo("mimetype").file_size < _LOOKED_AT:
                said = plain(archive.read("mimetype").decode("ascii", "replace"))
                return said if said.startswith(_OPEN_DOCUMENT) or said == "application/epub+zip" else "application/zip"
    except Exception:  # noqa: BLE001 (zipfile raises what it likes over a damaged archive; kept as an archive)
        return "application/zip"
    office = "[Content_Types].xml" in names
    for start, found in _IN_ZIP:
        if any(name.startswith(start) for name in names) and (office or start == "OFD.xml"):
            return found
    return "application/zip"


def _is_text(content: bytes) -> bool:
    head = content[:_LOOKED_AT]
    if head.startswith(_BOMS):
        return b"\x00\x00" not in head
    if _CONTROLS.search(head):
        return False
    for charset in ("utf-8", "gb18030"):
        try:
            head.decode(charset)
        except UnicodeDecodeError as error:
            if error.start >= len(head) - 4 and len(head) < len(content):
                return True  # only the last character is cut
        else:
            return True
    return False


def _text(name: str, declared: str, content: bytes) -> str:
    if active(content):
        return "text/html"
    start = content[:_LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n")
    for prefix, found in _TEXT_STARTS:
        if start.startswith(prefix):
            return found
    said = _TEXTS.get(suffix_of(name), declared)
    if said == "message/rfc822":
        return said if _HEADER_FIELD.match(start) else "text/plain"
    return said if said in {"text/csv", "text/markdown", "text/xml", "application/json"} else "text/plain"


def _by_magic(name: str, declared: str, content: bytes) -> str:
    import puremagic  # noqa: PLC0415 (only who keeps attachments needs it)

    try:
        matches = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    found = [plain(match.mime_type) for match in matches if match.mime_type]
    for said in (plain(guess_type(f"file{suffix_of(name)}")[0] or ""), declared):
        if said in found:
            return said
    return next((one for one in found if one != UNKNOWN), UNKNOWN)

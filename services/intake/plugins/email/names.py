"""Names of attachments that can be written to any disk and shown to anybody: no path, no trick, an ending, not too long."""

import mimetypes
import re
from typing import Final

from services.intake.plugins.email import words

LONGEST: Final = 120
"""Characters; with four bytes each still too long for no file system but in its ending."""
_MOST_BYTES: Final = 200
_UNSAFE: Final = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_RESERVED: Final = re.compile(r"(?i:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])")
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,10}")
_ENDINGS: Final = {
    "message/rfc822": ".eml", "message/global": ".eml", "image/jpeg": ".jpg", "text/plain": ".txt", "text/html": ".html",
    "application/ms-tnef": ".dat", "application/octet-stream": ".bin", "audio/amr": ".amr",
}  # fmt: skip


def safe_name(written: str, media_type: str, number: str = "1") -> str:
    """Return a name for a file that somebody called `written`; `part-<number>` with the type's ending where nothing is left.

    Holds afterwards: no separator, no control or direction mark, no leading or trailing dot or space, no name that
    Windows reserves, at most 120 characters and 200 bytes of UTF-8 with the ending kept.
    """
    last = re.split(r"[/\\]", words.line(written, 4 * LONGEST + len(written)))[-1]
    plain = _UNSAFE.sub("_", last).strip(" .")
    if not plain.strip("_"):
        plain = f"part-{number}{ending_of(media_type)}"
    stem, ending = _parted(plain)
    if _RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"_{stem}"
    stem = stem[: LONGEST - len(ending)]
    while len((stem + ending).encode("utf-8", "replace")) > _MOST_BYTES:
        stem = stem[:-1]
    return f"{stem.rstrip(' .') or '_'}{ending}"


def ending_of(media_type: str) -> str:
    """Return the usual ending of a type, `.bin` for an unknown one."""
    return _ENDINGS.get(media_type) or mimetypes.guess_extension(media_type, strict=False) or ".bin"


def kind_of(media_type: str) -> str:
    """Return the kind of an attachment for people: `image`, `audio`, `video`, `message`, `archive` or `document`."""
    main, _, sub = media_type.partition("/")
    if main in {"image", "audio", "video", "message"}:
        return main
    if any(word in sub for word in ("zip", "rar", "7z", "compressed", "tar", "gzip")):
        return "archive"
    return "document"


def _parted(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    if dot and stem and _ENDING.fullmatch(f".{ending}"):
        return stem, f".{ending}"
    return name, ""

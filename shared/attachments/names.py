"""Names of files as they come from outside, made harmless on every system that may ever write them."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 120
LONGEST_BYTES: Final = 200
"""File systems take 255; a copy may get a number."""
_SEPARATORS: Final = re.compile(r"[/\\]")
_UNSAFE: Final = re.compile(r'[<>:"|?*]')
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,12}\Z")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?\Z", re.IGNORECASE)
_BLANK: Final = "attachment"


def safe_name(name: str) -> str:
    """Return `name` without a path, without what is invisible or turns the reading direction, and not too long.

    The suffix stays. A name of which nothing is left is `attachment`.
    """
    seen = "".join(char for char in unicodedata.normalize("NFC", name) if _visible(char))
    last = _SEPARATORS.split(seen.strip())[-1]
    tidy = _UNSAFE.sub("_", " ".join(last.split())).strip(". ")
    tidy = _shortened(tidy) or _BLANK
    return f"_{tidy}" if _RESERVED.match(tidy) else tidy


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name in lower case with its dot, empty where it has none."""
    found = _SUFFIX.search(safe_name(name))
    return found.group().lower() if found else ""


def _visible(char: str) -> bool:
    """Return whether a character shows; of the spaces, only those that do not break the line count."""
    kind = unicodedata.category(char)
    return kind[0] != "C" and kind not in {"Zl", "Zp"}


def _shortened(name: str) -> str:
    found = _SUFFIX.search(name)
    suffix = found.group() if found else ""
    stem = name.removesuffix(suffix)[: LONGEST - len(suffix)]
    room = LONGEST_BYTES - len(suffix)
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix

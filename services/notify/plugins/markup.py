"""Texts for group bots: nothing in them is markup or calls people, and they end within a limit."""

import re
from typing import Final

ELLIPSIS: Final = "…"
_WIDE: Final = str.maketrans({mark: chr(ord(mark) + 0xFEE0) for mark in "*_`[]#>~|\\<!@"})
"""Each mark and the wide character that looks like it and means nothing."""
_TAGS: Final = str.maketrans({"<": "＜", ">": "＞"})
_EVERYBODY: Final = re.compile(r"@(?=\s*(?:all|everyone|here|所有人|全体))", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but the line feed, and what turns the direction of writing or hides itself."""


def plain(text: str) -> str:
    """Return `text` without tags, without what calls everybody, and without characters that cannot be seen."""
    return _EVERYBODY.sub("＠", _CONTROL.sub(" ", text.replace("\r\n", "\n"))).translate(_TAGS)


def no_markdown(text: str) -> str:
    """Return `text` so that it says the same in Markdown: its marks are wide ones; links are no links any more."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n")).translate(_WIDE)


def shortened(text: str, most: int) -> str:
    """Return `text` in at most `most` bytes of UTF-8; one that is cut ends with an ellipsis."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most:
        return data.decode()
    kept = data[: most - len(ELLIPSIS.encode())].decode("utf-8", "ignore").rstrip()
    return kept + ELLIPSIS

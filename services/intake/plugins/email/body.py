"""The text of a mail: the parts that a reader would see, chosen from its tree, as plain text and as safe HTML."""

from dataclasses import dataclass
from typing import Final

from services.intake.plugins.email.charsets import text_of
from services.intake.plugins.email.entities import NESTED, Entity
from services.intake.plugins.email.html_text import html_to_text, safe_html
from services.intake.plugins.email.parts import REPORTS, content_of, is_attachment
from services.intake.plugins.email.words import without_controls

LONGEST: Final = 40_000
"""Characters of the whole text that are kept."""
LONGEST_HTML: Final = 60_000
_MOST_BYTES: Final = 200_000
_SHORT: Final = 0.3


@dataclass(frozen=True, slots=True)
class Body:
    """What a mail says; `html` is safe to show, and empty where there was none or it would be too long."""

    text: str = ""
    html: str = ""


def body_of(mail: bytes, whole: Entity) -> Body:
    """Return the body of `whole`; a nested message counts only where the mail says nothing itself."""
    texts, htmls = _read(mail, whole, nested=False)
    if not any(text.strip() for text in texts):
        texts, htmls = _read(mail, whole, nested=True)
    text = without_controls("\n\n".join(one.strip("\n") for one in texts if one.strip()))
    html = "\n".join(htmls)
    return Body(text[:LONGEST], html if len(html) <= LONGEST_HTML else "")


def _read(mail: bytes, part: Entity, *, nested: bool) -> tuple[list[str], list[str]]:
    """Return the texts of `part` and the safe HTML that they come from."""
    if part.media_type in NESTED and part.parts:
        return _read(mail, part.parts[0], nested=nested) if nested else ([], [])
    if part.media_type == "multipart/alternative":
        return _best([_read(mail, child, nested=nested) for child in part.parts])
    if part.parts:
        texts: list[str] = []
        htmls: list[str] = []
        for child in part.parts:
            more, shown = _read(mail, child, nested=nested)
            texts += more
            htmls += shown
        return texts, htmls
    if (
        part.media_type in REPORTS
        or not part.media_type.startswith("text/")
        or is_attachment(part, first=part.number == "1")
    ):
        return [], []
    return _of_text(mail, part)


def _of_text(mail: bytes, part: Entity) -> tuple[list[str], list[str]]:
    content = content_of(mail, part)[:_MOST_BYTES]
    charset = part.declared.get("charset")
    text = text_of(content, charset.value.decode("ascii", "replace") if charset else "").replace("\r\n", "\n")
    text = text.replace("\r", "\n")
    if part.media_type == "text/html":
        return [html_to_text(text)], [safe_html(text)]
    flowed = part.declared.get("format")
    if flowed is not None and flowed.value.lower() == b"flowed":
        delete = part.declared.get("delsp")
        text = _unflowed(text, delete_space=delete is not None and delete.value.lower() == b"yes")
    return [text], []


def _best(versions: list[tuple[list[str], list[str]]]) -> tuple[list[str], list[str]]:
    """Return the plain version, unless it says much less than the HTML (`please use a client that shows HTML`)."""
    told = [(sum(len(text.strip()) for text in texts), texts, htmls) for texts, htmls in versions]
    if not told:
        return [], []
    most = max(length for length, _, _ in told)
    htmls = next((shown for _, _, shown in told if shown), [])
    texts = next(texts for length, texts, _ in told if length >= most * _SHORT)
    return texts, htmls


def _unflowed(text: str, *, delete_space: bool) -> str:
    """Return the paragraphs of a text whose lines end with a space where they go on (RFC 3676)."""
    lines: list[str] = []
    flowing = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        plain = line.removeprefix(" ")
        if flowing and not quoted and lines:
            lines[-1] += plain
        else:
            lines.append(plain)
        flowing = plain.endswith(" ") and plain != "-- " and not quoted
        if flowing and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)

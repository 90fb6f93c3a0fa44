"""Strangers' words made harmless: no control characters, no line breaks, no links (R-NT-03)."""

import re
import unicodedata

_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,10}://|www\.)[^\s，。；！？“”、]+"  # with a scheme
    r"|[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?![a-z])(?:/[^\s，。；！？“”、]*)?"  # or a bare host
    r"|\S+@\S+"
    r"|\+?\d[\d\s-]{5,}\d",  # a number to call
    re.IGNORECASE | re.ASCII,
)
_SALUTATION = re.compile(
    r"^(?:(?:尊敬的|亲爱的)[^，,：:！!。]{0,16}[，,：:！!]\s*"
    r"|(?:[^\s，,：:！!。]{0,8}[，,]?)?[您你]好[呀啊]?(?:[，,：:！!~\s]+|$)"
    r"|在吗[？?，,\s]*|喂[，,！!\s]+"
    r"|(?:hello|hi|dear\s[^,:!]{1,40}|good\s(?:morning|afternoon|evening|day))(?:[,:!\s]+|$))+",
    re.IGNORECASE,
)
_BOTH = re.compile(r"(?P<zh>[^()A-Za-z]*[\u4e00-\u9fff]) \((?P<en>[a-z]+(?:,? [a-z]+){2,})\)")
_MARKS = " ,，、：:\"'“”"
_SENTENCE_END = re.compile(r"[。！？!?；;\n]|\.\s")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """Return `text` on one line: control, direction and other hidden characters gone, white space collapsed."""
    if text.isprintable():  # nothing hidden, and no white space but blanks: most texts by far
        return " ".join(text.split())
    visible = (" " if mark.isspace() else "" if unicodedata.category(mark) in _HIDDEN else mark for mark in text)
    return " ".join("".join(visible).split())


def shorten(text: str, limit: int) -> str:
    """Return `text` with at most `limit` characters, an ellipsis in the place of what was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip(" ,，、。.") + "…"


def shorten_to_sentence(text: str, limit: int) -> str:
    """Return `text` with at most `limit` characters, cut after a sentence if that leaves half of them; see `shorten`."""
    if len(text) <= limit:
        return text
    ends = [end for found in _SENTENCE_END.finditer(text[:limit]) if (end := found.start()) >= limit // 2]
    return shorten(text, ends[-1] + 1) if ends else shorten(text, limit)


def excerpt(text: str, limit: int) -> str:
    """Return the first sentence of a customer's own words after the salutation, to be quoted back; empty for none.

    Whoever writes to us chooses the address that our answer goes to, so links, addresses and numbers to call are
    left out: nobody can have us send those to a third person.
    """
    sentences = (ungreeted(plain(one)) for one in _SENTENCE_END.split(text.strip()))
    first = next((one for one in sentences if one.strip(_MARKS)), "")
    return shorten(plain(_LINK.sub("…", first)).strip(_MARKS).rstrip("."), limit)


def ungreeted(text: str) -> str:
    """Return `text` without the salutation that it begins with; empty where it is nothing else."""
    return _SALUTATION.sub("", text)


def in_language(text: str, language: str) -> str:
    """Return the half in `language` of a reason that the system gives in both, as `客户不满意 (the customer is …)`.

    What people write is returned as it stands.
    """
    both = _BOTH.fullmatch(text)
    return text if both is None else both["zh" if language == "zh" else "en"]

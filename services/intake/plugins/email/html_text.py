"""HTML as text that a person reads, and as HTML that is safe to show; nothing in it is run, nothing is fetched.

A browser's parser (nh3) mends it and drops scripts and styles first, so that what follows sees well-formed HTML only.
"""

import re
from html.parser import HTMLParser
from typing import Final

import nh3

LONGEST: Final = 400_000
"""Characters of mended HTML that are read; faulty nesting can make it many times as long as it was."""
_DROPPED: Final = {
    "script",
    "style",
    "title",
    "noscript",
    "template",
    "object",
    "iframe",
    "svg",
    "math",
    "select",
    "textarea",
}
_BLOCKS: Final = frozenset(
    {
        "p", "div", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "br",
        "section", "article", "header", "footer", "center", "dl", "dt", "dd", "address", "fieldset", "caption",
    }
)  # fmt: skip
_VOID: Final = frozenset({"br", "hr", "img"})
_INLINE: Final = frozenset(
    {"a", "b", "strong", "i", "em", "u", "s", "span", "font", "td", "th", "tbody", "thead", "img"}
)
_SHOWN: Final = (_BLOCKS | _INLINE) - {"font", "center", "section", "article", "header", "footer", "fieldset", "img"}
_HIDDEN: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|mso-hide\s*:\s*all|max-height\s*:\s*0(?![.\d]*[1-9])|text-indent\s*:\s*-\d{4}",
    re.IGNORECASE,
)
_QUOTES: Final = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite|protonmail_quote|ntes-mailmaster-quote|ntes-pcmail-quote|isreplycontent"
    r"|netease_mail_quote|zmail_extra|tutanota_quote|mail-quote-collapse|qqmail_quote|xm_mail_oringinal_describe|origbody",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]*)")
DEEPEST: Final = 300
"""Elements within elements; what opens more is passed over, since mending costs the square of it."""
_SPACE: Final = re.compile(r"[ \t\r\n\f\xa0]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


def html_to_text(html: str) -> str:
    """Return what a reader of `html` sees, in lines; hidden text is left out, quotations begin with `> `.

    A link is `words <address>` where the words do not name the address themselves.
    """
    reader = _Reader()
    attributes = {"*": {"style", "hidden", "class", "id", "type", "name"}, "a": {"href"}, "img": {"alt"}}
    mended = nh3.clean(
        _shallow(html),
        tags=_BLOCKS | _INLINE,
        clean_content_tags=_DROPPED,
        attributes=attributes,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    reader.feed(mended[:LONGEST])
    reader.close()
    return reader.text()


def safe_html(html: str) -> str:
    """Return `html` with structure and links only: no script, style, form, picture, no attribute but an address."""
    return nh3.clean(
        _shallow(html),
        tags=_SHOWN,
        clean_content_tags=_DROPPED,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )


def _shallow(html: str) -> str:
    """Return `html` with no more open elements than 300, where it is of the kind that has more."""
    if html.count("<") - 2 * html.count("</") <= DEEPEST:
        return html
    depth = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal depth
        if match.group(1):
            depth = max(0, depth - 1)
        elif match.group(2).lower() not in _VOID and (depth := depth + 1) > DEEPEST:
            depth = DEEPEST
            return "<br "
        return match.group()

    return _TAG.sub(kept, html)


class _Reader(HTMLParser):
    """Gathers the lines of mended HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._hidden = 0
        self._quoted = 0
        self._open: list[tuple[str, bool, bool]] = []
        self._links: list[tuple[str, int]] = []
        self._preserved = 0

    def text(self) -> str:
        self._break()
        return _EMPTY_LINES.sub("\n\n", "\n".join(self._lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        hidden = "hidden" in values or bool(_HIDDEN.search(values.get("style") or ""))
        marks = " ".join(values.get(name) or "" for name in ("class", "id", "name"))
        quoted = tag not in _VOID and (tag == "blockquote" or bool(_QUOTES.search(marks)))
        if (tag in _BLOCKS and tag != "br") or quoted:
            self._break(paragraph=tag in {"p", "h1", "h2", "h3", "table", "ul", "ol"})
        if tag in _VOID:
            self._void(tag, values, hidden=hidden)
            return
        self._open.append((tag, hidden, quoted))
        self._hidden += hidden
        self._quoted += quoted
        self._preserved += tag == "pre"
        if tag == "li":
            self._line += "- "
        elif tag in {"td", "th"} and self._line.strip():
            self._line = f"{self._line.rstrip()} \t"
        elif tag == "a":
            self._links.append((values.get("href") or "", len(self._line)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or tag in _VOID:
            return
        name, hidden, quoted = self._open.pop()
        if name == "a" and self._links:
            self._link(*self._links.pop())
        if name in _BLOCKS or quoted:
            self._break(paragraph=name in {"p", "table"})
        self._hidden -= hidden
        self._quoted -= quoted
        self._preserved -= name == "pre"

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._preserved:
            first, *more = data.split("\n")
            self._line += first
            for line in more:
                self._break()
                self._line = line
            return
        words = _SPACE.sub(" ", data)
        self._line += words.lstrip() if not self._line or self._line.endswith((" ", "\t")) else words

    def _void(self, tag: str, values: dict[str, str | None], *, hidden: bool) -> None:
        if tag == "img" and not hidden and not self._hidden and (alt := (values.get("alt") or "").strip()):
            self._line += f"[{alt[:100]}]"
        elif tag == "br":
            self._break(even_empty=True)
        elif tag == "hr" and not self._hidden:
            self._line = "-" * 10
            self._break()

    def _link(self, address: str, since: int) -> None:
        words = self._line[since:].strip()
        plain = address.removeprefix("mailto:").removeprefix("tel:").strip()
        if plain and not self._hidden and words and plain.rstrip("/") not in words and words not in plain:
            self._line += f" <{plain[:500]}>"

    def _break(self, *, paragraph: bool = False, even_empty: bool = False) -> None:
        line = self._line.rstrip()
        marks = "> " * min(self._quoted, 5)
        if line or even_empty:
            self._lines.append(f"{marks}{line}".rstrip() if not line else f"{marks}{line}")
        if paragraph and self._lines and self._lines[-1].strip("> "):
            self._lines.append(marks.rstrip())
        self._line = ""
        self._links = [(address, 0) for address, _ in self._links]

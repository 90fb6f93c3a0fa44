"""The XML of a push from WeChat or WeCom, read without anything that makes XML dangerous.

    <xml><ToUserName><![CDATA[gh_1]]></ToUserName><MsgType><![CDATA[text]]></MsgType>…</xml>

A document type is refused, and with it every entity, what it includes and what it expands to; so is what is long, deep
or says something twice.
"""

from collections.abc import Mapping
from typing import Any, Final, NoReturn
from xml.parsers import expat

LONGEST: Final = 262_144
"""Bytes; the longest push that WeChat documents, a text of 2,048 bytes, has some 3,000."""
DEEPEST: Final = 8
MOST_ELEMENTS: Final = 1_000


class PushXmlError(Exception):
    """The push is not the XML that the vendor documents."""

    def __init__(self, why: str | None = None) -> None:
        super().__init__(why or self.__doc__)


def read_push(text: str) -> Mapping[str, str]:
    """Return the text of each element directly under the root, by its name; `PushXmlError` for anything else.

    What is nested deeper is left out: only events have such, and it stays in the raw form.
    """
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > LONGEST:
        raise PushXmlError("the push is too long")
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError:
        raise PushXmlError from None
    return reader.found


class _Reader:
    """Collects what stands directly under the root."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._open: list[str] = []
        self._elements = 0
        # the encoding that is given here counts, whatever the document says of itself
        self.parser: Any = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse
        self.parser.ExternalEntityRefHandler = _refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._open.append(name)
        if self._elements > MOST_ELEMENTS or len(self._open) > DEEPEST:
            raise PushXmlError("the push has too many elements")
        if len(self._open) == _FIELD:
            if name in self.found:
                raise PushXmlError("the push names a field twice")
            self.found[name] = ""

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if len(self._open) == _FIELD:
            self.found[self._open[-1]] += text


_FIELD: Final = 2
"""The depth at which the fields stand."""


def _refuse(*_: Any) -> NoReturn:
    raise PushXmlError("the push declares a document type")

"""Text from bytes whose charset is declared wrong or not at all: what the bytes themselves say decides.

A declaration is evidence, not truth: clients write GB2312 and mean GB18030, write ISO-8859-1 around UTF-8, or a name that
nobody knows. What is valid UTF-8 with characters beyond ASCII is that, whatever it is declared as. All else is tried in
the declared charset and in those of the neighbours, and read as whatever looks most like a language.
"""

import codecs
import re
from typing import Final

from services.intake.plugins.email.likelihood import likelihood

_SUPERSETS: Final = {
    "gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "hz": "hz",
    "big5": "big5hkscs", "cp950": "big5hkscs",
    "shift_jis": "cp932", "euc_kr": "cp949", "johab": "johab",
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis_620": "cp874",
    "iso2022_jp": "iso2022_jp_ext", "iso2022_jp_1": "iso2022_jp_ext", "iso2022_jp_2": "iso2022_jp_2",
}  # fmt: skip
_NAMES: Final = {
    "x-gbk": "gb18030", "gb2312-80": "gb18030", "gb_2312-80": "gb18030", "gb_2312": "gb18030", "euc-cn": "gb18030",
    "gb1830": "gb18030", "gb-18030": "gb18030", "gb18030-2000": "gb18030", "gb18030-2022": "gb18030",
    "ms936": "gb18030", "windows-936": "gb18030", "chinese": "gb18030", "simplified chinese": "gb18030",
    "x-euc-cn": "gb18030", "cn-gb": "gb18030", "gb": "gb18030", "hz-gb-2312": "hz", "x-x-big5": "big5hkscs",
    "big5-eten": "big5hkscs", "cn-big5": "big5hkscs", "x-big5": "big5hkscs", "windows-950": "big5hkscs",
    "x-sjis": "cp932", "windows-31j": "cp932", "x-euc-jp": "euc_jp", "ks_c_5601-1987": "cp949", "x-windows-949": "cp949",
    "windows-949": "cp949", "unicode-1-1-utf-7": "utf_7", "unicode-1-1-utf-8": "utf_8", "x-mac-roman": "mac_roman",
    "x-user-defined": "cp1252", "utf8mb4": "utf_8", "iso-8859-8-i": "iso8859_8", "unicode": "utf_8",
}  # fmt: skip
_NEIGHBOURS: Final = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252", "cp1251", "koi8_r")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf_8_sig"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_JAPANESE: Final = re.compile(rb"\x1b\$[@B]|\x1b\([IJ]|\x1b\$\([DQ]")
_KOREAN: Final = re.compile(rb"\x1b\$\)C")
_HZ: Final = re.compile(rb"~\{[\x21-\x7e]{2,}")
_SAMPLE: Final = 6_000
_SURE: Final = 0.35
_DECLARED_COUNTS: Final = 0.3
_FEW: Final = 3
_LONGEST_NAME: Final = 60
"""Characters; Python remembers every name that it was asked for."""
_FIRST_LEAD: Final = 0xC0
_WIDE: Final = frozenset({"utf_16", "utf_16_le", "utf_16_be", "utf_32"})


def text_of(content: bytes, declared: str = "") -> str:
    """Return the text in `content`, whose declared charset may be anything; never raises, without NUL."""
    if not content:
        return ""
    return _decoded(content, charset_of(content, declared)).replace("\0", "").removeprefix("\ufeff")


def charset_of(content: bytes, declared: str = "") -> str:
    """Return the name of the Python codec that reads `content` best."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    named = codec_named(declared)
    if content.isascii():
        return _of_seven_bits(content, named)
    if named in _WIDE and b"\0" in content[:_SAMPLE]:
        return named
    return _of_eight_bits(content, named)


def _of_eight_bits(content: bytes, named: str) -> str:
    sample = _sample(content)
    if _is_utf_8(content):
        beyond = sum(byte >= _FIRST_LEAD for byte in sample)
        if named in {"", "utf_8"} or beyond >= _FEW:
            return "utf_8"
        if likelihood(_decoded(sample, "utf_8")) >= likelihood(_decoded(sample, named)):
            return "utf_8"
    if named not in {"", "cp1252"} and likelihood(_decoded(sample, named)) >= _SURE:
        return named
    return _most_likely(sample, named)


def codec_named(declared: str) -> str:
    """Return the codec for a declared charset, the larger one that its users mean; empty for an unknown name."""
    name = declared.strip().strip("\"'").strip().lower().removeprefix("charset=")
    if name in _NAMES:
        return _NAMES[name]
    if len(name) > _LONGEST_NAME:
        return ""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    if not found._is_text_encoding:  # noqa: SLF001 (the only way to tell `base64` and `rot13` from charsets)
        return ""
    plain = found.name
    if plain in {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}:
        return ""
    return _SUPERSETS.get(plain, plain).replace("-", "_")


def _of_seven_bits(content: bytes, named: str) -> str:
    if b"\x1b" in content:
        return _escaped(content, named)
    if named == "hz" or (named == "gb18030" and _HZ.search(content)):
        return "hz"
    return named if named == "utf_7" or (named in _WIDE and b"\0" in content) else "ascii"


def _escaped(content: bytes, named: str) -> str:
    if _KOREAN.search(content):
        return "iso2022_kr"
    if named.startswith("iso2022"):
        return named
    if _JAPANESE.search(content):
        return "iso2022_jp_ext"
    return "iso2022_jp_2" if b"\x1b$A" in content or b"\x1b$(C" in content else "ascii"


def _most_likely(sample: bytes, named: str) -> str:
    """Return the codec in which `sample` looks most like a language; the declared one where it looks like it, too."""
    best, most = named or "cp1252", -9.0
    for name in dict.fromkeys((named, *_NEIGHBOURS, "utf_8")):
        if not name:
            continue
        found = likelihood(_decoded(sample, name)) + (_DECLARED_COUNTS if name == named else 0.0)
        if found > most:
            best, most = name, found
    return best


def _decoded(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec or "cp1252", "replace")
    except (
        LookupError,
        ValueError,
        UnicodeError,
        OverflowError,
    ):  # some codecs of Python raise whatever is asked of them
        return content.decode("utf-8", "replace")


def _sample(content: bytes) -> bytes:
    """Return the lines with something beyond ASCII in them, as many as are needed to decide."""
    found: list[bytes] = []
    size = 0
    for line in content.splitlines(keepends=True):
        if not line.isascii():
            found.append(line[:_SAMPLE])
            size += len(line)
            if size > _SAMPLE:
                break
    return b"".join(found)


def _is_utf_8(content: bytes) -> bool:
    """Return whether it is UTF-8; a character that a cut at the end has broken does not count."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(content) - 3 and error.reason == "unexpected end of data"
    return True

"""Takes values out of whatever a contact says: a detail that may not be stored may stand in its text as well (R-IN-03)."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

MASK: Final = "***"
_SHORTEST: Final = 2
"""A single character is no name: taking it out of a text would only spoil the text."""
_NUMBER: Final = re.compile(r"[\d\s+\-‐-―().（）]+")
_FEWEST_DIGITS: Final = 7
_CHINESE_MOBILE: Final = 11
_GAP: Final = r"[\s\-‐-―().（）]*"


class Redactor:
    """Masks values wherever they stand, telephone numbers however they are written."""

    def __init__(self, values: Iterable[Any], *, but: Iterable[Any] = ()) -> None:
        """Take the `values` out, `but` not those that the customer volunteered as well."""
        volunteered = {_key(text) for text in _texts(but)}
        wanted = {text.strip() for text in _texts(values) if _key(text) not in volunteered}
        patterns = [_pattern(text) for text in sorted(wanted, key=len, reverse=True) if len(text) >= _SHORTEST]
        self._pattern = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def __call__(self, value: Any) -> Any:
        """Return the JSON `value` without them; what is masked never gets longer."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._pattern.sub(lambda found: MASK[: len(found.group())], value)
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self(item) for item in value]
        if isinstance(value, int) and not isinstance(value, bool) and self._pattern.fullmatch(str(value)):
            return MASK
        return value


def is_contact_detail(value: Any) -> bool:
    """Return whether `value` has the form of a telephone number or of an address for mail."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return "@" in text or _digits(text) is not None


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _texts(value.values())
        elif isinstance(value, list | tuple):
            yield from _texts(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield str(value)


def _key(text: str) -> str:
    """Return what two ways of writing the same value have in common."""
    return _digits(text) or unicodedata.normalize("NFKC", text).strip().casefold()


def _digits(text: str) -> str | None:
    """Return the digits of a telephone number without the code of China; None where `text` is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"\D", "", plain)
    if len(digits) < _FEWEST_DIGITS or not _NUMBER.fullmatch(plain):
        return None
    national = digits.removeprefix("00").removeprefix("86")
    return national if len(national) == _CHINESE_MOBILE else digits


def _pattern(text: str) -> str:
    digits = _digits(text)
    if digits is not None:
        number = _GAP.join(f"[{digit}{chr(ord('０') + int(digit))}]" for digit in digits)
        return rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?{number}(?!\d)"
    before = r"(?<![a-z0-9])" if text[0].isascii() and text[0].isalnum() else ""
    after = r"(?![a-z0-9])" if text[-1].isascii() and text[-1].isalnum() else ""
    return f"{before}{re.escape(text)}{after}"

"""Telephone numbers as SMS vendors want them written."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

Form = Literal["national", "e164", "digits"]
"""`13800138000`, `+8613800138000`, `8613800138000`; a number abroad has no national form and is written as `digits`."""
_BETWEEN: Final = re.compile(r"[\s()\-./·]+")
_MAINLAND: Final = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})")
_ABROAD: Final = re.compile(r"(?:\+|00)(?!86)([1-9]\d{6,14})")


@dataclass(frozen=True, slots=True)
class Mobile:
    """A number that an SMS can be sent to: all digits from the country's on."""

    digits: str
    mainland: bool

    def written(self, form: Form) -> str:
        """Return the number in `form`."""
        if form == "e164":
            return f"+{self.digits}"
        return self.digits.removeprefix("86") if form == "national" and self.mainland else self.digits


def mobile_of(text: str) -> Mobile | None:
    """Return the number in `text`, None where no SMS can go to it: no number, or a landline of the mainland.

    Without a country it is one of the mainland; one abroad begins with + or 00.
    """
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    if match := _MAINLAND.fullmatch(plain):
        return Mobile(f"86{match[1]}", mainland=True)
    if match := _ABROAD.fullmatch(plain):
        return Mobile(match[1], mainland=False)
    return None

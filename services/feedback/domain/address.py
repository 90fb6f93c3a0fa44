"""The form of address: family name and honorific where the customer gave one, else a neutral 您 (R-IN-11)."""

import re
from typing import Final

from services.feedback.domain.customer import Customer
from services.feedback.domain.names import family_name

_NAME: Final = re.compile(r"[^\W\d_]+(?:[ .·'-]{1,2}[^\W\d_]+){0,4}")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]+")
_ENGLISH: Final = {
    "先生": "Mr",
    "女士": "Ms",
    "小姐": "Ms",
    "太太": "Mrs",
    "夫人": "Mrs",
    "博士": "Dr",
    "医生": "Dr",
    "教授": "Professor",
    "mr": "Mr",
    "ms": "Ms",
    "mrs": "Mrs",
    "miss": "Ms",
    "dr": "Dr",
    "professor": "Professor",
    "prof": "Professor",
}
_LONGEST: Final = 30


def greeting(customer: Customer | None, language: str) -> str:
    """Return the words that open a call, as 王女士，您好 or 您好; Hello, Ms Wang or Hello.

    A name or honorific that does not read like one (digits, marks, whole sentences) is not spoken.
    """
    honorific = _spoken(customer.honorific) if customer else None
    name = _spoken(customer.name) if customer else None
    form = (_chinese if language == "zh" else _english)(name, honorific) if name and honorific else None
    if language == "zh":
        return f"{form}，您好" if form else "您好"
    return f"Hello, {form}" if form else "Hello"


def _chinese(name: str, honorific: str) -> str | None:
    if not _CHINESE.fullmatch(honorific):
        return None
    if _CHINESE.fullmatch(name):
        surname = family_name(name)
        return honorific if honorific.startswith(surname) else f"{surname}{honorific}"
    return f"{name}{honorific}"


def _english(name: str, honorific: str) -> str | None:
    title = _ENGLISH.get(honorific.lower().rstrip("."))
    if title is None:
        return None
    return f"{title} {family_name(name) if _CHINESE.fullmatch(name) else name.rsplit(maxsplit=1)[-1]}"


def _spoken(text: str | None) -> str | None:
    """Return `text` where it reads like a name or a title."""
    trimmed = (text or "").strip()
    return trimmed if len(trimmed) <= _LONGEST and _NAME.fullmatch(trimmed.rstrip(".")) else None

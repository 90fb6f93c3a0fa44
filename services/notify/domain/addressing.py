"""How a customer is addressed (R-IN-11): by surname only with an honorific that was supplied, else neutrally."""

import re

from services.notify.domain.plain import plain

ANONYMOUS = "匿名客户"
_COMPOUND = (
    "欧阳",
    "司马",
    "诸葛",
    "上官",
    "皇甫",
    "令狐",
    "司徒",
    "东方",
    "南宫",
    "端木",
    "独孤",
    "慕容",
    "尉迟",
    "长孙",
    "宇文",
    "夏侯",
    "公孙",
    "轩辕",
    "闻人",
    "澹台",
    "申屠",
    "太史",
    "钟离",
)
_TO_ENGLISH = {
    "先生": "Mr",
    "女士": "Ms",
    "小姐": "Ms",
    "太太": "Mrs",
    "夫人": "Mrs",
    "博士": "Dr",
    "教授": "Professor",
}
_TO_CHINESE = {
    "mr": "先生",
    "ms": "女士",
    "mrs": "女士",
    "miss": "女士",
    "dr": "博士",
    "professor": "教授",
    "prof": "教授",
}
_HAN = re.compile(r"[\u3400-\u9fff·]+")
_CHINESE_TITLES = frozenset(
    [
        "先生",
        "女士",
        "小姐",
        "太太",
        "夫人",
        "老师",
        "教授",
        "博士",
        "医生",
        "律师",
        "总",
        "经理",
        "总经理",
        "董事长",
        "主任",
        "校长",
        "院长",
        "师傅",
        "工程师",
        "同学",
    ]
)
_ENGLISH_TITLES = {
    "mr": "Mr",
    "ms": "Ms",
    "mrs": "Mrs",
    "miss": "Miss",
    "mx": "Mx",
    "dr": "Dr",
    "professor": "Professor",
}
_ENGLISH_TITLES |= {"prof": "Professor"}
_NAME = re.compile(r"[^\W\d_]+(?:(?:[ '’·-]|\. )[^\W\d_]+)*")
_LONGEST_NAME = 60
_LONGEST_SURNAME = 20


def greeting(language: str, name: str | None, honorific: str | None) -> str:
    """Return `王女士，您好！` or `Dear Ms Wang,`; without name or honorific `您好！` or `Dear customer,`."""
    title = _title(language, honorific)
    surname = _surname(name)
    if not title or not surname:
        return "您好！" if language == "zh" else "Dear customer,"
    return f"{surname}{title}，您好！" if language == "zh" else f"Dear {title} {surname},"


def _title(language: str, honorific: str | None) -> str | None:
    """Return the title in the language; None for what is none: nobody can have us call a third person names."""
    text = plain(honorific or "")
    english = text.rstrip(".").lower()
    if language == "zh":
        return text if text in _CHINESE_TITLES else _TO_CHINESE.get(english)
    return _ENGLISH_TITLES.get(english) or _TO_ENGLISH.get(text)


def _surname(name: str | None) -> str | None:
    text = plain(name or "")
    if not text or text == ANONYMOUS or len(text) > _LONGEST_NAME or _NAME.fullmatch(text) is None:
        return None
    if _HAN.fullmatch(text) is None:
        return family if len(family := text.split()[-1]) <= _LONGEST_SURNAME else None
    if len(text) > _LONGEST_SURNAME:
        return None
    if "·" in text:  # a name of another people, whose first part is not a surname
        return text
    return text[:2] if text.startswith(_COMPOUND) else text[0]

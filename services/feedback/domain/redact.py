"""Personal data out of a text that people other than its author's agent will read (R-FB-04).

Known facts of the customer go first, wherever they stand; then whatever looks like a phone number, an address of any
kind, a number of an order or document, or a person's name. Rather one word too many is masked than one too few.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

from services.feedback.domain.customer import Customer
from services.feedback.domain.names import CLEAR_FAMILY, FAMILY

Mask = Literal["name", "phone", "email", "address", "number", "company"]

_ZH: Final[dict[Mask, str]] = {
    "name": "[姓名]",
    "phone": "[电话]",
    "email": "[邮箱]",
    "address": "[地址]",
    "number": "[单号]",
    "company": "[公司]",
}
_EN: Final[dict[Mask, str]] = {
    "name": "[name]",
    "phone": "[phone]",
    "email": "[email]",
    "address": "[address]",
    "number": "[number]",
    "company": "[company]",
}
MASKS: Final = (*_ZH.values(), *_EN.values())

_HONORIFIC: Final = "(?:先生|女士|小姐|太太|夫人|阿姨|大爷|大姐|大哥)"
_ROLE: Final = "(?:老师|师傅|经理|主任|总监|老板|教授|医生|律师|店长|主管(?!部))"
_GIVEN: Final = r"[\u4e00-\u9fff]{1,2}"
_END: Final = r"(?=$|[^\u4e00-\u9fff]|[的在是有说要想和把给已买])"
_COUNTRY: Final = r"(?:\+?86[- ]?)?"
_PATTERNS: Final[tuple[tuple[re.Pattern[str], Mask], ...]] = (
    (re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.ASCII), "email"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "phone"),
    (re.compile(r"(?<!\d)\(?0\d{2,3}\)?[- ]?\d{7,8}(?!\d)"), "phone"),
    (re.compile(r"(?<!\w)\+\d{1,3}(?:[- ]?\d){7,12}(?!\d)"), "phone"),
    (re.compile(r"(?<![A-Za-z0-9])(?:微信号?|QQ号?)(?:是|为|[:：])?\s*[A-Za-z0-9_-]{5,20}", re.IGNORECASE), "number"),
    # Not service numbers of companies, which may be part of the solution: 400-…, 800-….
    (re.compile(r"(?<![A-Za-z0-9-])(?![48]00-?\d{3}-?\d{4}(?!\d))(?=[A-Za-z0-9-]*\d{6})[A-Za-z]{0,6}-?\d[\dA-Za-z-]{7,}"), "number"),
    (re.compile(r"(?:[\u4e00-\u9fff]{2,8}(?:省|自治区|市))?[\u4e00-\u9fff]{1,8}(?:区|县|镇|街道)?[\u4e00-\u9fff]{1,8}(?:路|街|大道|巷|弄|胡同)\s*\d+\s*号(?:[\u4e00-\u9fff]{0,6}\d+(?:栋|幢|号楼|单元|室|层|楼))*(?:\d+室)?"), "address"),
    (re.compile(rf"(?<=我叫){FAMILY}{_GIVEN}{_END}|(?<=名叫){FAMILY}{_GIVEN}{_END}"), "name"),
    (re.compile(rf"(?:(?<=联系人)|(?<=收货人)|(?<=经办人)|(?<=代表人)|(?<=姓名)|(?<=法人))[:：是为]?\s*{FAMILY}{_GIVEN}{_END}"), "name"),
    (re.compile(rf"(?<=姓){FAMILY}(?=$|[^\u4e00-\u9fff])"), "name"),
    (re.compile(rf"{FAMILY}(?:{_GIVEN})?{_HONORIFIC}|{CLEAR_FAMILY}{_ROLE}"), "name"),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.?\s+[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)?"), "name"),
    (re.compile(r"(?<=[Mm]y name is )[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)?"), "name"),
)  # fmt: skip
_SHORTEST_FACT: Final = 2


def redact(text: str, customer: Customer | None = None, locale: str | None = None) -> str:
    """Return `text` without personal data; masks are in the language of `locale`, by default the customer's."""
    language = locale or (customer.locale if customer else "zh-CN")
    masks = _ZH if language.lower().startswith("zh") else _EN
    for value, mask in _known(customer):
        prefix = _COUNTRY if mask == "phone" else ""
        text = re.sub(prefix + _literally(value), masks[mask], text, flags=re.IGNORECASE)
    for pattern, mask in _PATTERNS:
        text = pattern.sub(_unmasked(masks[mask]), text)
    return text


def _known(customer: Customer | None) -> list[tuple[str, Mask]]:
    """Return the customer's own facts, the longest first, so that a part of one never spoils it."""
    if customer is None:
        return []
    facts: list[tuple[str | None, Mask]] = [
        (customer.name, "name"),
        (customer.phone, "phone"),
        (customer.email, "email"),
        (customer.address, "address"),
        (customer.company, "company"),
        (customer.member_no, "number"),
        (customer.order_no, "number"),
    ]
    known = [(value.strip(), mask) for value, mask in facts if value and len(value.strip()) >= _SHORTEST_FACT]
    return sorted(known, key=lambda fact: -len(fact[0]))


def _literally(value: str) -> str:
    """Return a pattern for `value`; one of letters and digits does not match inside a longer word."""
    before = r"(?<![A-Za-z0-9])" if re.match(r"[A-Za-z0-9]", value) else ""
    behind = r"(?![A-Za-z0-9])" if re.search(r"[A-Za-z0-9]$", value) else ""
    return before + re.escape(value) + behind


def _unmasked(mask: str) -> Callable[[re.Match[str]], str]:
    """Return the replacement that leaves alone what is a mask already."""
    return lambda match: match[0] if match[0] in MASKS else mask

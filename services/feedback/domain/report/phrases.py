"""What many customers wrote about in the same words; what only a few wrote is left out, so it tells of nobody (R-FB-05)."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from services.feedback.domain.drafting import chunks

_LONGEST: Final = 8
_READ: Final = 300
_HELD_BY_LONGER: Final = 0.6
"""A phrase that mostly occurs inside a longer one is left to that."""
_TELLING: Final = 5
_SAYS_LITTLE: Final = frozenset(
    [
        "公司",
        "平台",
        "要求",
        "电话",
        "企业",
        "产品",
        "服务",
        "项目",
        "问题",
        "处理",
        "投诉",
        "反馈",
        "咨询",
        "了解",
        "办理",
        "情况",
        "信息",
        "部门",
        "商家",
        "会员",
        "市场部",
        "网络部",
        "客服",
        "公司的",
        "一家",
        "限公司",
        "有限公司",
        "贵平台",
        "见附件",
        "dear",
        "like",
        "company",
        "hello",
        "please",
        "regards",
    ]
)
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]+")
_RUN: Final = re.compile(r"[\u4e00-\u9fff]+|[a-z][a-z0-9-]{2,}")


def frequent_phrases(texts: Iterable[tuple[str, str]], least: int, limit: int) -> list[tuple[str, int]]:
    """Return the phrases of most customers, with how many of them; `texts` are (customer, text without personal data).

    None is of fewer than `least` customers.
    """
    told: dict[str, set[str]] = {}
    for customer, text in texts:
        told.setdefault(customer, set()).update(_pieces(text[:_READ]))
    counts = Counter(piece for pieces in told.values() for piece in pieces)
    often = {piece: count for piece, count in counts.items() if count >= least}
    found: list[tuple[str, int]] = []
    for piece, count in sorted(often.items(), key=lambda one: (-len(one[0]), one[0])):
        if not any(piece in longer and held >= _HELD_BY_LONGER * count for longer, held in found):
            found.append((piece, count))
    found = [one for one in found if one[0] not in _SAYS_LITTLE]
    found.sort(key=lambda one: (-one[1] * _weight(one[0]), one[0]))
    return _apart(found, limit)


def _weight(phrase: str) -> int:
    """Return how much a phrase says: 空调不制冷 more than 空调."""
    return min(len(phrase), _TELLING) - 1 if _CHINESE.fullmatch(phrase) else 2


def _apart(found: list[tuple[str, int]], limit: int) -> list[tuple[str, int]]:
    """Return the first `limit` phrases, none a part of an earlier one or around it."""
    kept: list[tuple[str, int]] = []
    for phrase, count in found:
        if len(kept) == limit:
            break
        if not any(phrase in other or other in phrase for other, _ in kept):
            kept.append((phrase, count))
    return kept


def _pieces(text: str) -> set[str]:
    """Return the words of `text` that say something, of Chinese every stretch of two to eight characters."""
    pieces: set[str] = set()
    for run in _RUN.findall(" ".join(chunks(text))):
        if not _CHINESE.fullmatch(run):
            pieces.add(run)
            continue
        for size in range(2, min(len(run), _LONGEST) + 1):
            pieces.update(run[start : start + size] for start in range(len(run) - size + 1))
    return pieces

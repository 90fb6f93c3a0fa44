"""How a text is cut into terms for the search: pairs of Chinese characters, and words of everything else (R-FB-04).

Chinese is written without spaces, and PostgreSQL has no Chinese dictionary. Two characters side by side carry most
of the meaning, so a text is read as its pairs; similar wording shares most of them. Words that say nothing about the
matter (请问, 怎么, the, please) are taken out first, at both ends of the comparison in the same way. A character that
stands alone says too little beside others; where a text has nothing else (漏？), it is what the text is about.
"""

import re
import unicodedata
from collections import Counter
from typing import Final

from services.feedback.domain.redact import MASKS
from shared.script import simplified

LONGEST_TEXT: Final = 3_000
_SOLUTION_WEIGHT: Final = 0.5
"""A word of the solution counts half as much as one of the problem: people search by what is wrong."""

_CHINESE: Final = "\u3400-\u4dbf\u4e00-\u9fff"
_EMPTY_ZH: Final = [
    "请问",
    "您好",
    "你好",
    "大家好",
    "谢谢",
    "感谢",
    "麻烦",
    "辛苦",
    "不好意思",
    "帮忙",
    "帮我",
    "一下",
    "什么",
    "怎么样",
    "怎么办",
    "怎么",
    "怎样",
    "如何",
    "为什么",
    "为何",
    "为啥",
    "多少",
    "哪里",
    "哪个",
    "哪些",
    "可以",
    "可不可以",
    "能不能",
    "能否",
    "是否",
    "是不是",
    "有没有",
    "有无",
    "会不会",
    "要不要",
    "我们",
    "你们",
    "您们",
    "他们",
    "她们",
    "它们",
    "咱们",
    "自己",
    "这个",
    "那个",
    "这些",
    "那些",
    "这样",
    "那样",
    "这里",
    "那里",
    "这么",
    "那么",
    "一个",
    "一些",
    "一直",
    "一定",
    "现在",
    "目前",
    "已经",
    "然后",
    "但是",
    "可是",
    "而且",
    "因为",
    "所以",
    "如果",
    "或者",
    "还是",
    "就是",
    "不是",
    "只是",
    "都是",
    "也是",
    "的话",
    "时候",
    "之前",
    "之后",
    "以后",
    "以前",
    "今天",
    "昨天",
    "明天",
    "前天",
    "上周",
    "上个月",
    "刚才",
    "刚刚",
    "最近",
    "知道",
    "觉得",
    "想要",
    "需要",
    "希望",
    "应该",
    "名字",
    "客户",
    "来电",
    "反映",
    "表示",
    "联系",
    "告知",
]
_EMPTY_ONE: Final = "的了吗呢吧啊呀哦嗯哈么嘛我你您他她它们是在有就都也还很和与及或被把给让请这那个再又才没不"
_EMPTY_WORDS_ZH: Final = re.compile("|".join(sorted(_EMPTY_ZH, key=len, reverse=True)))
_EMPTY_CHARACTERS: Final = re.compile(f"[{_EMPTY_ONE}]")
_EMPTY_EN: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "hello",
        "hi",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "no",
        "not",
        "of",
        "off",
        "on",
        "or",
        "our",
        "please",
        "so",
        "some",
        "than",
        "thank",
        "thanks",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "am",
        "about",
        "any",
        "after",
        "before",
        "just",
        "now",
    ]
)
_SMALL_NUMBER: Final = re.compile(r"[\d.]{1,2}|[a-z]")  # 3 pieces, 2 days: too common to be about anything
_RUN: Final = re.compile(rf"[{_CHINESE}]+|[a-z0-9]+(?:[-'.][a-z0-9]+)*")


def terms(text: str) -> Counter[str]:
    """Return the terms of `text` with how often each occurs; of a very long text, its beginning.

    Single Chinese characters are terms only where all terms are: `store.search` looks for these in the texts.
    """
    found: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for run in _RUN.findall(_plain(text)):
        if run[0] > "\u3000":
            found.update(_pairs(run))
            alone.update([run] if len(run) == 1 else [])
        elif (word := _stem(run)) not in _EMPTY_EN and not _SMALL_NUMBER.fullmatch(word):
            found[word] += 1
    return found or alone


def without_empty_words(text: str) -> str:
    """Return `text` in one written form, without the Chinese words that say nothing; 不 and 没 stay."""
    return _EMPTY_WORDS_ZH.sub(" ", _one_form(text))


def entry_terms(problem: str, solution: str) -> dict[str, float]:
    """Return the terms under which an entry is found, with their weights."""
    weights: dict[str, float] = dict(terms(problem))
    for term, count in terms(solution).items():
        weights[term] = weights.get(term, 0.0) + count * _SOLUTION_WEIGHT
    return weights


def _plain(text: str) -> str:
    """Return `text` in one written form, without masks and empty words."""
    for mask in MASKS:
        text = text.replace(mask, " ")
    return _EMPTY_CHARACTERS.sub(" ", _EMPTY_WORDS_ZH.sub(" ", _one_form(text)))


def _one_form(text: str) -> str:
    """Return the beginning of `text` in half-width lower case and simplified characters."""
    return simplified(unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).lower())


def _pairs(run: str) -> list[str]:
    """Return the neighbouring pairs of a run of Chinese characters."""
    return [run[n : n + 2] for n in range(len(run) - 1)]


_PLURAL: Final = 4


def _stem(word: str) -> str:
    """Return an English word without the ending of its plural: invoices, boxes and invoice, box meet."""
    if len(word) < _PLURAL or not word.endswith("s") or word.endswith(("ss", "us", "is")) or not word.isalpha():
        return word
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]

"""How much a text looks like one that a person wrote, rather than like bytes read in the wrong charset."""

import unicodedata
from typing import Final

_FREQUENT: Final = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力它与长把机十第公"
    "此已工使情明性知全三又关点正业外将两高间由问很最重并物手应向头文体相见被什二等产或新己制身果加月话合回特代内信表"
    "化老给位次度门任常先通原声提立及比员解水名真论处走各入几口认条平系气题活更别打女变四总何电数安少报才结反受目太量"
    "再做接必场件计管期市直资金指许统区保至形便决展科司五基书非则听却界达放强即像难且完设式色路记品住告类求据程边该交"
    "规万取望觉领共确传师清今切让识带您请谢客户服务订单货款退换修投诉购买商品价格发票地址联系回复附件邮件收到麻烦尽快"
    "這個們來為國時對會後發開關無與機實現過還進點問間業兩體產應電話處員給變數報結場計統設說讀買賣貨單號碼謝請務戶聯繫"
    "復換維訂購價錢發票寄郵網頁賬資訊顧"
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁宋唐韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶苏魏吕丁沈姚卢姜崔钟谭陆汪范石廖贾"
    "芳伟敏静丽强磊军洋勇艳杰娟涛超秀兰霞刚桂英玉萍红娥玲芬建国志文海波鹏飞婷雪琳晨浩宇欣怡"
)
_PUNCTUATION: Final = frozenset("，。！？：；（）《》、“”‘’…—·【】「」『』　～￥")
_LEVEL_ONE: Final = frozenset(
    bytes((lead, trail)).decode("gb2312", "replace") for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF)
) - {"\ufffd"}
_BIG5_ONE: Final = frozenset(
    bytes((lead, trail)).decode("big5", "replace")
    for lead in range(0xA4, 0xC7)
    for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
) - {"\ufffd"}
_HAN: Final = ((_FREQUENT, 2.0), (_LEVEL_ONE, 0.6), (_BIG5_ONE, 0.3))
"""Rare characters are many and each is seldom: mostly they come from reading in the wrong charset."""
_MOST: Final = 2_000
_BROKEN: Final = -4.0
_ALONE: Final = -0.2
_LONGEST_ACCENTED_RUN: Final = 2
_DENSE: Final = frozenset({"han", "hangul", "kana", "narrow"})
_SCRIPTS: Final = {"broken": _BROKEN, "punctuation": 1.2, "kana": 1.0, "hangul": 0.5, "narrow": -1.0}


def likelihood(text: str) -> float:
    """Return the mean over the characters beyond ASCII, from about -4 (broken) to 2 (plain Chinese); 0 for plain ASCII."""
    total = 0.0
    counted = 0
    run = before = ""
    for at, letter in enumerate(text):
        script = "ascii"
        if letter < "\x80":
            if letter < " " and letter not in "\t\r\n\x0c\x1b":
                total, counted = total + _BROKEN, counted + 1
        else:
            script = _script(letter)
            run = run + letter if script == before else letter
            worth = _worth(letter, script, run)
            if script in _DENSE and len(run) == 1 and _is_alone(text, at):
                worth = min(worth, _ALONE)
            total, counted = total + worth, counted + 1
            if counted >= _MOST:
                break
        before = script
    return total / counted if counted else 0.0


def _is_alone(text: str, at: int) -> bool:
    """Return whether a character stands between Latin letters, where bytes of one charset look like one of another."""
    beside = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
    return any(letter.isascii() and letter.isalpha() for letter in beside) and beside.isascii()


def _worth(letter: str, script: str, run: str) -> float:
    """Return what a character of a `script` counts, the last of a `run` of its kind."""
    if script == "han":
        return next((worth for letters, worth in _HAN if letter in letters), -0.8)
    if script == "latin":
        return 0.5 if len(run) <= _LONGEST_ACCENTED_RUN else -1.5
    if script in {"cyrillic", "greek", "other"}:
        return 0.6 if len(run) > 1 and letter.islower() else 0.1 if len(run) == 1 else -0.2
    if script == "symbol":
        return -0.6 if len(run) > 1 else 0.1
    return _SCRIPTS.get(script, 0.0)


def _script(letter: str) -> str:
    """Return the name of the script, as far as the charsets at hand need to be told apart."""
    if letter < "\x80":
        return "ascii"
    if "\u4e00" <= letter <= "\u9fff":
        return "han"
    if letter in _PUNCTUATION:
        return "punctuation"
    if letter == "\ufffd" or unicodedata.category(letter) in {"Cc", "Co", "Cn", "Cs"}:
        return "broken"
    for name, since, until in _RANGES:
        if since <= letter <= until:
            return name
    return "other" if letter.isalpha() else "symbol"


_RANGES: Final = (
    ("latin", "\xc0", "\u024f"),
    ("greek", "\u0370", "\u03ff"),
    ("cyrillic", "\u0400", "\u04ff"),
    ("kana", "\u3040", "\u30ff"),
    ("hangul", "\uac00", "\ud7a3"),
    ("narrow", "\uff61", "\uff9f"),
    ("punctuation", "\uff01", "\uff5e"),
    ("emoji", "\U0001f300", "\U0001faff"),
    ("han", "\u3400", "\u4dbf"),
    ("han", "\U00020000", "\U0003ffff"),
)

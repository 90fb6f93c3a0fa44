"""Where a phrase is none: quoted, reported, denied, said of somebody else, or part of another sense (R-FB-06).

Decided, since the handbook gives the phrases only:
- What stands in quotation marks, or is told as the customer's words (客户说…, 【客户】…), is not the agent's own.
- A phrase that is denied or warned of (我们不会说…, 不要回答…, 不是不知道) is not said.
- An evasion is the agent's or the house's: said of the customer or a third person (您不清楚的地方, 快递员要下班了) it is
  none. The nearest subject before it decides; where there is none, the writer speaks of themselves.
- A polite question (不知道您方便吗, 麻烦您再说一遍) is what the phrase is replaced by, so it is no finding.
"""

import re
from typing import Final

_SENTENCE_END: Final = re.compile(r"[。！？!?;；\n]")
_CLAUSE_END: Final = re.compile(r"[。！？!?;；\n，,：:、()（）【】\[\]…—]|~|\.(?!\d)")
_QUOTES: Final = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|『[^』]*』|《[^》]*》|(?<!\w)'[^']*'(?!\w)|‘[^’]*’")

_CUSTOMER: Final = (
    r"(?:客户|顾客|用户|买家|客人|会员|业主|消费者|来电人|投诉人|对方|[\u4e00-\u9fff]{1,2}(?:先生|女士|小姐))"
)
_SPEAKS: Final = r"(?:说|称|表示|反映|反馈|问(?!题)|认为|坚持|要求|描述|投诉|留言|强调|抱怨|指出|提到|来电|来信|原话|觉得|回复|回答|告知|声称|自述)"
_REPORT: Final = re.compile(
    rf"{_CUSTOMER}(?:[^。！？!?;；\n，,您你我]|[，,](?![您你我])){{0,8}}?{_SPEAKS}|据{_CUSTOMER}|customer (?:says|said|complains|claims)"
)
_LABEL: Final = re.compile(
    rf"(?:^|[\n。;；\s])\s*(?:[【\[](?P<who>{_CUSTOMER}|[\u4e00-\u9fff]{{2,4}})[】\]]"
    rf"|(?P<speaker>{_CUSTOMER}|客服|坐席|专员)\s*[:：])"
)
_OWN_AGAIN: Final = re.compile(r"[，,]\s*(?:我们?|我方|我司|我这边|本人)(?!\w{0,4}(?:说|回答))")
_DENIED: Final = re.compile(
    r"不会|不能|不要|不可|不应|不得|不该|不准|不许|不再|不存在|不是|绝不|从不|从未|从来没|没有|并非|避免|禁止|禁用|切勿|请勿|杜绝|拒绝|防止"
    r"|never|don't say|must not|do not say|not to say"
)
_CONCEDED: Final = re.compile(r"即使|就算|哪怕|虽然|尽管|以免|怕您|免得|万一|如果|假如|若|要是|无论|不管")
_MENTIONED: Final = re.compile(
    r"\W{0,2}\w{0,2}\W?\w{0,2}?(?:这样|这种|这类|之类|此类|等)的?(?:话|说法|开头|回答|用语|词|语气|字眼|表达)"
)

_SELF: Final = r"我们?|咱们?|本人|客服|我这边|我方|我司|本公司|本部门|我部门"
_OTHER: Final = (
    r"您|你们?|他们?|她们?|它们?|客户|顾客|用户|买家|客人|会员|对方|别人|大家|家里|老人|孩子|小孩|家人|朋友|女士|先生|小姐|同事|师傅|快递员?|司机"
    r"|物流公司|厂家|商家|卖家|供应商|经销商|门店|店家|商店|商场|仓库|银行|医院|学校|物业|安装工|维修工|工程师|配送员|骑手|公司"
)
_SUBJECT: Final = re.compile(rf"(?P<self>{_SELF})|(?P<other>{_OTHER})")
_OF_ANOTHER: Final = re.compile(r"[您你]|的|(?:问|说|要|提|反映|反馈|发|所|给|订|买)[\u4e00-\u9fff]{0,4}?的")
"""After a person: they are called by name, or what follows is theirs, so they are not the subject of the phrase."""
_EMBEDDED: Final = re.compile(r"什么时候|何时|几点|多久|为什么|为啥|怎么|多少|是否|能不能|会不会|有没有")
"""Between a person and the phrase: 师傅什么时候到不清楚 is about the person, and said by the writer."""

_POLITE: Final = re.compile(r"请|麻烦|劳烦|劳驾|烦请|能否|能不能|可以|可否|方便|不好意思|抱歉|客户要求")
_RUDE_YOU: Final = re.compile(r"你")
_ASKING: Final = re.compile(
    r"是否|能否|可否|能不能|可不可以|方不方便|方便|[您你].*(?:吗|是否|能否|可以|满意|愿意|有没有)|.{0,12}可以(?:吗|接受)"
)
_ATTRIBUTE: Final = re.compile(r"(?:的(?!$|[^\w])|之处|的话)")
_UNCLEAR: Final = re.compile(
    r"(?:(?:图片?|照片|截图|视频|画面|声音|录音|语音|字迹?|字体|文字|标签|日期|像素|信号|显示|屏幕|镜头|说明|描述|内容|地址|扫描件|复印件)"
    r"|(?:[看听写拍印说讲读录照问]|显示|解释|描述)得?)(?:有些|有点|都|也|还|比较|仍|依然)*$"
)
_WONDERING: Final = re.compile(r"(?:哪里|哪儿|哪些|哪一?[项点步]|什么|任何|如有|若有|有)(?:地方)?(?:还|也)?$")


def quoted(text: str, start: int, end: int) -> bool:
    """Return whether that place of `text` lies in quotation marks with something else beside them."""
    for quote in _QUOTES.finditer(text):
        if quote.start() < start and end < quote.end() + 1:
            return any(one.isalnum() for one in text[: quote.start()] + text[quote.end() :])
    return False


def reported(text: str, start: int) -> bool:
    """Return whether what stands at `start` is told as the words of the customer."""
    labels = list(_LABEL.finditer(text, 0, start))
    if labels:
        return re.fullmatch(_CUSTOMER, labels[-1]["who"] or labels[-1]["speaker"]) is not None
    sentence = text[_last(_SENTENCE_END, text, start) : start]
    report = _REPORT.search(sentence)
    if report is None:
        return False
    told = sentence[report.end() :]
    return told.lstrip().startswith((":", "：")) or _OWN_AGAIN.search(told) is None


def denied(text: str, start: int, end: int) -> bool:
    """Return whether the clause says that this is not to be said, or only might be."""
    before = clause_before(text, start)
    return (
        _DENIED.search(before) is not None
        or _CONCEDED.search(before) is not None
        or _MENTIONED.match(text, end) is not None
    )


def by_customer(text: str, start: int) -> bool:
    """Return whether a customer, told of in the third person, is who does it: 客户投诉我态度不好."""
    return re.search(rf"{_CUSTOMER}[^。！？!?;；，,\n]{{0,6}}$", text[:start]) is not None


def polite_request(text: str, start: int) -> bool:
    """Return whether the phrase is asked for as one asks a customer: 麻烦您再说一遍."""
    before = clause_before(text, start)
    return _POLITE.search(before) is not None and (_RUDE_YOU.search(before) is None or "您" in before)


def own_evasion(text: str, start: int, end: int, *, note: bool = False) -> bool:
    """Return whether the agent evades, and not somebody else; in a `note` about a customer only who says so does."""
    before, after = clause_before(text, start), _clause_after(text, end)
    own = _own_subject(before + text[start:end][:2], len(before))
    if own is True:
        return True
    if own is False or note:
        return False
    return not (_ATTRIBUTE.match(after) or _ASKING.match(after) or _UNCLEAR.search(before) or _WONDERING.search(before))


def clause_before(text: str, start: int) -> str:
    """Return what stands before `start` in its clause."""
    return text[_last(_CLAUSE_END, text, start) : start].strip()


def _own_subject(text: str, start: int) -> bool | None:
    """Return whose the phrase at `start` is by the nearest subject: the agent's, another's, or nobody's named."""
    own: bool | None = None
    for subject in _SUBJECT.finditer(text, 0, max(start, 0) + 2):
        if subject.start() > start or (subject.start() == start and subject["other"]):
            break
        if subject["other"] and _OF_ANOTHER.match(text, subject.end()):
            continue
        if subject["self"] and text.startswith("的", subject.end()):
            continue
        if subject["other"] and _EMBEDDED.search(text, subject.end(), start):
            continue
        own = subject["self"] is not None
    return own


def _clause_after(text: str, end: int) -> str:
    pause = _CLAUSE_END.search(text, end)
    return text[end : pause.start()] if pause else text[end:]


def _last(pattern: re.Pattern[str], text: str, end: int) -> int:
    place = 0
    for found in pattern.finditer(text, 0, end):
        place = found.end()
    return place

"""Sensitive matters: what they are recognised by, and what turns a mention into none (R-RT-05)."""

import re
from dataclasses import dataclass

from services.routing.domain import safety_more, sensitive_more
from services.routing.domain import safety_words as safety
from services.routing.domain import sensitive_words as words
from services.routing.domain.gated import Gates, Opened
from services.routing.domain.matter import Matter
from services.routing.domain.mentions import Wordings

_COMPLAINTS = frozenset({"complaint", "staff_complaint"})
_DISSATISFIED = _COMPLAINTS | {"after_sales"}
# Who has not bought yet asks about dangers, but has not met one.
_ASKING = frozenset({"product_inquiry", "project_matching", "membership", "info_change", "ad_slot", "care"})

_DENIED = re.compile(
    r"(?:不会|不想|没想|没有打算|不希望|没空|不打算|没打算|不准备|不至于|不用|不必|没必要|犯不着|无意|不愿|并非|不是(?:要|想|来|什么|说)?|没有?要|还没到|不(?:再|去|找)|别(?:误会|紧张)?|"
    r"won't|not going to|don't want to|no need to|no intention)"
    r"[^,。!?;\n就再]{0,10}$"
)
# Contacts are many, and in most of them nothing of all this is said: what cannot be in a text is not looked for there.
_GATES = Gates(ignoring_case=True)
_PATTERNS = {
    reason: Wordings(pattern, _GATES)
    for reason, pattern in (
        ("media", f"{words.MEDIA}|{sensitive_more.MEDIA}"),
        ("lawsuit", f"{words.LAWSUIT}|{sensitive_more.LAWSUIT}"),
        ("regulator", f"{words.REGULATOR}|{sensitive_more.REGULATOR}"),
        ("group_action", f"{words.GROUP_ACTION}|{sensitive_more.GROUP_ACTION}"),
    )
}
# Whoever writes so has a grievance, whatever the contact was taken for.
_AGGRIEVED = Wordings(
    r"拒绝|逾期|拖(?:延|着|欠|了|下去)|推(?:诿|脱)|不(?:给)?(?:退|赔|处理|解决|理|回复|答复)|骗|坑|投诉|举报|赔偿|索赔|追究|维权|差评|垃圾|退(?:还|款|钱|费)|假药|假货|要说法|被(?:你们|坑)|"
    r"\b(?:refund|complain\w*|scam|cheat\w*|ignored|unless you|refus\w+)\b",
    _GATES,
)
# Where business is asked for, media, courts and authorities are customers like others; only threats and reports count.
_ASKED = _PATTERNS | {
    "media": Wordings(words.PRESS, _GATES),
    "lawsuit": Wordings(words.SUING, _GATES),
    "regulator": Wordings(f"{words.REPORTING}|{sensitive_more.REPORTING}", _GATES),
}
_HARMED = Wordings(f"{safety.HARM}|{safety_more.HARM}", _GATES)
_ENDANGERED = Wordings(f"{safety.RISK}|{safety_more.RISK}", _GATES)
_HAPPENED = Wordings(f"{safety.HAPPENED}|{safety_more.HAPPENED}", _GATES)
_IMAGINED = Wordings(safety.IMAGINED, _GATES)
_AGAIN = Wordings(f"{words.REPEATED}|{sensitive_more.REPEATED}", _GATES)
_NAMED = Wordings(
    r"“[^”\n]{1,24}”(?=.{0,2}(?:项目|工程|专题))|律师事务所|律所(?!函)|[^,。\s]{0,8}法院[^,。\s]{0,8}(?:项目|工程)|零投诉|"
    r"(?:订单|单号|编号|运单|\border(?: (?:no\.?|number))?)号?\s*[:#是为]?\s*\d+|一(?:起|块|同)上门(?=检|安装|维修|修|测|服务|看|处理|勘)",
    _GATES,
)
# An idiom, or who only wants to know how such things are done.
_IDIOM = Wordings(
    r"(?:颜值|做工|口碑|演技|气氛|音质|好吃到?|美到?|帅到?)炸裂?|炸(?:鸡|薯|酱|串|油|毛|街)|笑死|美死|曝光(?:套餐|包|给谁)|直播间(?:曝光|流量)|"
    r"(?:咨询|询问|想问|问)[^。!?\n]{0,12}(?:12315|12345|消协|仲裁|律师)[^。!?\n]{0,16}(?:区别|是什么|怎么打|只是了解|电话是)",
    _GATES,
)
_UNHARMED = Wordings(
    r"(?:没有?|未|无)(?:人)?(?:受伤|伤到人?|伤着人?|伤人|过敏|中毒|[割划扎砸烫碰]到[手脚人]?)|不(?:会)?过敏|防(?:漏电|触电|烫伤|过敏|爆炸?)|敏感肌|(?:臭|腥|恶心|难吃|难喝|腻)[^,。!?\n]{0,4}想吐",
    _GATES,
)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Whether a matter is sensitive, and why: media, lawsuit, regulator, group_action, personal_safety, repeated_complaint, emergency."""

    flag: bool
    reasons: tuple[str, ...]


def sensitive(category: str, matter: Matter, complaints_last_7_days: int = 0) -> Sensitivity:
    """Judge a contact by category and text; `complaints_last_7_days` are the customer's earlier ones (R-RT-05).

    A denied mention ("不会找媒体") is none; harm that did happen counts in every category, danger not where someone
    only asks before buying.
    """
    text, opened = _NAMED.taken_out(matter.plain, _GATES.opened(matter.plain))
    text, opened = _IDIOM.taken_out(text, opened)
    reasons = ["emergency"] if category == "emergency" else []
    patterns = _ASKED if category in _ASKING and not _AGGRIEVED.are_in(text, opened) else _PATTERNS
    reasons += [reason for reason, wordings in patterns.items() if _stated(wordings, text, opened)]
    if _safety(category, *_UNHARMED.taken_out(text, opened)):
        reasons.append("personal_safety")
    again = category in _COMPLAINTS and complaints_last_7_days > 0
    if again or (category in _DISSATISFIED and _AGAIN.are_in(text, opened)):
        reasons.append("repeated_complaint")
    return Sensitivity(bool(reasons), tuple(reasons))


def _safety(category: str, text: str, opened: Opened) -> bool:
    if category in _ASKING:
        return _stated(_HAPPENED, text, opened) and not _IMAGINED.are_in(text, opened)
    return _stated(_HARMED, text, opened) or _stated(_ENDANGERED, text, opened)


def _stated(wordings: Wordings, text: str, opened: Opened) -> bool:
    """Return whether one of `wordings` is in `text` and not denied before it."""
    if not wordings.may_be_in(opened):
        return False
    found = (match.start() for match in wordings.found(text, opened))
    return any(not _DENIED.search(text[max(0, start - 16) : start]) for start in found)

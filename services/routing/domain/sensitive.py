"""Sensitive matters: what they are recognised by, and what turns a mention into none (R-RT-05)."""

import re
from dataclasses import dataclass

from services.routing.domain.matter import Matter

_COMPLAINTS = frozenset({"complaint", "staff_complaint"})
# Who has not bought yet asks about dangers, but has not met one.
_ASKING = frozenset({"product_inquiry", "project_matching", "membership", "info_change", "ad_slot", "care"})

_GO = "(?:去|找|向|到|上|给|打|联系|委托|通过|交给|请|让|叫|寄给|报|告诉|发给|约|已经?|已向)"
_MENTIONS = {
    "media": (
        r"曝光(?!量|率|次数|度|数据|效果|机会)|爆料|(?<![自新融多流全传])媒体(?!广告|投放|资源|合作|报价|推广|类|播放)|記者|记者|上热搜|上新闻|新闻热线|采访|報社|报社|电视台(?!.{0,6}(?:项目|大屏|广告))|"
        rf"{_GO}[^。!?,\n]{{0,6}}(?:电视台|日报|晚报|都市报|焦点访谈|今日说法)|"
        r"(?:发|挂|传|晒|捅|放)(?:到|上|在)?[^。!?,\n]{0,4}(?:网上|抖音|微博|小红书|快手|朋友圈|论坛|贴吧|视频号|b站)|"
        r"\b(?:journalist|reporter|newspaper|tv station|the media|the press|go viral)\b"
    ),
    "lawsuit": (
        r"起诉|打官司|律师函|法律途径|法律手段|法律程序|法律武器|追究[^。!?,\n]{0,6}(?:法律|刑事)?责任|诉讼|仲裁|传票|告到底|告(?:上|到)法[院庭]|"
        rf"法院见|法庭见|{_GO}[^。!?,\n]{{0,5}}(?:法院|律师(?!事务所))|律师[^。!?,\n]{{0,4}}(?:介入|处理|联系|跟你)|"
        r"(?:去|要|我)告(?:你们?|他们|平台|商家)|\b(?:lawyer|lawsuit|sue|attorney|legal action|take you to court|go to court)\b"
    ),
    "regulator": (
        r"12315|12345|12321|12345|96315|12365|(?<![\d.])3\W?15(?!\d|\s?(?:元|块|米|个|件|套|活动|大促|期间))|消协|消费者协会|消保委|消费者权益保护|"
        r"市场监[督管][^。!?,\n]{0,4}(?:局|所|部门)|市监局|监管(?:部门|局|机构)|工商(?:局|所|部门|投诉|举报|食药|打假)|食药监?局?|药监局|质监局|质检局|物价局|网信办|工信部|"
        r"卫健委|卫生局|环保局|税务局(?:举报|投诉)|(?:举报|投诉)(?:到|给|至)?[^。!?,\n]{0,4}(?:工商|税务|政府|有关部门|相关部门|主管部门|部委|监管)|信访|市长热线|黑猫投诉|"
        r"经侦|公安机关|公安局|派出所|\b(?:regulator|consumer (?:association|protection|council)|market regulation|ombudsman)\b"
    ),
    "group_action": (
        r"集体(?:维权|投诉|起诉|上访|退款|退货|退会|诉讼|举报|去|找|抵制|索赔|签名)|联名|联合(?:维权|投诉|起诉|举报|签名|其他)|维权群|(?:建|拉|组|有)了?个?[^。!?,\n]{0,8}(?:维权|受害|退款)?群(?=[^。!?\n]{0,24}(?:维权|投诉|一起|要说法|讨|找你|退|骗|受害))|"
        r"(?:一起|共同|联手|组团|抱团|结伴)(?:去|来|找|到)?[^。!?,\n]{0,6}(?:维权|投诉|起诉|告|举报|上门|讨说法|要说法|索赔)|拉横幅|堵门|"
        r"(?:\d+|几|十几|几十|上百|好几)(?:多)?(?:家|个|位|名|户)[^。!?,\n]{0,10}(?:一起|联合|都要|准备|打算|集体|联名)[^。!?,\n]{0,6}(?:投诉|维权|起诉|告|退|找|举报|索赔)|\b(?:class action|collective(?:ly)?|petition)\b"
    ),
}
_HARM = (
    r"受伤|受了伤|伤人|伤到|[砸烫烧割划扎炸电刺刮咬夹摔]伤|[烫割划扎]破[^。!?,\n]{0,2}(?:手|皮|脚|嘴)|烫[红到了]|灼伤|流血|出血|骨折|缝了?[\d一二两三四五六七八九十几]+针|起泡|水泡|红肿|"
    r"过敏|起(?:了)?[^。!?,\n]{0,5}(?:疹|红点|红斑)|疹子|荨麻疹|烂脸|呕吐|上吐下泻|拉肚子|闹肚子|腹泻|拉稀|吐了(?!槽)|肚子疼|肠胃炎|食物中毒|中毒|"
    r"(?:去|送|进|住|到|上)(?:了)?[^。!?,\n]{0,6}(?:医院|急诊)|住院|住了院|打点滴|挂水|挂了水|输液|吊瓶|洗胃|急救|昏迷|晕倒|晕过去|喘不上气|呼吸困难|"
    r"\b(?:injur\w+|hospital\w*|burn(?:ed|t) (?:my|his|her)|bleeding|allergic|poison\w+|rash)\b"
)
_RISK = (
    r"着火|起火|失火|冒[黑浓白]?烟|爆炸|爆燃|炸了|炸裂|自燃|鼓包|漏电|触电|被电|电了[一下我他她]|麻手|电到|漏气|燃气泄漏|煤气味|一氧化碳|坍塌|倒塌|塌了|"
    r"(?:刹车|制动)[^。!?,\n]{0,4}(?:失灵|失效|不灵|坏)|(?:差点|险些|差一点)[^。!?,\n]{0,8}(?:砸|烫|伤|摔|电|着|炸|夹|出事|出人命)|安全隐患|人身安全|生命危险|出人命|"
    r"玻璃[^。!?,\n]{0,6}(?:自爆|炸)|(?:人身|生命)威胁|威胁(?:要)?[^。!?,\n]{0,6}(?:上门|打|弄死|报复|家人)|要(?:打|揍|弄死|杀)(?:我|人|你)|动手打|打了我|推搡|自杀|跳楼|轻生|不想活|"
    r"\b(?:on fire|caught fire|smok(?:e|ing)|explo\w+|electric shock|gas leak)\b"
)
_REPEATED = r"(?:第[二三四五六七八九十两\d]+次|再次|又(?:来|一次)?)(?:来)?(?:打电话)?投诉|投诉(?:了|过)?(?:[二两三四五六七八九十几\d]+|好多|无数)[次遍回](?!购)|(?:这周|本周|上周|前天|昨天|前几天|几天前|刚刚?|\d天前)(?:就|才|也|已经)?(?:打电话|打过电话|来)?投诉(?:过|了)"
_DENIED = re.compile(
    r"(?:不会|不想|没想|不打算|没打算|不准备|不至于|不用|不必|没必要|犯不着|无意|不愿|并非|不是(?:要|想|来|什么|说)?|没有?要|还没到|不(?:再|去|找)|别(?:误会|紧张)?|"
    r"won't|not going to|don't want to|no need to|no intention)"
    r"[^,。!?;\n就再]{0,10}$"
)
_PATTERNS = {reason: re.compile(pattern, re.IGNORECASE) for reason, pattern in _MENTIONS.items()}
# Where business is asked for, media are a business; only these threaten or report.
_PRESS = re.compile(r"曝光(?!量|率|次数|度|数据|效果|机会)|爆料|记者|采访|journalist|reporter", re.IGNORECASE)
_HARMED = re.compile(_HARM, re.IGNORECASE)
_ENDANGERED = re.compile(_RISK, re.IGNORECASE)
_AGAIN = re.compile(_REPEATED)
_NAMED = re.compile(
    r"“[^”\n]{1,24}”(?=.{0,2}(?:项目|工程|专题))|律师事务所|律所(?!函)|[^,。\s]{0,8}法院[^,。\s]{0,8}(?:项目|工程)|零投诉"
)
_UNHARMED = re.compile(
    r"(?:没有?|未|无)(?:人)?(?:受伤|伤到人?|伤人|过敏|中毒)|不(?:会)?过敏|防(?:漏电|触电|烫伤|过敏|爆炸?)|敏感肌"
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
    text = _NAMED.sub("", matter.plain)
    reasons = ["emergency"] if category == "emergency" else []
    patterns = _PATTERNS | {"media": _PRESS} if category in _ASKING else _PATTERNS
    reasons += [reason for reason, pattern in patterns.items() if _stated(pattern, text)]
    if _safety(category, _UNHARMED.sub("", text)):
        reasons.append("personal_safety")
    if category in _COMPLAINTS and (complaints_last_7_days > 0 or _AGAIN.search(text)):
        reasons.append("repeated_complaint")
    return Sensitivity(bool(reasons), tuple(reasons))


def _safety(category: str, text: str) -> bool:
    if category in _ASKING:
        return False
    return _stated(_HARMED, text) or _stated(_ENDANGERED, text)


def _stated(pattern: re.Pattern[str], text: str) -> bool:
    return any(not _DENIED.search(text[max(0, found.start() - 16) : found.start()]) for found in pattern.finditer(text))

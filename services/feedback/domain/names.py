"""Chinese family names, for forms of address and for finding names in texts."""

from typing import Final

COMPOUND: Final = [
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "夏侯",
    "宇文",
    "长孙",
    "端木",
    "轩辕",
    "南宫",
    "独孤",
    "呼延",
    "申屠",
    "澹台",
    "拓跋",
]

SINGLE: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安"
    "齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳"
    "管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)

FAMILY: Final = rf"(?:{'|'.join(COMPOUND)}|[{SINGLE}])"
"""A pattern that one family name matches."""

_OTHER_WORDS: Final = frozenset("和师明时成单连项车农路游方高于从党计祝商经理安常水关管应司同")
CLEAR_FAMILY: Final = rf"(?:{'|'.join(COMPOUND)}|[{''.join(c for c in SINGLE if c not in _OTHER_WORDS)}])"
"""The same without family names that are common words too, for places where those are more likely."""


def family_name(name: str) -> str:
    """Return the family name of a Chinese `name` (its first character, or a compound one); `name` must not be empty."""
    return next((compound for compound in COMPOUND if name.startswith(compound)), name[0])

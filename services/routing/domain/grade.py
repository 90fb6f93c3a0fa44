"""The grade of a matter and whether it needs more than one department (R-RT-04)."""

import re
from collections.abc import Collection
from typing import Literal

from services.routing.domain.matter import Matter

Grade = Literal["urgent", "normal", "complex"]

_PRESSING = frozenset({"anxious", "impatient"})
_NAMES = {
    "market": "市场部|市場部|市场这边|市场那边|marketing(?: department| team)?",
    "network": "网络部|網絡部|网络这边|网络那边|network (?:department|team)",
    "technical": "技术部|技術部|技术人员|技术同事|技术团队|技术那边|研发部|technical (?:department|team)|your engineers",
    "logistics": "物流部|物流那边|物流同事|仓储部|logistics (?:department|team)",
    "finance": "财务部|財務部|财务那边|财务同事|财务(?=[^。,]{0,4}(?:退|开|对|核|出|确认|打款))|finance (?:department|team)|accounting",
    "sales": "销售部|銷售部|销售那边|销售同事|sales (?:department|team)",
}
_ASKED = {
    name: re.compile(
        rf"(?:{words})(?=[^。!?;\n]{{0,20}}(?:配合|提供|出具?|牵头|协助|协同|协调|一起|共同|一块|都要|同时|支持|安排|确认|核对|核实|核算|处理|开具?|给|改|查|退|排查|对接|参与|派|跟进|参加|评估|审|解决|到场|答复|回复|和|、|跟|与|"
        rf"provide|help|join|send|confirm|check|prepare|and))",
        re.IGNORECASE,
    )
    for name, words in _NAMES.items()
}
# Hardly any contact names a department, and one look for all of them tells that.
_ANY = re.compile("|".join(_NAMES.values()), re.IGNORECASE)
# Being sent from one department to the next is a grievance, not a request to several.
_PASSED_ON = re.compile(r"踢皮球|推来推去|互相推|推给|让我找|叫我找|又让|转来转去|推诿|扯皮")
_SEVERAL = 2


def departments_asked(matter: Matter) -> tuple[str, ...]:
    """Return the departments the text asks something of, in the handbook's order; empty where it asks none by name."""
    if _ANY.search(matter.plain) is None:
        return ()
    asked = tuple(name for name, pattern in _ASKED.items() if pattern.search(matter.plain))
    return () if asked and _PASSED_ON.search(matter.plain) else asked


def grade(
    category: str, emotion: str | None, sensitive: bool, collaborating_departments: Collection[str] = ()
) -> Grade:
    """Grade by category, the emotion an agent marked (never the tone of the text), sensitivity and departments needed.

    `collaborating_departments` are all that the matter needs, the owner included; two different ones make it complex.
    """
    if category == "emergency" or sensitive or emotion in _PRESSING:
        return "urgent"
    if category == "membership" or len(set(collaborating_departments)) >= _SEVERAL:
        return "complex"
    return "normal"

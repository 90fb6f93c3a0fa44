"""Which member of staff a complaint names: by id or by the full name of the staff directory (handbook, section 3).

Decided where the handbook leaves it open:
- A name in the text counts where it stands whole and has at least two Chinese characters. One of two characters may
  just as well be a word (高兴, 方便) or fall across two (上周静音): it counts only where the words around it speak of a
  person, as in 投诉郑凯 or 郑凯骂人.
- An id counts as a whole token. One of letters only, or of figures only, may be a word or a quantity: it counts only
  where the text says that it is an id.
- The customer's own name, and a name the text denies (不是张子轩), is nobody's to complain about.
- A name that staff of several departments have says nothing by itself.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from services.routing.domain.matter import Matter
from services.routing.domain.script import plain
from shared.policy import Staff

REGISTERED: Final = ("employee_id", "employee")
"""The details under which a channel registers the employee, the surer one first."""
NOBODY: Final[Mapping[str, Staff]] = MappingProxyType({})
"""The directory of a house that does not tell who works in it."""

_HAN: Final = "\u4e00-\u9fff"
_CHINESE_NAME: Final = re.compile(rf"[{_HAN}·]{{2,}}")
_SHORT: Final = 2
# Characters that go on a given name and seldom begin the next word: 高翔宇 is not 高翔.
_GIVEN: Final = "[宇轩浩杰伟华丽涛洋勇艳娜磊鹏辉斌玲芳燕萍兰英博睿泽瑞晨阳峰霞琳琪欣婷莉颖佳凯飞俊婉妍瑶倩雯]"
_SELF: Final = r"(?<!不是)(?<!我是)(?<!我叫)(?<!本人)(?<!叫我)"
# What stands before a person who is complained about, and what such a person does: for names of two characters.
_BEFORE: Final = (
    r"(?:投诉|举报|反映|名叫|叫做|人叫|个叫|位叫|员叫|服叫|员工|客服|坐席|专员|业务员|接线员|经理|主管|主任|顾问|销售|会计|同事|师傅|"
    r"人员|部门?的?|中心的?|[组科处]的?|你们的|你们那个|那个叫|那位|这位|[今昨前]天|[上下]午|晚上|刚才)"
)
_AFTER: Final = (
    r"(?=态度|骂|吼|挂|说(?!明)|不|没|拒|推[卸脱诿]|拖|把|对[我客他她]|给我|接[我电待听]|让我|承诺|答应|服务|收[了钱红回]|威胁|乱|辱|敷衍|"
    r"泄露|打[我人]|动手|经理|主管|主任|专员|先生|女士|小姐|[((]|这个人|[今昨前]天)"
)
_NOT_A_PERSON: Final = r"(?!的话|地[^址])"
_ID_BEFORE: Final = r"(?:工号|编号|员工号|账号|\bid|\bno\.?|number|agent|employee|staff)\s*(?:是|为|号)?\s*[:#]?\s*"


def named_staff(matter: Matter, directory: Mapping[str, Staff]) -> str | None:
    """Return the department of the member of staff whom the contact names; None where it names none of `directory`.

    Who is registered comes before who is mentioned, and who is mentioned first before the others.
    """
    return next((found for who in _named(matter, directory) if (found := _common(who)) is not None), None)


def persons_named(matter: Matter, directory: Mapping[str, Staff]) -> frozenset[str]:
    """Return the ids of whom the contact names: of the first named, several only where they share a name."""
    found = next((who for who in _named(matter, directory) if _common(who) is not None), [])
    return frozenset(one.id for one in found)


def _named(matter: Matter, directory: Mapping[str, Staff]) -> Iterator[list[Staff]]:
    """Yield whom the contact names, the surest first."""
    for field in REGISTERED:
        if text := plain(matter.details.get(field, "")).strip():
            yield from _registered(text, directory)
    yield from _mentioned(matter, directory)


def _registered(text: str, directory: Mapping[str, Staff]) -> list[list[Staff]]:
    """Return whom a field about the employee names: nothing else is spoken of there."""
    same = [one for one in directory.values() if text.casefold() in {one.id.casefold(), plain(one.name).casefold()}]
    if same:
        return [same]
    return _in_order(
        {
            one: [_whole_id(one.id), *([rf"{name}(?!{_GIVEN})"] if _CHINESE_NAME.fullmatch(name) else [])]
            for one, name in _named_in(text, directory)
        },
        text,
    )


def _mentioned(matter: Matter, directory: Mapping[str, Staff]) -> list[list[Staff]]:
    text = matter.plain
    own = plain(matter.customer_name or "").strip()
    patterns: dict[Staff, list[str]] = {}
    for one, name in _named_in(text, directory):
        sure = any(mark.isalpha() for mark in one.id) and any(not mark.isalpha() for mark in one.id)
        patterns[one] = [_whole_id(one.id) if sure else _ID_BEFORE + _whole_id(one.id)]
        if name != own and _CHINESE_NAME.fullmatch(name):
            patterns[one] += _spoken_of(name)
    return _in_order(patterns, text)


def _spoken_of(name: str) -> list[str]:
    """Return the patterns by which a text speaks of the person `name`."""
    if len(name) > _SHORT:
        return [rf"{_SELF}{name}(?!{_GIVEN})"]
    whole = rf"{name}(?!{_GIVEN}){_NOT_A_PERSON}"
    return [rf"{_BEFORE}{_SELF}{whole}", rf"(?<![{_HAN}]){whole}{_AFTER}"]


def _named_in(text: str, directory: Mapping[str, Staff]) -> list[tuple[Staff, str]]:
    """Return those whose id or name occurs at all, with the name as texts are read: few, so that few are looked at."""
    folded = text.casefold()
    names = [(one, plain(one.name)) for one in directory.values() if one.department is not None]
    return [(one, re.escape(name)) for one, name in names if name in text or one.id.casefold() in folded]


def _whole_id(staff_id: str) -> str:
    return rf"(?<![A-Za-z0-9_.@-]){re.escape(staff_id)}(?![A-Za-z0-9_@-]|\.[A-Za-z0-9])"


def _in_order(patterns: Mapping[Staff, list[str]], text: str) -> list[list[Staff]]:
    """Return whom `text` names, the first named first."""
    places: dict[int, list[Staff]] = {}
    for one, wanted in patterns.items():
        ends = [found.end() for pattern in wanted if (found := re.search(pattern, text, re.IGNORECASE))]
        if ends:
            places.setdefault(min(ends), []).append(one)
    return [places[end] for end in sorted(places)]


def _common(staff: list[Staff]) -> str | None:
    """Return the department that all of `staff` belong to, if it is one."""
    departments = {one.department for one in staff}
    return departments.pop() if len(departments) == 1 else None

"""Whose staff a complaint is about: the employee's department, else the one named, else `service` (handbook, section 3)."""

import re
from collections.abc import Mapping

from services.routing.domain.employee_named import NOBODY, REGISTERED, named_staff
from services.routing.domain.matter import Matter
from services.routing.domain.script import plain
from shared.policy import Staff

_DEPARTMENTS = {
    "market": "市场|market(?:ing)?",
    "network": "网络|網絡|network",
    "technical": "技术|技術|technical|tech|it",
    "logistics": "物流|仓储|配送|logistics|delivery",
    "finance": "财务|財務|finance|accounting",
    "sales": "销售|銷售|sales",
    "service": "客服|客户服务|service",
}
_ROLE = "经理|主管|专员|人员|代表|员|顾问|总监|同事|小[\u4e00-\u9fa5]|那个|的(?!项目|产品|问题|态度)|姓"
_FORMAL = {
    name: re.compile(rf"(?:{words})(?:部门?|部的|中心|组|科|处|\s*(?:department|dept|team)\b)", re.IGNORECASE)
    for name, words in _DEPARTMENTS.items()
}
_LOOSE = {
    name: re.compile(
        rf"(?:{words.split('|')[0]})(?:{_ROLE})|\b(?:{words.split('|', 1)[1]})\s+(?:staff|rep\w*|manager|agent|guy|lady)\b",
        re.IGNORECASE,
    )
    for name, words in _DEPARTMENTS.items()
}
_DEFAULT = "service"


def employee_department(matter: Matter, directory: Mapping[str, Staff] = NOBODY) -> str:
    """Return the department of the employee complained about; `service` where the contact names none.

    A member of staff in the `directory` counts first, by id or name; then the department registered with the employee,
    then a department's full name in the text, then a person's role ("销售经理"). Of several the first named is meant:
    who is complained about comes before who else was asked.
    """
    if (known := named_staff(matter, directory)) is not None:
        return known
    for text in (*(plain(matter.details.get(field, "")) for field in REGISTERED), matter.plain):
        for patterns in (_FORMAL, _LOOSE):
            named = [(found.start(), name) for name, pattern in patterns.items() if (found := pattern.search(text))]
            if named:
                return min(named)[1]
    return _DEFAULT

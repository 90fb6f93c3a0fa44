"""Whom a complaint about staff concerns: it is not theirs to handle, to sign or to return (handbook, section 3).

Decided where the handbook leaves it open: a complaint about the very supervisor who would have it goes to the head of
the department, who then signs in the supervisor's place; one about a supervisor who is only called so (市场部主管)
concerns the supervisor of that department.
"""

import re
from typing import Final

from services.routing.domain.employee_named import REGISTERED, persons_named
from services.routing.domain.matter import Matter
from services.routing.domain.script import plain
from services.routing.domain.workorder import WorkOrder
from shared.policy import Policy

_SUPERVISOR: Final = re.compile(
    r"(?:投诉|举报|反映)[一下你们贵公司那这个位的市场网络客服中心部技术物流财务销售]{0,12}主管(?!部门|不|也|都|没|还|说)|complain\w* (?:about|against) [^,.!?;\n]{0,30}\bsupervisor\b",
    re.IGNORECASE,
)
_CALLED_SO: Final = re.compile(r"主管|supervisor", re.IGNORECASE)


def about_staff(work_order: WorkOrder, policy: Policy) -> bool:
    """Return whether the work order is a complaint about a member of staff."""
    entry = policy.categories.get(work_order.category)
    return entry is not None and entry.department_from == "employee"


def concerned(work_order: WorkOrder, matter: Matter | None, policy: Policy) -> frozenset[str]:
    """Return the ids of the staff whom a complaint about staff is against; nobody where it names none we know."""
    if matter is None or not about_staff(work_order, policy):
        return frozenset()
    if known := persons_named(matter, policy.staff_directory):
        return known
    fields = [plain(matter.details.get(name, "")) for name in REGISTERED]
    if work_order.department in policy.departments and (
        any(map(_CALLED_SO.search, fields)) or _SUPERVISOR.search(matter.plain)
    ):
        return frozenset((policy.supervisor_of(work_order.department).id,))
    return frozenset()

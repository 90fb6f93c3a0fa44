"""The department of the employee complained about (handbook, section 3)."""

import pytest

from services.routing.domain.employee import employee_department
from services.routing.domain.matter import Matter


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("投诉市场部钱进，不回电话", "market"),
        ("你们网络部的小何把资料弄丢了", "network"),
        ("技术部工程师上门时骂人", "technical"),
        ("销售部的贺磊承诺不兑现，财务部也不管", "sales"),
        ("财务那个出纳态度差", "finance"),
        ("The logistics department employee shouted at me.", "logistics"),
        ("客服小林挂我电话", "service"),
        ("有个人打电话骂我，不知道是谁", "service"),
    ],
)
def test_the_department_named_in_the_text_else_service(text: str, department: str) -> None:
    """R-RT-02."""
    assert employee_department(Matter(text)) == department


def test_the_registered_employee_s_department_counts_first() -> None:
    """R-RT-02."""
    matter = Matter("财务部说不归他们管，找市场部", details={"employee": "宋岚(网络部)"})
    assert employee_department(matter) == "network"

"""The department of the employee complained about (handbook, section 3)."""

import pytest

from services.routing.domain.employee import employee_department
from services.routing.domain.matter import Matter
from services.routing.domain.register import missing_fields
from shared.policy import Staff, load_policy

DIRECTORY = load_policy().staff_directory


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


def somebody(staff_id: str, name: str, department: str = "finance") -> dict[str, Staff]:
    mail = f"{staff_id}@example.com"
    return {
        staff_id: Staff(id=staff_id, name=name, role="agent", department=department, email=mail, phone="13900000099")
    }


@pytest.mark.parametrize(
    "details",
    [
        {"employee": "network-1"},
        {"employee": "张子轩"},
        {"employee": " 張子轩（客服说的） "},
        {"employee": "NETWORK-1 小张"},
        {"employee_id": "network-1"},
        {"employee_id": "network-1", "employee": "王浩然"},
        {"employee_id": "0815", "employee": "张子轩"},
        {"employee": "郑凯经理"},
    ],
)
def test_a_registered_employee_of_the_directory_tells_the_department(details: dict[str, str]) -> None:
    """R-RT-02, section 3: the employee by id or by name; what the text says of departments comes after."""
    assert employee_department(Matter("服务太差，财务部也不管", details=details), DIRECTORY) == "network"


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("我要投诉张子轩，说话很难听", "network"),
        ("昨天打电话张子轩骂我，市场部的人也听见了", "network"),
        ("工号network-1的人挂我电话", "network"),
        ("Your agent Network-1 shouted at me.", "network"),
        ("投诉郑凯，不回电话", "network"),
        ("郑凯骂人", "network"),
        ("你们物流部的高翔态度恶劣", "logistics"),
        ("先是刘梦琪不接电话，后来张子轩又骂人", "market"),
        ("我是张子轩，投诉物流部的小何", "logistics"),
        ("不是张子轩，是物流部的小何", "logistics"),
    ],
)
def test_an_employee_of_the_directory_mentioned_in_the_text_tells_the_department(text: str, department: str) -> None:
    """R-RT-02, section 3."""
    assert employee_department(Matter(text), DIRECTORY) == department
    assert missing_fields("staff_complaint", None, Matter(text), ("employee",), DIRECTORY) == ()


@pytest.mark.parametrize(
    ("text", "staff_id", "name"),
    [
        ("很不高兴，你们的人骂我", "a-1", "高兴"),
        ("高兴的话就理人，不高兴就挂电话", "a-1", "高兴"),
        ("方便的时候给我回电话，有人骂我", "a-1", "方便"),
        ("上周静音了，没人理我", "a-1", "周静"),
        ("投诉高翔宇，态度差", "a-1", "高翔"),
        ("有人骂我，雪太大了", "a-1", "雪"),
        ("有人骂我，network-12听见了", "network-1", "李四光"),
        ("有人骂我，回我邮箱network-1@example.com", "network-1", "李四光"),
        ("有人骂我，买了1024元的东西", "1024", "李四光"),
        ("The service was rude, somebody shouted", "service", "李四光"),
        ("I may complain, somebody shouted", "a-1", "May"),
    ],
)
def test_a_word_that_looks_like_a_name_or_an_id_is_nobody(text: str, staff_id: str, name: str) -> None:
    """R-RT-02: without an employee it is the service centre's."""
    assert employee_department(Matter(text), somebody(staff_id, name)) == "service"


def test_the_customers_own_name_is_not_the_employees() -> None:
    """R-RT-02."""
    matter = Matter("投诉物流部的人，王浩然，13800138000", customer_name="王浩然")
    assert employee_department(matter, DIRECTORY) == "logistics"


def test_an_id_of_figures_counts_where_it_is_called_an_id() -> None:
    """R-RT-02."""
    assert employee_department(Matter("工号：1024的客服骂人"), somebody("1024", "李四光")) == "finance"


def test_a_name_that_two_departments_share_leaves_it_to_the_department_named() -> None:
    """R-RT-02."""
    both = somebody("a-1", "李四光") | somebody("b-1", "李四光", "sales")
    assert employee_department(Matter("投诉李四光"), both) == "service"
    assert employee_department(Matter("投诉", details={"employee": "李四光（销售部）"}), both) == "sales"
    assert employee_department(Matter("投诉", details={"employee": "b-1"}), both) == "sales"


def test_a_registered_id_is_the_required_employee() -> None:
    """R-IN-07, section 3: employee name or id."""
    matter = Matter("态度差", details={"employee_id": "4711"})
    assert missing_fields("staff_complaint", None, matter, ("employee",), DIRECTORY) == ()

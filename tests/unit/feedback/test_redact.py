"""Personal data leaves the texts that others will read (R-FB-04)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.customer import Customer
from services.feedback.domain.redact import redact

WANG = Customer(
    "c1",
    name="王芳",
    honorific="女士",
    phone="13800138000",
    email="fang@example.com",
    company="湛川纸制品厂",
    address="银川市金凤区某路8号",
    member_no="M20220415",
    order_no="A77-1",
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("王芳的订单A77-1", "[姓名]的订单[单号]"),
        ("请打138 0013 8000或+86 13800138000", "请打[电话]或[电话]"),
        ("座机0951-6012345，传真(010)62345678", "座机[电话]，传真[电话]"),
        ("发到Fang@Example.com或li.lei+1@mail.example.cn", "发到[邮箱]或[邮箱]"),
        ("订单2024051800123，合同HT-20260117-3", "订单[单号]，合同[单号]"),
        ("身份证11010119900307123X", "身份证[单号]"),
        ("已联系李先生和欧阳建国女士，王师傅上门", "已联系[姓名]和[姓名]，[姓名]上门"),
        ("我叫李雷，姓马，联系人：赵立新", "我叫[姓名]，姓[姓名]，联系人[姓名]"),
        ("会员M20220415，湛川纸制品厂", "会员[单号]，[公司]"),
        ("加微信wang_fang88", "加[单号]"),
        ("Mr. Smith and Ms Mary Jones called", "[姓名] and [姓名] called"),
    ],
)
def test_known_and_likely_personal_data_is_masked(text: str, clean: str) -> None:
    assert redact(text, WANG) == clean


@pytest.mark.parametrize(
    "text",
    [
        "请拨打400-810-1234或12315",
        "304不锈钢法兰DN50，1200元，2026-11-23发货",
        "安装师傅和主管部门",
        "空调KFR-35GW/N8不制冷，已换压缩机",
        "请与主管和经理沟通",
    ],
)
def test_what_belongs_to_the_solution_stays(text: str) -> None:
    assert redact(text, WANG) == text


@pytest.mark.parametrize("text", ["1" * 10_000, "a." * 5_000, "1-" * 5_000, "市区路街号" * 2_000, "a@a" * 3_333])
def test_no_text_takes_long(text: str) -> None:
    """The longest text that a contact may have (contract) is read in well under a second, however it is made."""
    began = time.process_time()
    redact(text, WANG)
    assert time.process_time() - began < 1.0


def test_masks_are_in_the_language_of_the_reader() -> None:
    assert redact("call 13800138000", Customer("c1", locale="en-US")) == "call [phone]"
    assert redact("13800138000") == "[电话]"


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_known_phone_never_survives_and_masking_again_changes_nothing(before: str, behind: str) -> None:
    text = redact(f"{before} 13800138000 {behind}", WANG)
    assert "13800138000" not in text
    assert redact(text, WANG) == text

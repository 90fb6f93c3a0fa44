"""What a customer is recognised by, and what opens the gate (R-IN-05)."""

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.gate import unverified, verification_reasons
from services.routing.domain.identity import Fingerprints, Known, identities_known, kinds_of, normalised
from services.routing.domain.matter import Matter
from services.routing.domain.phrases import said, words_of
from shared.events.commands import Resolve, VerifyContact
from tests.unit.routing.orders import FINGERPRINTS, POLICY, done, order, refused

DIGITS = st.text(st.sampled_from("0123456789"), min_size=11, max_size=11)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "13800138000", "+86 138-0013-8000"),
        ("phone", "13800138000", "0086 13800138000"),
        ("phone", "13800138000", "8613800138000"),
        ("phone", "13800138000", "１３８００１３８０００"),
        ("phone", "010-62345678", "01062345678"),
        ("name", "王芳", " 王 芳 "),
        ("name", "Anna O'Neil", "ANNA ONEIL"),
        ("name", "張偉", "张伟"),
        ("order_no", "XD-2024 001", "xd2024001"),
        ("member_no", "m20180921", "M20180921"),
    ],
)
def test_the_same_however_it_is_written(kind: Any, one: str, other: str) -> None:
    """R-IN-05: blanks, +86, width and case make no difference."""
    assert normalised(kind, one) == normalised(kind, other) != ""


@given(DIGITS, DIGITS)
def test_other_numbers_are_others(one: str, other: str) -> None:
    """R-IN-05: fingerprints agree exactly where the numbers do, and belong to one customer and one key."""
    first = FINGERPRINTS.of("k-1", "order_no", one)
    assert (first == FINGERPRINTS.of("k-1", "order_no", other)) == (one == other)
    assert first != FINGERPRINTS.of("k-2", "order_no", one)
    assert first != FINGERPRINTS.of("k-1", "member_no", one)
    assert first != Fingerprints(b"another").of("k-1", "order_no", one)
    assert first is not None
    assert one not in first


def test_a_fingerprint_is_made_as_it_always_was() -> None:
    """R-IN-05: what is stored was made with this key, by this hash, in this order."""
    seal = hmac.digest(b"a key of the tests", b"k-1\0phone\x0013800138000", "sha256")
    assert FINGERPRINTS.of("k-1", "phone", "138 0013 8000") == seal[:16].hex()
    assert FINGERPRINTS.of("k-1", "phone", "138 0013 8000") == seal[:16].hex(), "the second is none of the first"


def test_nobody_is_called_anonymous() -> None:
    """R-IN-04, R-IN-05: 匿名客户 and blanks are nothing to compare with."""
    assert FINGERPRINTS.of("k-1", "name", "匿名客户") is None
    assert FINGERPRINTS.of("k-1", "phone", " - ") is None
    assert FINGERPRINTS.known("k-1", Matter("", customer_name="匿名客户"), by_staff=()) == ()
    assert "key" not in repr(Fingerprints(b"secret")).replace("Fingerprints(", "")


def test_details_count_as_well() -> None:
    """R-IN-05: what a channel registers beside the customer's own fields."""
    matter = Matter("", {"order_no": "A-1", "contact_name": "李强", "contact_phone": "13900139000"}, member_no="M1")
    assert [one.kind for one in FINGERPRINTS.known("k-1", matter, by_staff=())] == [
        "name", "phone", "order_no", "member_no",
    ]  # fmt: skip
    assert kinds_of(("contact_name", "order_no", "demand")) == {"name", "order_no"}


def test_a_name_told_later_does_not_replace_the_first() -> None:
    """R-IN-05: whoever writes in may name any name; numbers and a colleague's record count."""
    told = [
        Known("name", "first", by_staff=False),
        Known("name", "written in later", by_staff=False),
        Known("name", "recorded by a colleague", by_staff=True),
        Known("phone", "one", by_staff=False),
        Known("phone", "two", by_staff=False),
    ]
    assert identities_known(told) == {"name": {"first", "recorded by a colleague"}, "phone": {"one", "two"}}


@pytest.mark.parametrize(
    ("category", "text", "reasons"),
    [
        ("info_change", "公司电话换了", ("category",)),
        ("after_sales", "不制冷,我要退款", ("refund",)),
        ("after_sales", "把钱退给我,再不退就找媒体", ("refund",)),
        ("after_sales", "請退款", ("refund",)),
        ("after_sales", "I want a REFUND and my order cancelled, please cancel my order", ("refund", "order_change")),
        ("after_sales", "收货地址写错了,改一下地址", ("order_change",)),
        ("complaint", "你们泄露我的会员信息", ("member_information",)),
        ("after_sales", "不制冷,要求换货", ()),
        ("after_sales", "不是要退款,是要换货", ()),
        ("after_sales", "不用退款,修好就行", ()),
        ("after_sales", "I don't want a refund, just repair it", ()),
        ("product_inquiry", "支持七天无理由退款吗", ()),
    ],
)
def test_what_asks_for_a_verified_customer(category: str, text: str, reasons: tuple[str, ...]) -> None:
    """R-IN-05: order change, refund, member or enterprise information; asking before buying is no request."""
    assert verification_reasons(Matter(text), category, POLICY) == reasons


def test_details_ask_for_it_and_triage_asks_in_any_category() -> None:
    """R-IN-05: the demand field counts; in triage the category is a suggestion only."""
    assert verification_reasons(Matter("坏了", {"demand": "退款"}), "after_sales", POLICY) == ("refund",)
    assert verification_reasons(Matter("退款"), "general", POLICY) == ()
    assert verification_reasons(Matter("退款"), "general", POLICY, triage=True) == ("refund",)


def test_a_phrase_stays_in_its_clause() -> None:
    """R-IN-05, R-RT-11: `…` bridges a few characters, not a comma."""
    assert said(words_of(Matter("改一下收货地址")), ("改…地址",))
    assert not said(words_of(Matter("修改了,地址没问题")), ("改…地址",))
    assert not said(words_of(Matter("改" + "很" * 9 + "地址")), ("改…地址",))


def test_the_gate_opens_for_good() -> None:
    """R-IN-05: refused with the reason, then verified, then a result; also in the next cycle."""
    waiting = order(verification_reasons=("refund",))
    refusal = refused(waiting, Resolve, "market-1", text="好")
    assert (refusal.status, refusal.kind) == (409, "not-verified")
    assert "refund" in refusal.detail
    verified = done(waiting, VerifyContact, "service-1", name="王芳", order_no="a1")
    assert unverified(verified) is None
    assert done(verified, Resolve, "market-1", text="好").status == "resolved"
    assert unverified(verified.next(cycle=2)) is None

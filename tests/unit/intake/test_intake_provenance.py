"""Only what the customer volunteered is recorded, each detail with its provenance (R-IN-03)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.provenance import OTHER, VOLUNTEERED
from services.intake.domain.redaction import Redactor
from services.intake.domain.registration import Registration, register
from shared.events import Contact
from shared.policy import load_policy
from shared.testing.clock import MONDAY
from tests.plugins import built_in_channels

POLICY = load_policy()
CHANNELS = built_in_channels()
PHONE = "13800138000"


def recorded(channel: str = "web", **form: Any) -> Registration:
    contact = CHANNELS[channel].read({"occurred_at": MONDAY.isoformat(), "text": "空调不制冷", **form})
    assert isinstance(contact, Contact), contact
    return register(contact, POLICY, contact_id="c", channel=channel, source_id="s/1")


def everything(registration: Registration) -> str:
    """All that is stored or told of a registration."""
    event = registration.event("k", registration.told, MONDAY)
    stored = (registration.contact.model_dump(mode="json"), registration.details, registration.extra)
    return json.dumps([event.to_json(), *stored, dict(registration.provenance)], ensure_ascii=False)


def test_a_detail_without_a_marking_was_volunteered() -> None:
    """R-IN-03"""
    found = recorded(customer={"name": "王芳", "phone": PHONE, "wechat": "w-1"})
    assert found.told.phone == PHONE
    assert found.dropped == ()
    assert found.provenance == dict.fromkeys(("customer.name", "customer.phone", "customer.wechat"), VOLUNTEERED)


@pytest.mark.parametrize("mark", ["volunteered", " Volunteered ", "客户提供", "", None])
def test_what_is_marked_as_volunteered_is_kept(mark: str | None) -> None:
    """R-IN-03: in both ways of marking."""
    for customer in (
        {"phone": PHONE, "provenance": {"phone": mark}},
        {"phone": {"value": PHONE, "provenance": mark}},
    ):
        found = recorded(customer=customer)
        assert found.told.phone == PHONE
        assert found.dropped == ()
        assert found.provenance["customer.phone"] == ((mark or "").strip() or VOLUNTEERED)


@pytest.mark.parametrize(
    "customer",
    [
        {"phone": PHONE, "provenance": {"phone": "purchased list"}},
        {"phone": {"value": PHONE, "provenance": "caller_id"}},
        {"phone": {"value": int(PHONE), "provenance": "caller_id"}},
        {"phone": PHONE, "provenance": "crm"},
        {"phone": PHONE, "provenance": {"*": "crm"}},
        {"phone": PHONE, "provenance": {"phone": 7}},
        {"phone": PHONE, "provenance": ["crm"]},
        {"phone": {"value": PHONE, "provenance": ["volunteered"]}},
    ],
)
@pytest.mark.parametrize("channel", sorted(CHANNELS))
def test_what_is_marked_otherwise_is_dropped_wherever_it_stands(channel: str, customer: dict[str, Any]) -> None:
    """R-IN-03: not in the file, not in details, attachments, unknown fields or the text, however it is written there."""
    found = recorded(
        channel,
        customer=customer,
        text=f"请回电{PHONE}，或 +86 138-0013-8000、１３８００１３８０００。订单 99{PHONE}99",
        details={"note": f"tel:{PHONE}", "numbers": [int(PHONE), "138 0013 8000"]},
        attachments=[{"kind": "audio", "name": f"{PHONE}.wav", "how_obtained": "recorder"}],
        utm={"from": PHONE},
    )
    assert found.told.phone is None
    assert found.dropped == ("phone",)
    assert found.contact.text == f"请回电***，或 ***、***。订单 99{PHONE}99"
    assert found.details["numbers"] == ["***", "***"]
    told = everything(found).replace(f"99{PHONE}99", "")
    assert PHONE not in told
    assert "8000" not in told


def test_details_and_unknown_fields_carry_markings_too() -> None:
    """R-IN-03: also nested ones, and one beside its siblings."""
    found = recorded(
        details={
            "order_no": {"value": "2024051800123", "provenance": "volunteered"},
            "wechat": {"value": "wang-88", "provenance": "scraped"},
            "second": {"qq": "990011", "city": "银川", "provenance": {"qq": "scraped"}},
            "numbers": [PHONE, {"value": "13900139000", "provenance": "scraped"}],
        },
        friend={"value": "li@example.com", "provenance": "scraped"},
        text="微信 wang-88，邮箱 LI@example.com",
    )
    assert found.details == {"order_no": "2024051800123", "second": {"city": "银川"}, "numbers": [PHONE]}
    assert found.provenance["details.order_no"] == "volunteered"
    assert found.dropped == (OTHER, OTHER, OTHER, OTHER)
    assert found.contact.text == "微信 ***，邮箱 ***"


def test_the_names_that_are_counted_are_a_closed_set() -> None:
    """R-IN-03, R-OB-01: a name of somebody's own making may be personal itself."""
    found = recorded(
        customer={"email": "w@example.com", "王芳的微信": "w-1", "provenance": "crm"},
        details={"contact_phone": {"value": PHONE, "provenance": "crm"}},
    )
    assert found.dropped == ("contact_phone", "email", OTHER)


def test_what_was_volunteered_elsewhere_stays() -> None:
    """R-IN-03: the same number, looked up in one place and told by the customer in another."""
    found = recorded(
        customer={"phone": PHONE, "provenance": {"phone": "crm"}},
        details={"contact_phone": {"value": "138 0013 8000", "provenance": "volunteered"}},
        text=f"我的电话是{PHONE}",
    )
    assert found.dropped == ("phone",)
    assert (found.told.phone, found.details["contact_phone"]) == (None, "138 0013 8000")
    assert found.contact.text == f"我的电话是{PHONE}"


def test_a_dropped_number_that_stands_in_another_field_too_becomes_nobodys() -> None:
    """R-IN-03: a mask is no member number, and identifies nobody."""
    found = recorded(
        customer={"phone": {"value": PHONE, "provenance": "crm"}, "member_no": PHONE, "address": f"{PHONE} 王收"}
    )
    assert (found.told.phone, found.told.member_no, found.told.address) == (None, None, "*** 王收")


def test_ordinary_words_and_single_characters_stay_in_the_text() -> None:
    """R-IN-03: a dropped tier or surname does not spoil what the customer wrote."""
    customer = {"name": "王", "tier": "new", "industry": "管件", "company": "Ann", "provenance": "crm"}
    found = recorded(customer=customer, text="A new 王牌管件, Annual report of Ann")
    assert found.contact.text == "A new 王牌管件, Annual report of ***"
    assert found.dropped == ("company", "industry", "name", "tier")


def test_the_provenance_of_goods_is_no_marking() -> None:
    assert recorded(details={"provenance": "Ningxia"}).details == {"provenance": "Ningxia"}


def test_a_policy_may_take_other_words_for_volunteered() -> None:
    """R-IN-03: which marking counts is policy."""
    intake = POLICY.intake.model_copy(update={"volunteered": ("volunteered", "caller_id")})
    contact = Contact.model_validate(
        {"occurred_at": MONDAY, "text": "?", "customer": {"phone": {"value": PHONE, "provenance": "caller_id"}}}
    )
    policy = POLICY.model_copy(update={"intake": intake})
    found = register(contact, policy, contact_id="c", channel="phone", source_id="s/1")
    assert (found.told.phone, found.provenance["customer.phone"]) == (PHONE, "caller_id")


words = st.text(min_size=1, max_size=8)
marks = st.sampled_from(["volunteered", "crm", "", None, 3])
some_json = st.recursive(
    words | st.integers() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words, inner, max_size=3)
        | st.fixed_dictionaries({"value": inner, "provenance": marks})
    ),
    max_leaves=8,
)


@given(st.dictionaries(words, some_json, max_size=3), words, st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_nowhere_whatever_surrounds_it(details: dict[str, Any], name: str, before: str, after: str) -> None:
    """R-IN-03: whatever else a contact holds, a dropped address is in nothing that is stored or told."""
    secret = "secret.person@example.com"
    found = recorded(
        text=f"{before} {secret} {after}",
        customer={"email": {"value": secret, "provenance": "crm"}, "company": f"{name} {secret}"},
        details={**details, "nested": [{"again": secret.upper()}], "second": {"value": secret, "provenance": "crm"}},
    )
    assert secret not in everything(found).lower()
    assert "email" in found.dropped


@given(st.text(max_size=30), st.lists(st.text(max_size=6) | st.integers(), max_size=4))
def test_masking_never_lengthens_and_can_be_repeated(text: str, values: list[Any]) -> None:
    """R-IN-02, R-IN-03: a text at its greatest length stays readable."""
    clean = Redactor(values)
    once = clean(text)
    assert len(once) <= len(text)
    assert len(clean(once)) <= len(once)

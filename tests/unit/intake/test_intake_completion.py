"""Completing the register of a contact: what is added, and what speaks against it (R-IN-04, R-IN-07, R-IN-11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.completion import Completion, Conflict, Given, Record, complete
from services.intake.domain.customer_file import FIELDS, CustomerFile
from services.intake.handlers.identifiers import same_detail
from shared.events import Preferences
from shared.policy import load_policy
from shared.testing.clock import MONDAY

POLICY = load_policy()
NOBODY = Record("c1", "k1", "要求换货", CustomerFile(), {}, CustomerFile())
WANG = CustomerFile(name="王芳", phone="13800138000", tier="returning")
KNOWN = replace(NOBODY, told=CustomerFile(phone="13800138000"), details={"order_no": "1"}, file=WANG)


def completing(
    record: Record, *, details: dict[str, Any] | None = None, correct: bool = False, **customer: Any
) -> Completion | Conflict:
    given_now = Given(CustomerFile(**customer), details or {}, {}, ())
    return complete(record, given_now, POLICY, same_detail, correct=correct)


def completed(record: Record, **given_now: Any) -> Completion:
    done = completing(record, **given_now)
    assert isinstance(done, Completion), done
    return done


def conflict(record: Record, **given_now: Any) -> tuple[str, ...]:
    done = completing(record, **given_now)
    assert isinstance(done, Conflict), done
    return done.places


def test_an_anonymous_customer_gets_a_name_and_a_number() -> None:
    """R-IN-04: 匿名客户 can be completed later."""
    assert completed(NOBODY).event("service-1", MONDAY).personal.name == "匿名客户"
    done = completed(NOBODY, name="王芳", phone="13800138000", details={"order_no": "1"})
    assert done.completed == ("name", "phone", "order_no")
    assert done.corrected == ()
    assert done.record.file == CustomerFile(name="王芳", phone="13800138000")
    event = done.event("service-1", MONDAY)
    assert (event.personal.name, event.personal.phone, event.personal.text) == ("王芳", "13800138000", "要求换货")
    assert (event.details, event.by, event.at) == ({"order_no": "1"}, "service-1", MONDAY)


def test_what_is_known_stays_and_the_whole_completion_is_refused() -> None:
    """R-IN-04: nothing is half done."""
    assert conflict(KNOWN, name="李梅", address="银川") == ("customer.name",)
    assert conflict(KNOWN, phone="13900139000", details={"order_no": "2"}) == ("customer.phone", "details.order_no")


def test_the_same_written_differently_is_no_conflict_and_nothing_new() -> None:
    same = completed(KNOWN, name=" 王芳", phone="+86 138-0013-8000", details={"order_no": "1", "note": " "})
    assert same.completed == ()


def test_a_correction_replaces_what_was_wrong_and_says_so() -> None:
    """R-IN-04: only where it is said to be one."""
    done = completed(KNOWN, name="李梅", address="银川", details={"order_no": "2"}, correct=True)
    assert done.completed == ("name", "address", "order_no")
    assert done.corrected == ("name", "order_no")
    assert (done.record.file.name, done.record.known.name) == ("李梅", "李梅")
    assert done.record.details == {"order_no": "2"}


def test_a_name_may_grow_and_a_tier_may_rise() -> None:
    """R-IN-04, R-IN-11: a surname becomes a name; staff may lower a tier only by a correction."""
    surname = replace(NOBODY, told=CustomerFile(name="王"), file=CustomerFile(name="王", tier="returning"))
    done = completed(surname, name="王芳", tier="vip")
    assert (done.completed, done.corrected) == (("name", "tier"), ())
    assert (done.record.file.name, done.record.file.tier) == ("王芳", "vip")
    assert conflict(done.record, name="王", tier="new") == ("customer.name", "customer.tier")
    assert completed(done.record, tier="new", correct=True).event("service-1", MONDAY).tier == "new"


def test_a_contact_that_told_another_name_leaves_the_file_alone() -> None:
    """R-IN-04: a colleague of 王芳 who calls from her telephone does not become her."""
    colleague = replace(KNOWN, told=CustomerFile(phone="13800138000", name="李"))
    done = completed(colleague, name="李梅")
    assert (done.record.told.name, done.record.file.name) == ("李梅", "王芳")
    assert done.event("service-1", MONDAY).personal.name == "李梅"


def test_preferences_are_renewed() -> None:
    """R-IN-11: a wish is no conflict."""
    known = replace(KNOWN, file=replace(WANG, preferences=Preferences(channel="email", elderly=True)))
    done = completed(known, preferences=Preferences(channel="sms"))
    assert (done.completed, done.corrected) == (("preferred_channel",), ())
    event = done.event("service-1", MONDAY)
    assert (event.preferred_channel, event.plain_language) == ("sms", True)
    assert completed(done.record, preferences=Preferences(channel="sms", elderly=True)).completed == ()


def test_details_that_the_contract_does_not_name_are_kept_one_by_one() -> None:
    """R-IN-02: unknown fields of the customer among them."""
    record = replace(NOBODY, details={"customer": {"wechat": "w-1"}, "note": None})
    done = completed(record, details={"customer": {"qq": "9"}, "note": "x"})
    assert done.record.details == {"customer": {"wechat": "w-1", "qq": "9"}, "note": "x"}
    assert conflict(record, details={"customer": {"wechat": "w-2"}}) == ("details.customer.wechat",)
    corrected = completed(record, details={"customer": {"wechat": "w-2"}}, correct=True)
    assert (corrected.details, corrected.corrected) == ({"customer": {"wechat": "w-2"}}, ("customer.wechat",))


values = st.none() | st.sampled_from(["王", "王芳", "13800138000", "vip", "new", "a@example.com"])
files = st.builds(CustomerFile, *(values for _ in FIELDS))
some_details = st.dictionaries(st.sampled_from("abc"), st.none() | st.sampled_from(["1", "2", {"x": "1"}]))


@given(told=files, known=files, now=files, details=some_details, more=some_details, correct=st.booleans())
def test_whatever_is_given_is_known_afterwards_or_refused(
    told: CustomerFile,
    known: CustomerFile,
    now: CustomerFile,
    details: dict[str, Any],
    more: dict[str, Any],
    *,
    correct: bool,
) -> None:
    """R-IN-04: and without a correction nothing that was known is lost; given again it changes nothing."""
    record = Record("c", "k", "t", told, details, known)
    given_now = Given(now, more, {}, ())
    done = complete(record, given_now, POLICY, same_detail, correct=correct)
    if isinstance(done, Conflict):
        assert not correct
        assert done.places
        return
    after = done.record
    for name in FIELDS:
        value = getattr(now, name)
        if value is not None and (correct or name != "tier"):
            assert same_detail(name, getattr(after.known, name), value)
        before = getattr(record.file, name)
        if before is not None and not correct:
            held = getattr(after.file, name)
            assert held == before or name == "tier" or (name == "name" and held.startswith(before))
    for name, value in more.items():
        if value is not None:
            assert after.details[name] == value
    assert set(done.corrected) <= set(done.completed) | {f"{name}.x" for name in done.completed}
    again = complete(after, given_now, POLICY, same_detail, correct=correct)
    assert isinstance(again, Completion)
    assert again.completed == ()


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("phone", "138 0013 8000", "+8613800138000", True),
        ("phone", "13800138000", "13800138001", False),
        ("phone", "88886666", "8888 6666", False),
        ("email", "A@Example.com", "a@example.com", True),
        ("member_no", " m1", "M1", True),
        ("name", "Wang  Fang", "wang fang", True),
        ("name", "王芳", "王方", False),
    ],
)
def test_the_same_detail_may_be_written_differently(name: str, one: str, other: str, *, same: bool) -> None:
    assert same_detail(name, one, other) is same

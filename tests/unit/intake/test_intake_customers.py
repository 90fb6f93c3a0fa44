"""Who a customer is: the strongest identifier decides, nothing is merged (R-IN-04, R-FB-08)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.customer_file import FIELDS, CustomerFile, file_of
from services.intake.domain.customers import KINDS, Identifier, Visitor, assign
from services.intake.handlers.identifiers import identifiers_of, normal_email, normal_member_no, normal_phone
from shared.events import Customer

MEMBER = Identifier("member_no", "M1")
PHONE = Identifier("phone", "+8613800138000")
EMAIL = Identifier("email", "wang@example.com")


def test_an_anonymous_customer_is_always_a_new_one() -> None:
    """R-IN-04"""
    assigned = assign([Visitor("c1", ()), Visitor("c2", ())], {})
    assert assigned.customer_ids == ("c1", "c2")
    assert assigned.claims == {}


def test_a_known_identifier_finds_its_customer_and_brings_the_others() -> None:
    assigned = assign([Visitor("c1", (PHONE, EMAIL))], {EMAIL: "known"})
    assert assigned.customer_ids == ("known",)
    assert assigned.claims == {PHONE: "known"}


def test_the_strongest_identifier_wins_and_nothing_is_merged() -> None:
    owners = {MEMBER: "a", PHONE: "b", EMAIL: "c"}
    assert assign([Visitor("new", (MEMBER, PHONE, EMAIL))], owners).customer_ids == ("a",)
    assert assign([Visitor("new", (PHONE, EMAIL))], owners).customer_ids == ("b",)
    assert assign([Visitor("new", (MEMBER, PHONE, EMAIL))], owners).claims == {}


def test_contacts_of_one_batch_see_one_another() -> None:
    """Each is decided as if they had come one after another."""
    visitors = [Visitor("c1", (PHONE,)), Visitor("c2", (PHONE, EMAIL)), Visitor("c3", (EMAIL,))]
    assigned = assign(visitors, {})
    assert assigned.customer_ids == ("c1", "c1", "c1")
    assert assigned.claims == {PHONE: "c1", EMAIL: "c1"}


some_identifiers = st.builds(Identifier, st.sampled_from(KINDS), st.sampled_from("xyz"))
sets_of_identifiers = st.sets(some_identifiers, max_size=3).map(
    lambda found: tuple(sorted(found, key=lambda i: (KINDS.index(i.kind), i.value)))
)


@given(st.lists(sets_of_identifiers, max_size=8), st.dictionaries(some_identifiers, st.sampled_from(["p", "q"])))
def test_one_batch_is_as_good_as_many(seen: list[tuple[Identifier, ...]], owners: dict[Identifier, str]) -> None:
    """R-IN-06: however contacts are cut into batches, their customers are the same, and no owner ever changes."""
    visitors = [Visitor(f"c{n}", identifiers) for n, identifiers in enumerate(seen)]
    whole = assign(visitors, owners)
    index = dict(owners)
    one_by_one: list[str] = []
    for visitor in visitors:
        step = assign([visitor], index)
        assert not step.claims.keys() & index.keys()
        index |= step.claims
        one_by_one += step.customer_ids
    assert tuple(one_by_one) == whole.customer_ids
    assert index == owners | dict(whole.claims)


@given(*(st.builds(CustomerFile, *(st.none() | st.text() for _ in FIELDS)) for _ in range(2)))
def test_a_file_grows_and_keeps_what_it_knows(known: CustomerFile, told: CustomerFile) -> None:
    """R-IN-04: completed later, never overwritten."""
    grown = known.completed(told)
    for name in FIELDS:
        before, after = getattr(known, name), getattr(grown, name)
        assert after == (getattr(told, name) if before is None else before)
    assert grown.completed(told) == grown


def test_blanks_and_the_name_of_the_anonymous_are_nothing_known() -> None:
    """R-IN-04"""
    assert file_of(Customer(name="匿名客户", phone=" ", company=" 甲公司 ")) == CustomerFile(company="甲公司")


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("+86-138-0013-8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("0571-88886666", "+8657188886666"),
        ("0571-88886666 ext. 801", "+8657188886666;ext=801"),
        ("+1 650 253 0000", "+16502530000"),
        ("88886666", None),
        ("138****8000", None),
        ("110", None),
        ("没有", None),
        ("1" * 100, None),
    ],
)
def test_a_phone_is_compared_as_e164(written: str, normal: str | None) -> None:
    assert normal_phone(written) == normal


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Wang.Fang@Example.COM ", "wang.fang@example.com"),
        ("wang＠example.com", "wang@example.com"),
        ("w***@example.com", None),
        ("wang", None),
    ],
)
def test_an_email_is_compared_in_small_letters(written: str, normal: str | None) -> None:
    assert normal_email(written) == normal


@pytest.mark.parametrize(("written", "normal"), [(" m-00 1", "M-001"), ("Ｍ1", "M1"), ("M*", None), ("9" * 65, None)])
def test_a_member_number_is_compared_in_capitals(written: str, normal: str | None) -> None:
    assert normal_member_no(written) == normal


def test_identifiers_come_strongest_first() -> None:
    told = CustomerFile(email="wang@example.com", phone="13800138000", member_no="m1")
    assert identifiers_of(told) == (MEMBER, PHONE, EMAIL)


@given(st.builds(CustomerFile, *(st.none() | st.text(min_size=1) for _ in FIELDS)))
def test_whatever_is_told_identifies_or_does_not(told: CustomerFile) -> None:
    """No text of a customer ever raises, and what identifies fits into an index."""
    for identifier in identifiers_of(told):
        assert 0 < len(identifier.value) <= 256

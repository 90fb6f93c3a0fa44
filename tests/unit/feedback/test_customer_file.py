"""The customer's file, read from contacts (R-FB-08)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.customer import Customer, phone_key
from services.feedback.domain.customer_file import CustomerFile, person_of
from shared.events import ContactCompleted, Personal
from tests.unit.feedback.builders import MONDAY, callback, case, registered


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("13800138000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("(010) 8888 7777", "1088887777"),
        ("+86 10 8888 7777", "1088887777"),
        ("8613", "8613"),
        ("+1 202 555 0100", "12025550100"),
        ("", None),
        ("没有", None),
        (None, None),
    ],
)
def test_a_telephone_number_is_found_however_it_is_written(number: str | None, key: str | None) -> None:
    """R-FB-08"""
    assert phone_key(number) == key


@given(st.text())
def test_a_key_is_its_own_key(number: str) -> None:
    key = phone_key(number)
    assert key is None or key.isdigit()


def test_of_each_fact_the_last_word_counts() -> None:
    """R-FB-08: what a contact leaves open takes nothing away; who once asked for plain words keeps getting them."""
    old = Customer("c1", name="王芳", phone="1", email="a@example.com", plain_language=True, locale="zh-CN")
    new = Customer("c2", phone="2", tier="vip", locale="en")
    person = person_of([new, old])
    assert (person.name, person.phone, person.email, person.tier) == ("王芳", "2", "a@example.com", "vip")
    assert (person.contact_id, person.locale, person.plain_language) == ("c2", "en", True)


def test_tags_and_scores_of_all_work_orders_come_together() -> None:
    """R-FB-08, R-RT-11"""
    cases = [case(tags=("b", "a")), replace(case(), tags=("a", "c"))]
    file = CustomerFile(Customer("c1"), [], cases, [callback(score=9), callback(score=6), callback()], [])
    assert file.tags == ("b", "a", "c")
    assert file.mean_score == 7.5
    assert CustomerFile(Customer("c1"), [], [], [callback()], []).mean_score is None


def test_a_completed_register_adds_and_takes_nothing_away() -> None:
    """R-IN-04, R-FB-08: the anonymous customer has a name afterwards."""
    before = Customer.of(registered(personal={"name": "匿名客户", "phone": None}))
    assert (before.name, before.phone_key) == (None, None)
    told = ContactCompleted(
        contact_id="c1",
        customer_id="k1",
        completed=("name", "phone"),
        details={"order_no": 77},
        personal=Personal(name="王芳", phone="+8613800138000"),
        by="service-1",
        at=MONDAY,
    )
    after = before.completed(told)
    assert (after.name, after.phone_key, after.order_no) == ("王芳", "13800138000", "77")
    assert (after.text, after.honorific) == (before.text, "女士")

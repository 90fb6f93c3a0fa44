"""The figures of telephone calls (R-IN-10)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.calls import NOBODY, CallCounts, counted, judged
from services.intake.domain.registration import register
from services.intake.ports import Unreadable
from shared.events import Call, CallFigures, Contact
from shared.policy import load_policy
from shared.testing.clock import MONDAY
from tests.plugins import built_in_channels

POLICY = load_policy()
PHONE = built_in_channels()["phone"]
FORM = {"occurred_at": MONDAY.isoformat(), "text": "空调不制冷"}
DAY = date(2026, 11, 23)


def call_of(**form: Any) -> Call:
    contact = PHONE.read({**FORM, **form})
    assert isinstance(contact, Contact), contact
    call = register(contact, POLICY, contact_id="c", channel="phone", source_id="s/1").call
    assert call is not None
    return call


@pytest.mark.parametrize(
    ("within", "beyond", "limit"),
    [
        ({"call": {"rings": 3}}, {"call": {"rings": 4}}, "rings"),
        ({"call": {"introduction_seconds": 30}}, {"call": {"introduction_seconds": 30.5}}, "introduction"),
        ({"call": {"hold_seconds": 60}}, {"call": {"hold_seconds": 61}}, "hold"),
        ({"call": {"hold_seconds": "1:00"}}, {"call": {"hold_seconds": "1:01"}}, "hold"),
        ({"duration_seconds": 600}, {"duration_seconds": 601}, "call"),
    ],
)
def test_each_limit_counts_from_just_beyond_it(within: dict[str, Any], beyond: dict[str, Any], limit: str) -> None:
    """R-IN-10: 3 rings, 30 seconds, 1 minute on hold, 10 minutes."""
    assert call_of(**within).exceeded == ()
    assert call_of(**beyond).exceeded == (limit,)


def test_a_call_may_exceed_every_limit() -> None:
    """R-IN-10"""
    call = {"rings": 9, "introduction_seconds": 90, "hold_seconds": 90}
    assert call_of(call=call, duration_seconds=900).exceeded == ("rings", "introduction", "hold", "call")


def test_the_limits_are_policy() -> None:
    """R-IN-10"""
    answering = POLICY.intake.answering.model_copy(update={"rings": 1})
    strict = POLICY.model_copy(update={"intake": POLICY.intake.model_copy(update={"answering": answering})})
    assert judged(CallFigures(rings=2), None, strict).exceeded == ("rings",)
    assert judged(CallFigures(rings=2), None, POLICY).exceeded == ()


@pytest.mark.parametrize("place", ["call", "details", "form"])
def test_figures_are_found_where_a_desk_writes_them(place: str) -> None:
    """R-IN-10: in `call`, or flat as telephone systems do."""
    figures = {
        "rings": 2,
        "hold_seconds": "0:45",
        "unresolved": True,
        "callback_offered": "是",
        "callback_declined": True,
    }
    form = figures if place == "form" else {place: figures}
    call = call_of(**form)
    assert (call.missed, call.rings, call.hold_seconds, call.introduction_seconds) == (False, 2, 45, None)
    assert call.unresolved is call.callback_offered is call.callback_declined is True


def test_a_figure_in_its_place_that_makes_no_sense_is_a_fault_and_beside_it_is_only_kept() -> None:
    """R-IN-08, R-IN-10"""
    reading = PHONE.read({**FORM, "call": {"rings": -1, "hold_seconds": "long"}})
    assert isinstance(reading, Unreadable)
    assert [fault.field for fault in reading.faults] == ["call.rings", "call.hold_seconds"]
    contact = PHONE.read({**FORM, "details": {"rings": "many", "hold_seconds": -3}})
    assert isinstance(contact, Contact)
    assert contact.details == {"rings": "many", "hold_seconds": -3}
    assert call_of(details={"rings": "many"}).rings is None


def test_what_else_a_telephone_system_tells_of_a_call_is_kept() -> None:
    """R-IN-02: unknown fields are kept, not refused."""
    for call, kept in (({"rings": 1, "trunk": "east"}, {"trunk": "east"}), ("call-77", "call-77")):
        contact = PHONE.read({**FORM, "call": call, "details": {"order_no": "1"}})
        assert isinstance(contact, Contact)
        assert contact.details == {"order_no": "1", "call": kept}


def test_a_missed_call_needs_no_text_and_is_no_agents() -> None:
    """R-IN-10: a missed call is a contact too."""
    for form in ({"call": {"missed": True, "rings": 7}}, {"missed": True, "rings": 7}, {"details": {"missed": True}}):
        contact = PHONE.read({**FORM, **form, "text": None})
        assert isinstance(contact, Contact), form
        assert contact.text == "未接来电，请回电。"
        assert call_of(**form, text=None).missed
    assert call_of(call={"missed": True, "rings": 7}).exceeded == ("rings",)


def test_only_a_contact_by_telephone_has_a_call() -> None:
    contact = built_in_channels()["web"].read({**FORM, "call": "me back"})
    assert isinstance(contact, Contact)
    registration = register(contact, POLICY, contact_id="c", channel="web", source_id="s/1")
    assert registration.call is None
    assert registration.details == {"call": "me back"}


def test_calls_are_counted_by_day_and_agent() -> None:
    """R-IN-10: each limit exceeded is counted, per agent; the answer rate follows."""
    counts = counted(
        [
            (DAY, "service-1", Call()),
            (DAY, "service-1", Call(exceeded=("hold", "call"))),
            (DAY, "service-2", Call(exceeded=("hold",))),
            (DAY, None, Call(missed=True, exceeded=("rings",))),
        ]
    )
    assert counts == {
        (DAY, "service-1"): CallCounts(answered=2, hold=1, call=1),
        (DAY, "service-2"): CallCounts(answered=1, hold=1),
        (DAY, NOBODY): CallCounts(missed=1, rings=1),
    }
    total = sum(counts.values(), CallCounts())
    assert (total.calls, total.answer_rate) == (4, 0.75)
    assert CallCounts().answer_rate == 1


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=30))
def test_no_call_is_lost_in_counting(calls: list[tuple[str, bool]]) -> None:
    """R-IN-10"""
    counts = counted((DAY, agent, Call(missed=missed)) for agent, missed in calls)
    total = sum(counts.values(), CallCounts())
    assert (total.calls, total.missed) == (len(calls), sum(missed for _, missed in calls))

"""The whole way of a work order, with times, from the contact to the callback and what was learned (R-OB-04)."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.cli.workorder_facts import Facts
from shared.cli.workorder_way import Passage, milestones, trace_of_way, way_of
from shared.cli.workorder_words import about, lasted, name_of
from shared.events import EVENT_TYPES

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TRACE = "a" * 32
_spans = itertools.count(1)


def at(seconds: float) -> str:
    return (MONDAY + timedelta(seconds=seconds)).isoformat()


def local(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def event(name: str, seconds: float, service: str = "sla", trace: str = TRACE, /, **data: Any) -> dict[str, Any]:
    return {
        "type": f"yingda.{name}.v1",
        "source": f"yingda/{service}",
        "time": at(seconds),
        "traceparent": f"00-{trace}-{next(_spans):016x}-01",
        "data": data,
    }


def step(version: int, name: str, seconds: float, by: str = "system", **more: Any) -> dict[str, Any]:
    return {"version": version, "step": name, "at": at(seconds), "by": by, "department": "market", **more}


WORK_ORDER = {
    "work_order_id": "w1",
    "contact_id": "c1",
    "source_id": "web/shop/7",
    "channel": "web",
    "category": "after_sales",
    "topic": "product",
    "confidence": 0.93,
    "classified_by": "rules",
    "traceparent": f"00-{TRACE}-{'b' * 16}-01",
    "occurred_at": at(0),
    "registered_at": at(2),
    "opened_at": at(3),
}
STEPS = [
    step(1, "opened", 3),
    step(2, "assigned", 3, details={"way": "assigner", "assignee": "market-1"}),
    step(3, "responded", 60, "market-1", text="正在处理", details={"audience": "customer"}),
    step(4, "resolved", 3600, "market-1", text="已换货", details={"outcome": "resolved"}),
    step(5, "called_back", 90_000, "service-1"),
    step(6, "closed", 90_000, details={"outcome": "resolved"}),
]
CLOCK: dict[str, Any] = {"clock_id": "k1", "metric": "first_response", "cycle": 1, "due_at": at(1800)}
EVENTS = [
    event("contact.registered", 2, "intake", channel="web"),
    event("workorder.opened", 3, "routing", version=1),
    event("workorder.assigned", 3, "routing", version=2, by="system"),
    event("sla.started", 4, **CLOCK),
    event("notification.sent", 6, "notify", notification_id="n1", purpose="accepted", audience="customer", transport="sms"),
    event("workorder.responded", 60.1, "routing", version=3, by="market-1"),
    event("sla.met", 61, **CLOCK, used_seconds=60),
    event("sla.breached", 5000, clock_id="k2", metric="resolution", cycle=2, due_at=at(4000), late_seconds=1000.5),
    event("callback.completed", 90_000, "feedback", "c" * 32, by="service-1", kind="callback", outcome="reached",
          solved=True, score=9, satisfaction="satisfied", due_at=at(90_000)),
    event("knowledge.drafted", 90_001, "feedback", entry_id="e1", revision=1, by="system"),
]  # fmt: skip
NOTICES = [
    {"notification_id": "n1", "state": "sent", "purpose": "accepted", "audience": "customer", "created_at": at(5)}
]


def facts(**changes: Any) -> Facts:
    told: dict[str, Any] = {
        "events": EVENTS,
        "notices": NOTICES,
        "clocks": [CLOCK | {"started_at": at(0), "state": "met"}],
    }
    return Facts(WORK_ORDER, STEPS, {}, **(told | changes))


def told(way: list[Passage]) -> list[tuple[str, str, str]]:
    return [(one.what, one.who, one.about) for one in way]


def test_everything_is_told_once_in_its_order_with_who_and_what() -> None:
    way = way_of(facts(received_at=MONDAY + timedelta(seconds=1)), local)
    assert told(way) == [
        ("contact occurred", "web/shop", "web"),
        ("contact received", "web/shop", "web/shop/7"),
        ("contact registered", "intake", "web"),
        ("classified", "rules", "after_sales / product, sure to 93%"),
        ("opened", "routing", "market"),
        ("assigned", "routing", "market, assigner, market-1"),
        ("clock started", "sla", "first_response, due 02:30"),
        ("notice queued", "notify", "accepted to customer"),
        ("notice sent", "notify", "accepted to customer by sms"),
        ("responded", "market-1", "market, customer, 正在处理"),
        ("clock met", "sla", "first_response, due 02:30, 1 min 00 s used"),
        ("resolved", "market-1", "market, resolved, 已换货"),
        ("clock breached", "sla", "resolution, cycle 2, due 03:06, 16 min 40 s late"),
        ("called back", "service-1", "market"),
        ("closed", "routing", "market, resolved"),
        ("callback completed", "service-1", "callback, reached, solved, score 9, satisfied"),
        ("knowledge drafted", "feedback", "entry e1, revision 1"),
    ]
    assert [one.at for one in way] == sorted(one.at for one in way)
    assert {one.trace_id for one in way} == {TRACE, "c" * 32, None}
    assert [one.service for one in way if one.what == "responded"] == ["routing"]


def test_without_the_messages_it_is_told_what_the_services_keep() -> None:
    way = told(way_of(facts(events=[]), local))
    assert ("contact registered", "intake", "web") in way
    assert ("clock started", "sla", "first_response, due 02:30, met") in way
    assert ("notice queued", "notify", "accepted to customer, sent") in way
    assert ("responded", "market-1", "market, customer, 正在处理") in way
    assert trace_of_way(facts(events=[])) == TRACE


def test_a_notice_that_waits_says_until_when() -> None:
    waiting = NOTICES[0] | {"notification_id": "n2", "state": "queued", "next_attempt_at": at(7200)}
    assert ("notice queued", "notify", "accepted to customer, waits until 04:00") in told(
        way_of(facts(notices=[waiting]), local)
    )


def test_how_it_came_along_is_counted_from_the_contact() -> None:
    way = way_of(facts(), local)
    found = {name: (end - begin).total_seconds() for name, begin, end in milestones(facts(), way)}
    assert found == {"first answer": 60, "result": 3600, "callback": 90_000, "end": 90_000}
    assert list(milestones(Facts({"id": "w"}, [], {}), [])) == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (0.0124, "12 ms"),
        (1.26, "1.3 s"),
        (59.94, "59.9 s"),
        (61, "1 min 01 s"),
        (3_600, "1 h 00 min"),
        (47 * 3600 + 59 * 60, "47 h 59 min"),
        (50 * 3600, "2 d 02 h"),
        (-90, "-1 min 30 s"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert lasted(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_every_event_of_the_contract_has_words(event_type: str) -> None:
    """Also where it has none of the fields that are usually told."""
    assert 3 < len(name_of(event_type)) < 24
    assert "_" not in name_of(event_type)
    moments = dict.fromkeys(("due_at", "previous_due_at", "promised_at", "next_at", "cutoff_at"), at(0))
    assert isinstance(about(event_type, {}, local), str)
    assert isinstance(about(event_type, moments, local), str)


def test_nothing_that_follows_from_a_contact_is_told_before_it_where_clocks_differ_by_a_moment() -> None:
    late = [event("contact.registered", 3.01, "intake", channel="web"), *EVENTS[1:]]
    plain = told(way_of(facts(received_at=MONDAY + timedelta(seconds=1)), local))
    assert told(way_of(facts(events=late, received_at=MONDAY + timedelta(seconds=1)), local)) == plain

"""The judge can fail: each wrong in a record or in the messages that is otherwise right is found, and found alone."""

import json
from collections.abc import Callable
from copy import deepcopy
from itertools import count
from typing import Any

import pytest

from tests.faults.chaos.judge import judge
from tests.faults.chaos.ledger import Ledger
from tests.faults.chaos.messages import Messages
from tests.faults.chaos.record import Record

Event = dict[str, Any]
ENDED = {"work_order_id": "w1", "number": "XR20261123001", "department": "market", "status": "responded"}
CLOCK = {"clock_id": "k1", "subject_type": "workorder", "subject_id": "w1", "metric": "first_response", "cycle": 1}
_numbers = count(1)


def event(kind: str, **data: Any) -> Event:
    return {"source": "yingda/test", "id": f"e{next(_numbers)}", "type": f"yingda.{kind}.v1", "data": data}


class Case:
    """One contact that went right, from its delivery to the end of its clock; a test spoils one thing of it."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.ledger.acknowledged["web/shop/1"] = 2
        self.ledger.ask("c1", "respond", "w1", "您好 c1")
        self.ledger.answered("c1", {"ok": True, "result": {}})
        told = {"purpose": "accepted", "work_order_id": "w1"}
        self.registered = event("contact.registered", source_id="web/shop/1")
        self.opened = event("workorder.opened", **ENDED, version=1, source_id="web/shop/1")
        self.started = event("sla.started", **CLOCK, due_at="2026-11-23T03:00:00Z")
        self.responded = event("workorder.responded", **ENDED, version=2, text="您好 c1")
        self.met = event("sla.met", **CLOCK)
        self.sent = event("notification.sent", notification_id="n1", **told)
        self.closed = event("workorder.closed", **ENDED, version=3)
        self.events = [
            self.registered, self.opened, self.started, self.responded, self.met, self.sent, self.closed,
        ]  # fmt: skip
        self.lines = [json.dumps({"notification_id": "n1", "purpose": "accepted", "work_order": "XR20261123001"})]

    def findings(self) -> list[tuple[str, str]]:
        record, messages = Record(), Messages()
        for one in self.events:
            record.see(one)
        for line in self.lines:
            messages.take(line)
        return [(finding.kind, finding.id) for finding in judge(self.ledger, record, messages)]

    def again(self, one: Event, **changes: Any) -> Event:
        """Return an event like `one`, of its own id, with other data."""
        other = deepcopy(one)
        other["id"] = f"e{next(_numbers)}"
        other["data"] |= changes
        return other


def test_what_went_right_is_not_found_fault_with() -> None:
    assert Case().findings() == []


def test_the_same_event_twice_is_one_event() -> None:
    case = Case()
    case.events += deepcopy(case.events)
    assert case.findings() == []


Spoil = Callable[[Case], None]


def lost(case: Case) -> None:
    case.ledger.acknowledged["web/shop/2"] = 1


def registered_only(case: Case) -> None:
    lost(case)
    case.events.append(case.again(case.registered, source_id="web/shop/2"))


def registered_twice(case: Case) -> None:
    case.events.append(case.again(case.registered))


def never_published(case: Case) -> None:
    del case.ledger.acknowledged["web/shop/1"]


def opened_twice(case: Case) -> None:
    case.events.append(case.again(case.opened, work_order_id="w2", number="XR20261123002"))
    case.lines.append(case.lines[0].replace("n1", "n2").replace("001", "002"))


def same_number(case: Case) -> None:
    lost(case)
    case.events.append(case.again(case.registered, source_id="web/shop/2"))
    case.events.append(case.again(case.opened, work_order_id="w2", source_id="web/shop/2"))


def gap(case: Case) -> None:
    case.closed["data"]["version"] = 4


def inversion(case: Case) -> None:
    case.events.remove(case.responded)
    case.events.append(case.responded)


def version_twice(case: Case) -> None:
    case.events.append(case.again(case.closed))


def clock_open(case: Case) -> None:
    case.events.remove(case.met)


def clock_two_ends(case: Case) -> None:
    case.events.append(event("sla.breached", **CLOCK))


def clock_breached_twice(case: Case) -> None:
    case.met["type"] = "yingda.sla.breached.v1"
    case.events.append(event("sla.breached", **CLOCK))


def clock_never_started(case: Case) -> None:
    case.events.remove(case.started)


def clock_for_the_same_twice(case: Case) -> None:
    case.events.append(case.again(case.started, clock_id="k2"))
    case.events.append(case.again(case.met, clock_id="k2"))


def sent_twice(case: Case) -> None:
    case.lines *= 2


def accepted_told_twice(case: Case) -> None:
    case.lines.append(case.lines[0].replace("n1", "n2"))


def in_a_digest_again(case: Case) -> None:
    digest = {"notification_id": "n7", "also": ["n1"], "purpose": "assigned", "work_order": None}
    case.lines.append(json.dumps(digest))


def never_told(case: Case) -> None:
    case.lines.clear()


def unanswered(case: Case) -> None:
    case.ledger.ask("c2", "sign", "w1", "").attempts = 3


def other_answer(case: Case) -> None:
    case.ledger.answered("c1", {"ok": True, "result": {"version": 9}})


def effect_lost(case: Case) -> None:
    case.ledger.ask("c2", "respond", "w1", "您好 c2")
    case.ledger.answered("c2", {"ok": True, "result": {}})


def effect_doubled(case: Case) -> None:
    case.events.append(case.again(case.responded, version=4))


def effect_of_a_refused_one(case: Case) -> None:
    case.ledger.commands["c1"].replies[:] = [{"ok": False, "error": {"status": 409}}]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lost, [("contact lost", "web/shop/2")]),
        (registered_only, [("contact lost", "web/shop/2")]),
        (registered_twice, [("contact doubled", "web/shop/1")]),
        (never_published, [("contact invented", "web/shop/1")]),
        (opened_twice, [("work order doubled", "web/shop/1")]),
        (same_number, [("number doubled", "XR20261123001")]),
        (gap, [("version gap", "w1")]),
        (inversion, [("version inversion", "w1")]),
        (version_twice, [("version doubled", "w1")]),
        (clock_open, [("clock end", "k1")]),
        (clock_two_ends, [("clock end", "k1")]),
        (clock_breached_twice, [("clock end", "k1")]),
        (clock_never_started, [("clock start", "k1")]),
        (clock_for_the_same_twice, [("clock doubled", "k1, k2")]),
        (sent_twice, [("message doubled", "n1"), ("message doubled", "w1")]),
        (accepted_told_twice, [("message doubled", "w1")]),
        (in_a_digest_again, [("message doubled", "n1")]),
        (never_told, [("message lost", "w1")]),
        (unanswered, [("command unanswered", "c2")]),
        (other_answer, [("command answered twice", "c1")]),
        (effect_lost, [("command effect", "c2")]),
        (effect_doubled, [("command effect", "c1")]),
        (effect_of_a_refused_one, [("command effect", "c1")]),
    ],
)
def test_one_wrong_is_found_and_named(spoil: Spoil, found: list[tuple[str, str]]) -> None:
    case = Case()
    spoil(case)
    assert case.findings() == found


@pytest.mark.parametrize("spoil", [sent_twice, accepted_told_twice, never_told])
def test_a_message_that_is_flagged_unknown_is_no_finding(spoil: Spoil) -> None:
    """R-NT-04: a doubt that is shown is not a message sent twice."""
    case = Case()
    spoil(case)
    case.events.append(case.again(case.sent) | {"type": "yingda.notification.unknown.v1"})
    assert case.findings() == []


def test_half_a_line_that_a_crash_left_is_no_message() -> None:
    case = Case()
    case.lines.append(case.lines[0][:20])
    assert case.findings() == []

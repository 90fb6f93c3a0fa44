"""Every purpose of section 5 reaches the right people in the right words, over real servers (R-NT-02, R-FB-01 to R-FB-03)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from services.notify.plugins.smtp import SmtpTransport
from services.notify.ports import Outbound, Outcome, Sent
from shared.events import (
    NotificationSent,
    NotificationStep,
    NotificationSuppressed,
    Purpose,
    ReportPublished,
    SurveyIssued,
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderHandedOver,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderSigned,
)
from shared.settings import Settings
from shared.survey_token import survey_id_of
from tests.plugins import transport_setup
from tests.unit.notify.events import NOW, completed, escalated, opening, registered, step, warned
from tests.unit.notify.house import KEY, House, notify_house
from tests.unit.notify.smtp_server import smtp_server

SURVEY = "5f0c9f0e-1f0e-4f5c-9f77-3f3a4bb5a1aa"
SPRING_FESTIVAL = datetime(2026, 2, 17, 2, 0, tzinfo=UTC)


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


def survey(**changes: Any) -> SurveyIssued:
    given: dict[str, Any] = {
        "survey_id": SURVEY,
        "callback_id": "b1",
        "work_order_id": "w1",
        "number": "XR20261123001",
        "cycle": 1,
        "department": "market",
        "expires_at": NOW + timedelta(days=7),
        "at": NOW,
    }
    return SurveyIssued(**given | changes)


def weekly() -> ReportPublished:
    start = NOW.replace(hour=16) - timedelta(days=8)
    return ReportPublished(report="weekly", period_start=start, period_end=start + timedelta(days=7), uri="w.html")


async def test_a_whole_life_says_everything_that_there_is_to_say(house: House) -> None:
    """R-NT-01, R-NT-02: all twelve purposes, each to the right people, each once however often it is told."""
    one = await house.replica()
    life = [
        registered(),
        opening(),
        step(WorkorderAssigned, 2, assignee="market-2", by="system"),
        step(WorkorderResponded, 3, text="正在联系厂家", by_department="market"),
        warned(),
        escalated(),
        step(WorkorderResolved, 4, status="resolved", outcome="resolved", text="已换货"),
        step(WorkorderSigned, 5, status="signed", confirmation_required=False, by="market-supervisor"),
        survey(),
        completed(kind="survey", solved=False, score=3, satisfaction="dissatisfied", reopen=True, second_contact=True),
        step(WorkorderReopened, 6, status="opened", cycle=2, category="after_sales", grade="normal", by="system"),
        step(WorkorderClosed, 7, status="closed", outcome="resolved", cycle=2, by="system"),
        WorkorderHandedOver(department="network", cutoff_at=NOW, work_order_ids=("w7",), numbers=("XR20261123007",)),
        weekly(),
    ]
    messages = await one.bench.happens(*life)
    for _ in range(4):
        await one.work(2)
        house.bench.clock.at += timedelta(minutes=1)
    async with house.bench.engine.begin() as connection:
        for table in ("inbox", "versions"):
            await connection.exec_driver_sql(f"DELETE FROM notify.{table}")
    await one.bench.happens(*messages)
    await one.work(2)
    told = await house.bench.told(NotificationSent)
    assert {event.purpose for event in told} == set(get_args(Purpose))
    assert len({event.notification_id for event in told}) == len(told)
    people = {
        "accepted": {"customer"},
        "progress": {"customer"},
        "result": {"customer"},
        "survey": {"customer"},
        "reopened": {"customer"},
        "assigned": {"market-2"},
        "warning": {"market-2"},
        "breach": {"market-supervisor"},
        "sign_request": {"market-supervisor"},
        "satisfaction": {"market-supervisor"},
        "handover": {"network-supervisor"},
    }
    rows = await house.rows()
    assert {purpose: {row.recipient for row in rows if row.purpose == purpose} for purpose in people} == people
    readers = {row.recipient for row in rows if row.purpose == "report"}
    assert {"general-manager", "market-head", "network-supervisor"} < readers
    assert len(readers) == 14
    await one.sender.stop()


async def test_the_link_of_a_survey_is_in_its_message_and_nowhere_else(house: House) -> None:
    """R-FB-01, R-FB-02: neither in the queue nor in an event."""
    one = await house.replica()
    await one.bench.happens(registered(), opening(), survey())
    await one.work()
    (line,) = [line for line in house.lines("sms") if line["purpose"] == "survey"]
    token = line["text"].split("https://survey.example.com/s/")[1].split()[0]
    assert survey_id_of(token, KEY) == SURVEY
    kept = "".join(str(row) for row in await house.rows())
    said = "".join(event.model_dump_json() for event in await house.bench.told(NotificationStep))
    assert token not in kept + said
    await one.sender.stop()


async def test_a_survey_that_is_over_is_not_sent(house: House) -> None:
    """R-FB-02: what waited too long to leave would lead to a closed page."""
    one = await house.replica()
    await one.bench.happens(registered(), opening())
    await one.bench.happens(survey(expires_at=NOW - timedelta(seconds=1)))
    await one.work()
    (event,) = await house.bench.told(NotificationSuppressed)
    assert (event.purpose, event.reason) == ("survey", "the survey is over")
    await one.sender.stop()


async def test_a_customer_is_contacted_by_the_promised_time(house: House) -> None:
    """R-RT-10: without progress, before the time is over; not once the result is there."""
    one = await house.replica()
    due = NOW + timedelta(hours=1)
    await one.bench.happens(registered(), opening(), warned(metric="promise", clock_id="k5", due_at=due))
    await one.work()
    line = house.lines("sms")[-1]
    assert line["purpose"] == "progress"
    assert "我们答应过在11月23日（周一）11:15前联系您" in line["text"]
    (event,) = [one for one in await house.bench.told(NotificationSent) if one.purpose == "progress"]
    assert event.audience == "customer"  # what meets the promise's clock and restarts the daily one
    await one.bench.happens(
        step(WorkorderSigned, 2, status="signed", confirmation_required=False),
        warned(metric="promise", clock_id="k6", due_at=due),
    )
    await one.work()
    (none,) = await house.bench.told(NotificationSuppressed)
    assert none.reason == "the result came first"
    await one.sender.stop()


async def test_a_customer_who_prefers_simple_words_gets_them_and_a_wish_on_a_holiday(house: House) -> None:
    """R-IN-11."""
    house.bench.clock.at = SPRING_FESTIVAL
    one = await house.replica()
    await one.bench.happens(registered(plain_language=True), opening(category="product_inquiry", topic=None))
    await one.work()
    (line,) = house.lines("sms")
    assert "您的事我们收到了" in line["text"]
    assert line["text"].endswith("祝您春节快乐！")
    await one.sender.stop()


@dataclass
class Stuck:
    """A provider that answers when the test lets it."""

    name: str = "file"
    channel: str = "sms"
    resend_when_unknown: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        self.asked.set()
        await self.answer.wait()
        return [Sent()] * len(messages)

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        del ids
        return None

    async def close(self) -> None:
        self.answer.set()


async def test_a_provider_that_hangs_delays_neither_events_nor_other_messages(house: House) -> None:
    """R-NT-06: the work order goes on, staff are told, commands are answered."""
    stuck = Stuck()
    one = await house.replica(stuck)
    await one.bench.happens(registered(), opening())
    await one.sender.turn()
    await asyncio.wait_for(stuck.asked.wait(), 60)
    await one.bench.happens(step(WorkorderResolved, 2, status="resolved", outcome="resolved", text="已换货"))
    await one.sender.turn()
    await one.bench.heard(NotificationSent, where=lambda event: event.purpose == "sign_request")
    assert (await house.states())["accepted:customer"] == "sending"
    listed = await one.say("list", state="sending")
    assert [line["purpose"] for line in listed["result"]["notifications"]] == ["accepted"]
    stuck.answer.set()
    await one.work()
    assert set((await house.states()).values()) == {"sent"}
    await one.sender.stop()


async def test_a_failed_message_can_be_given_up_with_a_reason(house: House) -> None:
    """R-NT-06: it is out of the list of faults; the reason stays with it and is in no event."""
    one = await house.replica()
    await one.bench.happens(registered(personal={"phone": None}), opening())
    await one.work()
    (row,) = await house.rows()
    reply = await one.say("discard", notification_id=row.notification_id, reason="已电话告知王女士")
    assert reply["result"]["state"] == "discarded"
    assert (await one.say("list", state="suppressed"))["result"]["notifications"] == []
    shown = (await one.say("show", notification_id=row.notification_id))["result"]
    assert shown["reason"] == "service-1: 已电话告知王女士"
    said = "".join(event.model_dump_json() for event in await house.bench.told(NotificationStep))
    assert "王女士" not in said
    again = await one.say("discard", notification_id=row.notification_id, reason="x")
    assert again["error"]["status"] == 409
    await one.say("retry", notification_id=row.notification_id)
    assert (await house.states())["accepted:customer"] == "queued"
    await one.sender.stop()


async def test_mails_arrive_whole_over_a_real_mail_server(house: House) -> None:
    """R-NT-05, R-NT-07: a mailbox that does not exist is suppressed; the rest of the batch arrives."""
    async with smtp_server(RCPT=["550 5.1.1 no such user"]) as server:
        settings = Settings(smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="none")
        smtp = SmtpTransport(transport_setup("email", settings, house.bench.clock.now))
        smtp.name = "file"  # in the place of the default policy's transport
        one = await house.replica(smtp)
        await one.bench.happens(registered(personal={"phone": None, "email": "gone@example.com"}), opening())
        await one.work()
        await one.bench.happens(
            registered("c2", personal={"phone": None, "email": "wangfang@example.com"}),
            opening("w2", contact_id="c2", number="XR20261123002"),
            step(WorkorderResponded, text="正在联系厂家", by_department="market"),
        )
        await one.work(2)
        with suppress(TimeoutError):
            await one.sender.stop()
    assert server.recipients == ["wangfang@example.com"]
    (mail,) = server.mails
    assert mail["Subject"] == "您的问题已受理（编号 XR20261123002）"
    assert "王女士，您好！" in mail.get_content()
    reasons = {event.purpose: event.reason for event in await house.bench.told(NotificationStep) if event.reason}
    assert reasons == {"accepted": "refused with 550", "progress": "the address does not exist"}
    sent = next(row for row in await house.rows() if row.state == "sent")
    assert sent.reference == mail["Message-ID"]


async def test_a_complaint_about_a_supervisor_is_told_to_the_head(house: House) -> None:
    """R-RT-07, R-NT-02: from the opening on; whom it is about hears nothing of it."""
    one = await house.replica()
    about: dict[str, Any] = {"category": "staff_complaint", "topic": None}
    await one.bench.happens(
        registered(details={"employee": "赵立新", "reason": "骂人"}), opening(**about, grade="urgent")
    )
    await one.work()
    await one.bench.happens(
        registered("c2", details={"employee": "王浩然"}),
        opening("w2", contact_id="c2", number="XR20261123002", **about),
    )
    await one.work()
    told = {(row.work_order_id, row.recipient) for row in await house.rows() if row.audience == "staff"}
    assert told == {("w1", "market-head"), ("w2", "market-supervisor")}
    await one.sender.stop()


async def test_whom_a_complaint_concerns_is_remembered_with_the_work_order(house: House) -> None:
    """R-RT-07, R-RT-05: as routing has read it in the text, for every later event; and what is sensitive is told once."""
    one = await house.replica()
    about: dict[str, Any] = {"category": "staff_complaint", "topic": None, "grade": "urgent", "sensitive": True}
    await one.bench.happens(registered(), opening(**about, concerned=("market-supervisor",)))
    await one.work()
    again: dict[str, Any] = {
        "category": "staff_complaint",
        "grade": "urgent",
        "occurred_at": NOW,
        "sensitive": True,
        "by": "system",
    }
    await one.bench.happens(step(WorkorderClassified, **again, concerned=("market-supervisor",)))
    await one.work()
    await one.bench.happens(step(WorkorderResolved, 3, outcome="resolved", text="已核实"))
    await one.work()
    told = [(row.purpose, row.recipient) for row in await house.rows() if row.audience == "staff"]
    assert sorted(told) == [
        ("assigned", "market-head"),
        ("assigned", "service-supervisor"),
        ("sign_request", "market-head"),
    ]
    await one.sender.stop()

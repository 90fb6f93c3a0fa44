"""Notify on real servers: once each, whatever is redelivered, crashes or stays unanswered (R-NT-01 to R-NT-06)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.notify.ports import Rejected, Retry, Sent, Unknown
from services.notify.store import queue, review
from shared.events import NotificationStep, WorkorderConfirmed, WorkorderResolved, WorkorderSigned
from shared.events.commands import ListNotifications, RetryNotification
from shared.policy import Policy
from tests.unit.notify.events import NOW, completed, customer, escalated, opening, registered, step, warned
from tests.unit.notify.house import House, Provider, notify_house

NIGHT = NOW.replace(hour=14)  # 22:00 in Shanghai
MORNING = NOW.replace(day=24, hour=0, minute=0)


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


async def test_the_acceptance_notice_goes_out_by_sms(house: House) -> None:
    """R-NT-01: number, problem, owner and expected time."""
    one = await house.replica()
    messages = await one.bench.happens(registered(), opening())
    await one.work()
    (line,) = house.lines("sms")
    assert line["to"] == "13800138000"
    assert line["work_order"] == "XR20261123001"
    for part in ("王女士，您好", "空调不制冷,要求换货", "XR20261123001", "市场部", "11月24日（周二）10:15"):
        assert part in line["text"]
    (event,) = await house.bench.told(NotificationStep)
    assert (event.TYPE, event.purpose, event.audience) == ("yingda.notification.sent.v1", "accepted", "customer")
    assert (event.transport, event.to_masked, event.attempt) == ("file", "138****8000", 1)
    assert (event.cause_id, event.work_order_id) == (messages[1].id, "w1")
    await one.sender.stop()


async def test_a_redelivered_event_tells_nobody_twice(house: House) -> None:
    """R-NT-04: also where the inbox has forgotten the event."""
    one = await house.replica()
    messages = await one.bench.happens(registered(), opening(grade="urgent"))
    await one.bench.happens(*messages)
    await one.work(3)
    async with house.bench.engine.begin() as connection:
        for table in ("inbox", "versions"):
            await connection.exec_driver_sql(f"DELETE FROM notify.{table}")
    await one.bench.happens(*messages)
    await one.work(3)
    assert len(house.lines("sms")) == 1
    assert [line["to"] for line in house.lines("email")] == ["market-supervisor@example.com"]
    assert len(await house.bench.told(NotificationStep)) == 2
    await one.sender.stop()


async def test_a_work_order_that_comes_before_its_contact_is_told_when_the_contact_comes(house: House) -> None:
    one = await house.replica()
    await one.bench.happens(opening())
    await one.work()
    assert await house.states() == {"accepted:customer": "waiting"}
    await one.bench.happens(registered())
    await one.work()
    assert await house.states() == {"accepted:customer": "sent"}
    assert len(house.lines("sms")) == 1
    await one.sender.stop()


async def test_a_warning_that_comes_before_its_work_order_waits_for_it(house: House) -> None:
    one = await house.replica()
    await one.bench.happens(warned())
    await one.work()
    await one.bench.happens(opening(), registered())
    await one.work(2)
    (line,) = [line for line in house.lines("email") if line["purpose"] == "warning"]
    assert "XR20261123001" in line["subject"]
    await one.sender.stop()


async def test_a_crash_between_sending_and_recording_doubles_nothing(house: House) -> None:
    """R-NT-04: the `file` transport knows what it has taken; a dead sender's lease is not waited for."""
    one = await house.replica()
    await one.bench.happens(registered(), opening())
    await one.presence.ensure()
    async with house.bench.new_outbox().transaction() as tx:
        found = await queue.due(tx.connection, tx.now, 10)
        rows = [
            {
                "notification_id": q.notification_id,
                "channel": "sms",
                "transport": "file",
                "to_masked": "138****8000",
                "attempt": 1,
                "tries": 1,
            }
            for q in found
        ]
        await queue.claim(tx.connection, one.presence.id, rows)
    other = await house.replica()
    await other.work()
    assert await house.states() == {"accepted:customer": "sending"}  # its sender is alive
    await one.presence.close()
    last = await house.replica()
    await last.work(2)
    assert await house.states() == {"accepted:customer": "sent"}
    assert len(house.lines("sms")) == 1  # it had not been written, so it was sent now

    async with house.bench.engine.begin() as connection:  # and now the crash after the writing
        await connection.exec_driver_sql(
            "UPDATE notify.notifications SET state = 'sending', claimed_by = 1, lease_until = now() + interval '1 hour'"
        )
    after = await house.replica()
    await after.work(2)
    assert await house.states() == {"accepted:customer": "sent"}
    assert len(house.lines("sms")) == 1
    for replica in (other, last, after):
        await replica.sender.stop()


async def test_an_sms_of_unknown_fate_is_flagged_and_not_sent_again(house: House) -> None:
    """R-NT-04: no answer from the provider."""
    provider = Provider(answers=[Unknown("no answer")])
    one = await house.replica(provider)
    await one.bench.happens(registered(), opening())
    await one.work()
    house.bench.clock.at += timedelta(days=1)
    await one.work(3)
    assert len(provider.taken) == 1
    assert await house.states() == {"accepted:customer": "unknown"}
    (event,) = await house.bench.told(NotificationStep)
    assert (event.TYPE, event.reason) == ("yingda.notification.unknown.v1", "no answer")
    await one.sender.stop()


async def test_an_sms_whose_sender_died_is_flagged_where_the_provider_cannot_tell(house: House) -> None:
    provider = Provider()
    one = await house.replica(provider)
    await one.bench.happens(registered(), opening())
    async with house.bench.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE notify.notifications SET state = 'sending', claimed_by = 1, channel = 'sms', transport = 'file',"
            " to_masked = '138****8000', attempt = 1, tries = 1, lease_until = now() + interval '1 hour'"
        )
    await one.work(3)
    assert provider.taken == []
    assert await house.states() == {"accepted:customer": "unknown"}
    await one.sender.stop()


async def test_a_staff_alert_of_unknown_fate_is_sent_again(house: House) -> None:
    """R-NT-04."""
    mail = Provider(channel="email", answers=[Unknown("no answer")])
    one = await house.replica(mail)
    await one.bench.happens(registered(), opening(), escalated())
    await one.work()
    house.bench.clock.at += timedelta(minutes=1)
    await one.work()
    assert [out.attempt for out in mail.taken] == [1, 2]
    assert (await house.states())["breach:market-supervisor"] == "sent"
    await one.sender.stop()


async def test_a_burst_of_alerts_is_one_message_per_person_and_minute(house: House) -> None:
    """R-SLA-10: each alert is told and counted, in one message; the next burst waits for the next minute."""
    one = await house.replica()
    await one.bench.happens(
        registered(), opening(), *(escalated(clock_id=f"k{n}") for n in range(3)), warned(clock_id="k9")
    )
    await one.work()
    (line,) = house.lines("email")
    assert (line["purpose"], len(line["also"])) == ("breach", 3)
    assert "4 项" in line["subject"]
    assert line["text"].count("XR20261123001 首次响应") == 4
    assert (
        len([event for event in await house.bench.told(NotificationStep) if event.purpose in {"breach", "warning"}])
        == 4
    )
    house.bench.clock.at += timedelta(seconds=20)
    await one.bench.happens(escalated(clock_id="k4"), escalated(clock_id="k5"), escalated(clock_id="k6", step="head"))
    await one.work()
    assert [line["to"] for line in house.lines("email")] == ["market-supervisor@example.com", "market-head@example.com"]
    house.bench.clock.at += timedelta(seconds=40)
    await one.work()
    assert len(house.lines("email")) == 3
    assert "2 项" in house.lines("email")[-1]["subject"]
    async with house.bench.engine.begin() as connection:  # a crash after the writing: all of them are found in the file
        await connection.exec_driver_sql(
            "UPDATE notify.notifications SET state = 'sending', claimed_by = 1 WHERE purpose = 'breach'"
        )
    other = await house.replica()
    await other.work(2)
    assert len(house.lines("email")) == 3
    assert "sending" not in (await house.states()).values()
    await asyncio.gather(one.sender.stop(), other.sender.stop())


async def test_pauses_grow_until_the_attempts_are_used_up_and_an_operator_sends_it_again(house: House) -> None:
    """R-NT-05, R-NT-06."""
    provider = Provider(answers=[Retry("busy")] * 6)
    one = await house.replica(provider)
    await one.bench.happens(registered(), opening())
    pauses = []
    for _ in range(6):
        await one.work()
        (row,) = await house.rows()
        pauses.append((row.next_attempt_at - house.bench.clock.at).total_seconds())
        house.bench.clock.at = row.next_attempt_at
    assert pauses == [10, 60, 300, 1800, 7200, 0]
    (failed,) = await house.bench.told(NotificationStep)
    assert (failed.TYPE, failed.attempt) == ("yingda.notification.failed.v1", 6)

    stranger = await one.ask(ListNotifications(command_id="1", by="nobody"))
    assert stranger["error"]["status"] == 403
    listed = await one.ask(ListNotifications(command_id="2", by="service-1"))
    (item,) = listed["result"]["notifications"]
    assert (item["to_masked"], item["reason"], item["number"]) == ("138****8000", "busy", "XR20261123001")
    retry = RetryNotification(command_id="3", by="service-1", notification_id=item["notification_id"])
    assert (await one.ask(retry))["result"]["state"] == "queued"
    assert (await one.ask(retry))["result"]["state"] == "queued"  # the same command, the same answer
    await one.work()
    assert await house.states() == {"accepted:customer": "sent"}
    assert (await house.bench.told(NotificationStep))[-1].attempt == 7
    again = await one.ask(retry.model_copy(update={"command_id": "4"}))
    assert again["error"]["status"] == 409
    unknown = await one.ask(retry.model_copy(update={"command_id": "5", "notification_id": "none"}))
    assert unknown["error"]["status"] == 404
    await one.sender.stop()


async def test_a_refused_address_fails_at_once(house: House) -> None:
    one = await house.replica(Provider(answers=[Rejected("refused with 550")]))
    await one.bench.happens(registered(), opening())
    await one.work()
    (event,) = await house.bench.told(NotificationStep)
    assert (event.TYPE, event.reason) == ("yingda.notification.failed.v1", "refused with 550")
    await one.sender.stop()


async def test_a_transport_that_raises_sends_nothing_twice(house: House) -> None:
    provider = Provider(crash=RuntimeError("a stranger's fault"))
    one = await house.replica(provider)
    await one.bench.happens(registered(), opening())
    await one.work(2)
    assert len(provider.taken) == 1
    assert await house.states() == {"accepted:customer": "unknown"}
    await one.sender.stop()


async def test_nobody_to_write_to_is_suppressed_with_the_reason(house: House) -> None:
    """R-NT-07."""
    one = await house.replica()
    await one.bench.happens(registered(personal={"phone": None}), opening())
    await one.work()
    (event,) = await house.bench.told(NotificationStep)
    assert (event.TYPE, event.reason) == ("yingda.notification.suppressed.v1", "no address is known")
    await one.sender.stop()


async def test_at_night_customers_hear_only_of_what_they_have_just_written(house: House) -> None:
    """R-NT-05: quiet hours 21:00-08:00, but the acceptance notice and the staff's alerts."""
    house.bench.clock.at = NIGHT
    one = await house.replica()
    await one.bench.happens(
        registered(),
        opening(),
        step(WorkorderResolved, 2, status="resolved", outcome="resolved", text="已为您安排换货"),
        step(WorkorderSigned, 3, status="signed", confirmation_required=False, by="market-supervisor"),
    )
    await one.work(2)
    assert await house.states() == {
        "accepted:customer": "sent",
        "result:customer": "queued",
        "sign_request:market-supervisor": "sent",
    }
    (row,) = [row for row in await house.rows() if row.purpose == "result"]
    assert row.next_attempt_at == MORNING
    house.bench.clock.at = MORNING
    await one.work()
    assert "已为您安排换货" in house.lines("sms")[-1]["text"]
    await one.sender.stop()


async def test_the_whole_life_of_a_change_tells_everybody_once(house: House) -> None:
    """R-NT-02: the customer hears of the result after the confirmation, the department of the satisfaction."""
    one = await house.replica()
    await one.bench.happens(
        registered(),
        opening(category="info_change", topic=None, department="network", cutoff_at=NOW.replace(hour=8, minute=0)),
        step(WorkorderResolved, 2, status="resolved", outcome="resolved", text="已修改", department="network"),
        step(WorkorderSigned, 3, status="signed", confirmation_required=True, department="network"),
        step(WorkorderConfirmed, 4, status="confirmed", by="service-1", department="network"),
        completed(department="network"),
    )
    await one.work()
    assert set(await house.states()) == {
        "accepted:customer",
        "sign_request:network-supervisor",
        "sign_request:service-supervisor",
        "result:customer",
        "satisfaction:network-supervisor",
    }
    assert set((await house.states()).values()) == {"sent"}
    await one.sender.stop()


async def test_two_replicas_share_the_queue_and_send_each_message_once(house: House) -> None:
    """R-NT-04."""
    one, two = await house.replica(), await house.replica()
    count = 450
    await one.bench.happens(*(customer(n) for n in range(count)))
    await one.bench.happens(*(opening(f"w{n}", contact_id=f"c{n}", number=f"XR2026112{n:04}") for n in range(count)))
    await asyncio.gather(one.work(5), two.work(5))
    ids = [line["notification_id"] for line in house.lines("sms")]
    assert len(ids) == len(set(ids)) == count
    assert set((await house.states()).values()) == {"sent"}
    assert len(await house.bench.told(NotificationStep)) == count
    assert await house.bench.dead_letters() == 0
    await asyncio.gather(one.sender.stop(), two.sender.stop())


async def test_an_outcome_that_cannot_be_recorded_is_recorded_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent once, though the database was away in between."""
    provider = Provider()
    one = await house.replica(provider)
    await one.bench.happens(registered(), opening())

    async def away(*_args: object) -> set[str]:
        raise PoolTimeoutError("PostgreSQL is away")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "sent", away)
        await one.work()
    assert await house.states() == {"accepted:customer": "sending"}
    await one.work()
    assert await house.states() == {"accepted:customer": "sent"}
    assert len(provider.taken) == 1
    await one.sender.stop()


async def test_the_last_transport_is_tried_after_the_first(house: House) -> None:
    """R-NT-05: fallback."""
    plain = deepcopy(house.bench.policy.plain)
    plain["notify"]["transports"]["customer"]["sms"] = ["first", "second"]  # type: ignore[index]
    policy = Policy.model_validate(plain)
    first, second = Provider("first", answers=[Retry("busy")]), Provider("second", answers=[Sent("r1")])
    one = await house.replica(first, second, policy=policy)
    await one.bench.happens(registered(), opening())
    await one.work(2)
    assert (len(first.taken), len(second.taken)) == (1, 1)
    (event,) = await house.bench.told(NotificationStep)
    assert (event.transport, event.attempt) == ("second", 2)
    await one.sender.stop()


async def test_an_automatic_word_is_not_said_after_the_result(house: House) -> None:
    """R-SLA-04: what waited for the morning is out of date by then."""
    house.bench.clock.at = NIGHT
    one = await house.replica()
    late = warned(metric="progress_update", at=NIGHT, due_at=NIGHT + timedelta(hours=2))
    await one.bench.happens(
        registered(),
        opening(),
        late,
        step(WorkorderResolved, 2, status="resolved", outcome="resolved", text="ok", by_department="market"),
        step(WorkorderSigned, 3, status="signed", confirmation_required=False, by="market-supervisor"),
    )
    await one.work()
    house.bench.clock.at = MORNING
    await one.work()
    states = await house.states()
    assert (states["progress:customer"], states["result:customer"]) == ("suppressed", "sent")
    await one.sender.stop()


async def test_what_waits_is_counted_by_transport(house: House) -> None:
    """R-OB-01."""
    one = await house.replica(Provider(answers=[Retry("busy")]))
    await one.bench.happens(registered(), opening(), escalated())
    async with house.bench.engine.connect() as connection:
        assert await review.waiting_by_transport(connection) == {"none": 2}
    await one.work()
    async with house.bench.engine.connect() as connection:
        assert await review.waiting_by_transport(connection) == {"file": 1}
    await one.sender.stop()

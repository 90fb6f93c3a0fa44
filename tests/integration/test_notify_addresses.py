"""Which address a customer is told at: the next one where one refuses, none that is suppressed (R-NT-01, R-NT-05, R-NT-07)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from services.notify.ports import Rejected, Retry, Sent, Unknown
from services.notify.store import suppressions
from services.notify.store.keys import address_key
from services.notify.store.tables import keys
from shared import metrics
from shared.events import (
    ContactCompleted,
    ContactSetAside,
    DeliveryReport,
    NotificationDelivered,
    NotificationFailed,
    NotificationSent,
    NotificationStep,
    NotificationSuppressed,
    Personal,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderSigned,
)
from shared.policy import Policy
from tests.unit.notify.events import NOW, escalated, opening, registered, step
from tests.unit.notify.house import House, Provider, notify_house

BOTH = {"email": "wangfang@example.com"}


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


def completed(**changes: object) -> ContactCompleted:
    given: dict[str, object] = {
        "contact_id": "c1",
        "customer_id": "k1",
        "completed": ("phone",),
        "personal": Personal(name="王芳", honorific="女士", phone="13900139000"),
        "by": "service-1",
        "at": NOW,
    }
    return ContactCompleted.model_validate(given | changes)


async def test_a_refused_sms_goes_by_email_and_only_then_fails(house: House) -> None:
    """R-NT-05: the next transport, then the next address, each once."""
    plain = deepcopy(house.bench.policy.plain)
    plain["notify"]["transports"]["customer"] = {"sms": ["first", "second"], "email": ["post"]}  # type: ignore[index]
    first = Provider("first", answers=[Rejected("content refused")])
    second = Provider("second", answers=[Rejected("content refused")])
    post = Provider("post", "email", answers=[Retry("greylisted"), Rejected("refused with 554")])
    one = await house.replica(first, second, post, policy=Policy.model_validate(plain))
    await one.bench.happens(registered(personal=BOTH), opening())
    await one.work(4)
    house.bench.clock.at += timedelta(seconds=10)
    await one.work(2)
    assert [len(provider.taken) for provider in (first, second, post)] == [1, 1, 2]
    (event,) = await house.bench.told(NotificationStep)
    assert (event.TYPE, event.transport, event.attempt) == ("yingda.notification.failed.v1", "post", 4)
    shown = await one.say("show", notification_id=event.notification_id)
    history = [(line["transport"], line["what"]) for line in shown["result"]["history"]]
    assert history == [("first", "rejected"), ("second", "rejected"), ("post", "retry"), ("post", "rejected")]
    await one.sender.stop()


async def test_an_address_that_does_not_exist_is_asked_once_and_never_again(house: House) -> None:
    """R-NT-07: later messages go to the next address at once."""
    sms = Provider(answers=[Rejected("no such number", address=True)])
    one = await house.replica(sms)
    await one.bench.happens(registered(personal=BOTH), opening())
    await one.work(2)
    await one.bench.happens(step(WorkorderResponded, text="正在联系厂家", by_department="market"))
    await one.work(2)
    assert len(sms.taken) == 1
    assert [line["purpose"] for line in house.lines("email")] == ["accepted", "progress"]
    listed = await one.say("suppressions")
    (entry,) = listed["result"]["suppressions"]
    assert (entry["to_masked"], entry["reason"], entry["by"]) == ("138****8000", "invalid", "transport:file")
    await one.sender.stop()


async def test_the_list_holds_no_address(house: House) -> None:
    """R-NT-07: personal data; a keyed fingerprint finds it again."""
    one = await house.replica()
    reply = await one.say("suppress", address="+86 138 0013 8000", reason="blocked")
    assert reply["result"] == {"channel": "sms", "to_masked": "138****8000", "reason": "blocked", "added": True}
    (row,) = await house.bench.rows(suppressions)
    assert "13800138000" not in "".join(map(str, row))
    await one.bench.happens(registered(), opening())
    await one.work()
    (event,) = await house.bench.told(NotificationSuppressed)
    assert event.reason == "the address was blocked by a member of staff"
    assert (await one.say("suppress", address="13800138000"))["result"]["added"] is False
    await one.sender.stop()


async def test_whoever_unsubscribes_hears_nothing_until_somebody_takes_it_back(house: House) -> None:
    """R-NT-07: by address or by the message that was answered; the reason is told."""
    one = await house.replica()
    await one.bench.happens(registered(), opening())
    await one.work()
    (sent,) = await house.bench.told(NotificationSent)
    by = "transport:file"  # the provider passes on that the customer wrote back
    reply = await one.say("unsubscribe", by=by, notification_id=sent.notification_id)
    assert reply["result"]["to_masked"] == "138****8000"
    await one.bench.happens(step(WorkorderResponded, text="正在联系厂家", by_department="market"))
    await one.work()
    (event,) = await house.bench.told(NotificationSuppressed)
    assert event.reason == "the customer has unsubscribed this address"
    assert len(house.lines("sms")) == 1
    gone = await one.say("unsuppress", address="13800138000")
    assert gone["result"]["reason"] == "unsubscribed"
    await one.say("retry", notification_id=event.notification_id)
    await one.work()
    assert len(house.lines("sms")) == 2
    await one.sender.stop()


@pytest.mark.parametrize(
    ("which", "body", "status"),
    [
        ("suppress", {"by": "stranger", "address": "13800138000"}, 403),
        ("suppress", {"by": "transport:file", "address": "13800138000"}, 403),
        ("unsubscribe", {"by": "transport:other", "address": "13800138000"}, 403),
        ("unsuppress", {"by": "transport:file", "address": "13800138000"}, 403),
        ("suppressions", {"by": "stranger"}, 403),
        ("show", {"by": "stranger", "notification_id": "x"}, 403),
        ("discard", {"by": "stranger", "notification_id": "x", "reason": "y"}, 403),
        ("receipt", {"by": "stranger", "notification_id": "x", "state": "delivered"}, 403),
        ("suppress", {"address": "12345"}, 422),
        ("suppress", {}, 422),
        ("suppress", {"address": "13800138000", "notification_id": "x"}, 422),
        ("receipt", {"state": "delivered"}, 422),
        ("suppress", {"notification_id": "x"}, 404),
        ("unsuppress", {"address": "13800138000"}, 404),
        ("show", {"notification_id": "x"}, 404),
        ("discard", {"notification_id": "x", "reason": "y"}, 404),
        ("receipt", {"provider_id": "x", "state": "delivered"}, 404),
    ],
)
async def test_a_refused_command_changes_nothing(house: House, which: str, body: dict[str, str], status: int) -> None:
    """R-NT-06, R-NT-07."""
    one = await house.replica()
    reply = await one.say(which, **body)
    assert reply["error"]["status"] == status
    assert await house.bench.count(suppressions) == 0


async def test_a_receipt_completes_the_story(house: House) -> None:
    """R-NT-05: once, by our id or the provider's, from staff or the transport's own account."""
    one = await house.replica(Provider(answers=[Sent("provider-7")]))
    await one.bench.happens(registered(), opening())
    await one.work()
    for by in ("transport:file", "service-1"):
        reply = await one.say("receipt", by=by, provider_id="provider-7", state="delivered")
        assert list(reply["result"]["notifications"].values()) == ["sent"]
    (event,) = await house.bench.told(NotificationDelivered)
    assert (event.purpose, event.to_masked, event.transport) == ("accepted", "138****8000", "file")
    late = await one.say("receipt", provider_id="provider-7", state="bounced")
    assert late["error"]["status"] == 409
    listed = await one.say("list", state="sent", work_order_id="w1", purpose="accepted", audience="customer")
    assert [line["receipt"] for line in listed["result"]["notifications"]] == ["delivered"]
    await one.sender.stop()


async def test_a_message_that_comes_back_goes_another_way(house: House) -> None:
    """R-NT-05, R-NT-07: a bounce also suppresses the address; where no way is left, it fails visibly."""
    one = await house.replica(Provider(answers=[Sent("p1")]))
    await one.bench.happens(registered(personal=BOTH), opening())
    await one.work()
    reply = await one.say("receipt", by="transport:file", provider_id="p1", state="bounced", reason="unknown number")
    assert list(reply["result"]["notifications"].values()) == ["queued"]
    await one.work(2)
    (mail,) = house.lines("email")
    assert mail["notification_id"] == next(iter(reply["result"]["notifications"]))
    second = await one.say("receipt", notification_id=mail["notification_id"], state="failed", reason="mailbox full")
    assert list(second["result"]["notifications"].values()) == ["failed"]
    (event,) = await house.bench.told(NotificationFailed)
    assert event.reason == "mailbox full"
    listed = (await one.say("suppressions"))["result"]["suppressions"]
    assert [(entry["to_masked"], entry["reason"]) for entry in listed] == [("138****8000", "bounced")]
    await one.sender.stop()


async def test_a_receipt_answers_what_was_unknown(house: House) -> None:
    """R-NT-04: flagged for review, and then the provider says that it arrived after all."""
    one = await house.replica(Provider(answers=[Unknown("no answer")]))
    await one.bench.happens(registered(), opening())
    await one.work()
    (row,) = await house.rows()
    assert row.state == "unknown"
    await one.say("receipt", notification_id=row.notification_id, state="delivered")
    assert await house.states() == {"accepted:customer": "sent"}
    types = [event.TYPE.split(".")[2] for event in await house.bench.told(NotificationStep)]
    assert types == ["unknown", "sent", "delivered"]
    await one.sender.stop()


async def test_the_receipt_of_a_digest_is_one_for_all_that_it_brought(house: House) -> None:
    """R-SLA-10, R-NT-05."""
    one = await house.replica(Provider(channel="email", answers=[Sent("p9")]))
    await one.bench.happens(registered(), opening(), *(escalated(clock_id=f"k{n}") for n in range(3)))
    await one.work()
    reply = await one.say("receipt", provider_id="p9", state="delivered")
    assert list(reply["result"]["notifications"].values()) == ["sent"] * 3
    assert len(await house.bench.told(NotificationDelivered)) == 3
    await one.sender.stop()


async def test_a_completed_register_and_preferences_are_the_address_book(house: House) -> None:
    """R-IN-04, R-IN-11, R-NT-01: the new number, the preferred channel and simple words from then on.

    What could not be told for want of an address is told now.
    """
    one = await house.replica()
    await one.bench.happens(registered(personal={"name": "匿名客户", "phone": None, "honorific": None}), opening())
    await one.work()
    assert await house.states() == {"accepted:customer": "suppressed"}
    address = Personal(name="王芳", honorific="女士", phone="13900139000", email="wangfang@example.com")
    await one.bench.happens(completed(personal=address, preferred_channel="email", plain_language=True))
    await one.bench.happens(step(WorkorderResponded, text="厂家明天上门。", by_department="market"))
    await one.work()
    accepted, answer = sorted(house.lines("email"), key=lambda line: str(line["purpose"]))
    assert accepted["to"] == answer["to"] == "wangfang@example.com"
    assert answer["text"].startswith("王女士，您好！")
    assert "您的编号是：XR20261123001" in accepted["text"]
    assert "有消息了" in answer["text"]
    assert set((await house.states()).values()) == {"sent"}
    await one.sender.stop()


async def test_what_nobody_wants_to_know_any_more_is_not_told_late(house: House) -> None:
    """R-IN-04: an acceptance after the result would only confuse; the result itself is told."""
    one = await house.replica()
    await one.bench.happens(registered(personal={"phone": None}), opening())
    await one.work()
    await one.bench.happens(
        step(WorkorderResolved, 2, status="resolved", outcome="resolved", text="已换货"),
        step(WorkorderSigned, 3, status="signed", confirmation_required=False, by="market-supervisor"),
    )
    await one.work()
    await one.bench.happens(completed())
    await one.work()
    assert [line["purpose"] for line in house.lines("sms")] == ["result"]
    await one.sender.stop()


async def test_a_completion_that_comes_before_its_contact_is_not_lost(house: House) -> None:
    """R-IN-04: whatever order the events come in, the completed address counts."""
    one = await house.replica()
    await one.bench.happens(completed(), opening())
    await one.work()
    assert await house.states() == {"accepted:customer": "waiting"}
    await one.bench.happens(registered(locale="zh-CN"))
    await one.work()
    (line,) = house.lines("sms")
    assert line["to"] == "13900139000"
    await one.sender.stop()


async def test_what_a_machine_wrote_is_not_answered(house: House) -> None:
    """R-NT-07: automatic replies never answer automatic mail."""
    one = await house.replica()
    await one.bench.happens(registered(channel="email", auto_submitted=True, personal=BOTH), opening(channel="email"))
    await one.work()
    (event,) = await house.bench.told(NotificationSuppressed)
    assert event.reason == "an automatic mail is not answered"
    assert house.lines("sms") + house.lines("email") == []
    await one.sender.stop()


async def test_a_colleague_whose_mail_is_refused_is_told_by_sms(house: House) -> None:
    """R-NT-05, R-NT-06: an alert is not lost with a mailbox."""
    one = await house.replica(Provider(channel="email", answers=[Rejected("refused with 550", address=True)]))
    await one.bench.happens(registered(), opening(), escalated())
    await one.work(3)
    (line,) = [line for line in house.lines("sms") if line["audience"] == "staff"]
    assert (line["to"], line["purpose"]) == ("13900000006", "breach")
    assert "XR20261123001" in line["text"]
    await one.sender.stop()


def troubles() -> float:
    """Return how many attempts the providers refused so far."""
    labels = {"transport": "file", "what": "rejected"}
    return metrics.REGISTRY.get_sample_value("yingda_notification_troubles_total", labels) or 0.0


async def test_what_failed_and_who_is_suppressed_is_counted_where_operators_look(house: House) -> None:
    """R-NT-06, R-NT-07, R-OB-01."""
    before = troubles()
    one = await house.replica(Provider(answers=[Rejected("no such number", address=True)]))
    await one.bench.happens(registered(), opening())
    await one.work()
    assert house.bench.parts.gauges is not None
    await house.bench.parts.gauges()
    page = generate_latest(metrics.REGISTRY).decode()
    assert 'yingda_notifications_for_review{state="failed"} 1.0' in page
    assert 'yingda_notifications_for_review{state="unknown"} 0.0' in page
    assert 'yingda_suppressed_addresses{reason="invalid"} 1.0' in page
    assert troubles() == before + 1
    await one.sender.stop()


async def test_the_key_of_the_fingerprints_is_one_for_all_replicas_or_the_houses_own(house: House) -> None:
    """R-NT-07: kept by the first that starts; one from the settings is kept nowhere."""
    engine = house.bench.engine
    assert len({await address_key(engine) for _ in range(3)}) == 1
    own = SecretStr("s" * 32)
    assert await address_key(engine, own) == await address_key(engine, own) != await address_key(engine)
    assert own.get_secret_value() not in str(await house.bench.rows(keys))


async def test_a_bounce_that_came_as_mail_silences_the_address_and_goes_another_way(house: House) -> None:
    """R-NT-05, R-NT-07: intake tells of it; a report on nothing of ours, and the same one again, change nothing."""
    named = "0193d3f0.XR20261123001@example.com"
    one = await house.replica(Provider(channel="email", answers=[Sent(f"<{named}>")]))
    await one.bench.happens(registered(personal=BOTH, preferred_channel="email"), opening())
    await one.work()
    told = DeliveryReport(message_id=named, state="bounced", reason="5.1.1")
    forged = told.model_copy(update={"message_id": "somebody@example.com"})
    aside = ContactSetAside(
        channel="email", source_id="email/x/1", kind="bounced", occurred_at=NOW, reports=(forged, told)
    )
    await one.bench.happens(aside)
    await one.bench.happens(aside.model_copy(update={"source_id": "email/x/2"}))
    await one.work(2)
    assert len(house.lines("sms")) == 1
    listed = (await one.say("suppressions"))["result"]["suppressions"]
    assert [(entry["reason"], entry["by"]) for entry in listed] == [("bounced", "system")]
    await one.sender.stop()


async def test_a_second_bounce_of_a_mail_does_not_silence_the_phone(house: House) -> None:
    """R-NT-07: servers report twice, in other words; by then the message has gone another way and is that one's no more."""
    one = await house.replica(Provider(channel="email", answers=[Sent("<named@example.com>")]))
    await one.bench.happens(registered(personal=BOTH, preferred_channel="email"), opening())
    await one.work()
    (row,) = await house.rows()
    key = row.notification_id
    aside = ContactSetAside(
        channel="email",
        source_id="email/x/1",
        kind="bounced",
        occurred_at=NOW,
        reports=(DeliveryReport(message_id="named@example.com", state="bounced", reason="5.1.1"),),
    )
    await one.bench.happens(aside)
    await one.work(2)
    assert await house.states() == {"accepted:customer": "sent"}
    again = DeliveryReport(message_id=f"{key}.XR20261123001@example.com", state="failed", reason="5.2.2")
    for number, state in enumerate(("failed", "bounced", "delivered"), 2):
        told = again.model_copy(update={"state": state})
        await one.bench.happens(aside.model_copy(update={"source_id": f"email/x/{number}", "reports": (told,)}))
    await one.work(2)
    listed = (await one.say("suppressions"))["result"]["suppressions"]
    assert [(entry["channel"], entry["reason"]) for entry in listed] == [("email", "bounced")]
    assert await house.states() == {"accepted:customer": "sent"}
    assert len(house.lines("sms")) == 1
    assert await house.bench.told(NotificationDelivered) == []
    await one.sender.stop()

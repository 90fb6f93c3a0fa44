"""Raw mails through intake: recorded once, set aside where they are no contact, and loops of machines end (R-NT-07)."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from services.intake.plugins.email import mail_id, take_apart
from services.intake.store.asides import asides
from services.intake.store.reconciliation import recorded_among
from services.notify.domain.facts import contact_of
from services.notify.plugins.mail.writing import Writer
from services.notify.ports import Message, Outbound, Sender
from shared.events import ContactRegistered, ContactSetAside, WorkorderOpened
from shared.ids import new_id
from tests.integration.intake_house import Intake, envelope, intake_house

MOST = 10
"""Of the default policy."""


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[Intake]:
    async with intake_house(database_url, fresh_nats) as ready:
        yield ready


async def arrives(intake: Intake, mail: bytes, mailbox: str = "service@example.com") -> None:
    """Let a mail come in as the adapters publish it."""
    raw = base64.b64encode(take_apart(mail).raw).decode()
    at = intake.bench.clock.now().isoformat()
    body = envelope(mail_id(mail), {"raw": raw, "received_at": at, "mailbox": mailbox}, source=f"email/{mailbox}")
    await intake.publish(body, channel="email")
    await intake.bench.consume(1)


def letter(key: str, text: str, *headers: str) -> bytes:
    lines = ("From: Robot <robot@example.org>", "To: service@example.com", f"Message-ID: <{key}@example.org>", *headers)
    return "\r\n".join((*lines, "Content-Type: text/plain; charset=utf-8", "", text)).encode()


def answer(contact: ContactRegistered, mailbox: str) -> bytes | None:
    """Return the acceptance notice that a house sends for a contact; None where it sends none."""
    kept = contact_of(contact)
    if kept.automatic or kept.email is None:
        return None
    message = Message(
        new_id(), kept.email, "您的问题已受理（编号 XR20261123001）", "已受理", Sender("客服", mailbox), "zh-CN"
    )
    mail = Writer(mailbox, lambda: contact.registered_at).mail(
        Outbound(message, "accepted", "customer", 1, "XR20261123001")
    )
    assert isinstance(mail, bytes)
    return mail


async def test_a_raw_mail_is_registered_with_its_thread(intake: Intake) -> None:
    """R-IN-01, R-IN-02: customer, words, subject; the same mail fetched again is one contact (R-IN-06)."""
    mail = letter("m1", "空调不制冷\n\n> 旧文字", "Subject: Re: XR20261120007")
    await arrives(intake, mail)
    await arrives(intake, mail)
    (told,) = await intake.registered()
    assert (told.channel, told.personal.email, told.personal.name) == ("email", "robot@example.org", "Robot")
    assert told.personal.text == "空调不制冷"
    assert told.thread is not None
    assert (told.thread.message_id, told.thread.numbers) == ("m1@example.org", ("XR20261120007",))
    assert told.source_id.startswith("email/service@example.com/m1@example.org/")


async def test_what_is_no_contact_is_recorded_told_of_and_balances_the_books(intake: Intake) -> None:
    """R-NT-07, guarantee 6: once, however often it comes."""
    away = letter("m2", "我在休假", "Auto-Submitted: auto-replied")
    await arrives(intake, away)
    await arrives(intake, away)
    assert await intake.registered() == []
    (told,) = await intake.bench.told(ContactSetAside)
    assert (told.channel, told.kind) == ("email", "auto_replied")
    (row,) = await intake.bench.rows(asides)
    assert row.kind == "auto_replied"
    async with intake.bench.engine.connect() as connection:
        assert await recorded_among(connection, [told.source_id, "nobody/1"]) == {told.source_id}


async def test_a_robot_that_hides_is_answered_a_few_times_and_no_more(intake: Intake) -> None:
    """R-NT-07: it answers every mail with a new one, names nothing, refers to nothing, marks nothing."""
    answered = 0
    for turn in range(3 * MOST):
        await arrives(intake, letter(f"turn-{turn}", f"Thank you for message {turn}"))
        contact = (await intake.registered())[-1]
        if answer(contact, "service@example.com") is None:
            break
        answered += 1
    assert answered == MOST
    last = (await intake.registered())[-1]
    assert (last.auto_submitted, last.details["auto_submitted"]) == (True, "too-many")
    intake.bench.clock.at += timedelta(hours=2)
    await arrives(intake, letter("later", "a person again"))
    assert not (await intake.registered())[-1].auto_submitted


async def test_two_houses_fall_silent_after_one_notice(intake: Intake) -> None:
    """R-NT-07: a mail of one house's mailbox to the other is answered once; the answer is answered by nobody."""
    await arrives(intake, letter("start", "您好"))
    first = answer((await intake.registered())[-1], "service@example.com")
    assert first is not None
    assert message_from_bytes(first, policy=default)["Auto-Submitted"] == "auto-generated"
    await arrives(intake, first, mailbox="robot@other.example")  # at the other house
    assert answer((await intake.registered())[-1], "robot@other.example") is None
    assert await intake.bench.told(WorkorderOpened) == []


async def test_our_notice_that_comes_back_is_no_contact(intake: Intake) -> None:
    """R-NT-07: a customer's mailbox that forwards to us everything it gets."""
    await arrives(intake, letter("start", "您好"))
    notice = answer((await intake.registered())[-1], "service@example.com")
    assert notice is not None
    await arrives(intake, notice)
    assert len(await intake.registered()) == 1
    assert [one.kind for one in await intake.bench.told(ContactSetAside)] == ["own"]

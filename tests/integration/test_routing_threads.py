"""Contacts that answer an earlier message join its work order: on real servers (R-IN-06, ADR 0040)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from services.routing.domain.joining import CUSTOMER
from shared.events import (
    ContactRegistered,
    Thread,
    WorkorderContacted,
    WorkorderLinked,
    WorkorderOpened,
    WorkorderResumed,
    WorkorderStep,
)
from shared.events.commands import AccountWorkorders, GetWorkorder, Merge, Pause
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.integration.routing_house import House, completion, house
from tests.polling import until_a_lock_is_awaited

__all__ = ["house"]
WANG = "customer-wang"


def mail(
    key: str, *answers: str, customer: str = WANG, numbers: tuple[str, ...] = (), **changes: Any
) -> ContactRegistered:
    """Return the contact that a mail of the customer is."""
    thread = Thread(message_id=f"{key}@x", answers=tuple(f"{one}@x" for one in answers), numbers=numbers)
    return registered_contact(key, channel="email", customer_id=customer, thread=thread, **changes)


async def test_an_answer_joins_the_work_order_that_the_first_mail_opened(house: House) -> None:
    """R-IN-06: one work order, one step more with its version, and an answer to the answer joins as well."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    await house.bench.happens(mail("m2", "m1"))
    await house.bench.happens(mail("m3", "m2", personal={"text": "还有一件事"}))
    assert await house.bench.told(WorkorderOpened) == [order]
    told = await house.bench.told(WorkorderContacted)
    assert [(one.work_order_id, one.contact_id, one.by) for one in told] == [
        (order.work_order_id, "m2", CUSTOMER),
        (order.work_order_id, "m3", CUSTOMER),
    ]
    steps = [one.version for one in await house.bench.told(WorkorderStep) if one.work_order_id == order.work_order_id]
    assert steps == list(range(2, 2 + len(steps)))
    history = (await house.get(order))["steps"]
    assert [step["step"] for step in history].count("contacted") == 2


async def test_first_mail_and_answer_in_one_batch(house: House) -> None:
    """R-IN-06: the order of a batch is enough."""
    await house.bench.happens(mail("m1"), mail("m2", "m1"), mail("m3", "m2"))
    (order,) = await house.bench.told(WorkorderOpened)
    assert [one.contact_id for one in await house.bench.told(WorkorderContacted)] == ["m2", "m3"]
    follower = await house.opened(contact_id="m9", customer_id="customer-other")
    assert int(follower.number[-3:]) == int(order.number[-3:]) + 1  # who joins takes no number


async def test_a_stranger_gets_a_work_order_of_their_own(house: House) -> None:
    """ADR 0040: neither the number nor the message id of somebody else opens a way into their work order."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    await house.bench.happens(mail("s1", "m1", customer="customer-stranger", numbers=(order.number,)))
    opened = await house.bench.told(WorkorderOpened)
    assert [one.customer_id for one in opened] == [WANG, "customer-stranger"]
    assert await house.bench.told(WorkorderContacted, WorkorderLinked) == []


async def test_the_number_in_the_subject_is_enough_for_its_customer(house: House) -> None:
    """R-NT-01: the acceptance notice asks to name the number; the first contact may have come over the telephone."""
    order = await house.opened(contact_id="c1", channel="phone", customer_id=WANG)
    await house.bench.happens(mail("m2", numbers=(order.number,)))
    (told,) = await house.bench.told(WorkorderContacted)
    assert told.work_order_id == order.work_order_id


async def test_an_answer_to_what_has_ended_opens_a_work_order_that_is_linked(house: House) -> None:
    """R-RT-06: reopening is a person's decision; nothing is lost, and staff see both."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    row = "UPDATE routing.work_orders SET status = 'closed', outcome = 'resolved' WHERE id = :id RETURNING id"
    async with house.bench.engine.begin() as connection:
        await connection.execute(text(row), {"id": order.work_order_id})
    await house.bench.happens(mail("m2", "m1"))
    first, second = await house.bench.told(WorkorderOpened)
    links = {(one.work_order_id, one.other_work_order_id) for one in await house.bench.told(WorkorderLinked)}
    assert (second.work_order_id, first.work_order_id) in links
    assert await house.bench.told(WorkorderContacted) == []


async def test_what_is_sensitive_is_not_buried_in_a_work_order_that_was_not(house: House) -> None:
    """R-RT-05: an emergency within an exchange of mails is a work order of its own, linked."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    assert not order.sensitive
    await house.bench.happens(
        mail("m2", "m1", personal={"text": "空调漏电，家里老人触电受伤，我要起诉你们并联系媒体曝光"})
    )
    _, second = await house.bench.told(WorkorderOpened)
    assert second.sensitive
    assert (await house.get(second))["work_order"]["links"]


async def test_an_answer_ends_the_pause_for_it(house: House) -> None:
    """R-SLA-08: who waits for the customer goes on when they have written."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    paused = await house.command(Pause, "market-supervisor", work_order_id=order.work_order_id, reason="等客户")
    assert paused["ok"], paused
    await house.bench.happens(mail("m2", "m1"))
    assert len(await house.bench.told(WorkorderResumed)) == 1
    assert (await house.get(order))["work_order"]["status"] == "opened"


async def test_an_answer_to_what_was_merged_joins_what_goes_on(house: House) -> None:
    """R-RT-06: the number that the customer knows stays good."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    other = await house.opened(contact_id="c2", channel="web", customer_id=WANG, at=MONDAY + timedelta(minutes=5))
    merged = await house.command(
        Merge,
        "market-supervisor",
        work_order_id=order.work_order_id,
        into_work_order_id=other.work_order_id,
        reason="同一事",
    )
    assert merged["ok"], merged
    await house.bench.happens(mail("m2", "m1"))
    (told,) = await house.bench.told(WorkorderContacted)
    assert told.work_order_id == other.work_order_id


async def test_an_answer_to_what_is_merged_at_that_moment_joins_what_goes_on(house: House) -> None:
    """R-RT-06: nobody looks into what was merged any more."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    other = await house.opened(contact_id="c2", channel="web", customer_id=WANG, at=MONDAY + timedelta(minutes=5))
    merged = "UPDATE routing.work_orders SET status = 'merged', merged_into = :into WHERE id = :id"
    async with house.bench.engine.begin() as connection:
        await connection.execute(text(merged), {"id": order.work_order_id, "into": other.work_order_id})
        answer = asyncio.create_task(house.bench.happens(mail("m2", "m1")))
        await until_a_lock_is_awaited(house.bench.engine)
    await answer
    (told,) = await house.bench.told(WorkorderContacted)
    assert told.work_order_id == other.work_order_id


async def test_the_books_know_the_work_order_that_a_contact_joined(house: House) -> None:
    """Guarantee 6: contacts are work orders, or have joined one; nothing is missing where something joined."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    await house.bench.happens(mail("m2", "m1"))
    reply = await house.command(AccountWorkorders, "service-1", contact_ids=["m1", "m2", "nobody"])
    assert {key: found[0] for key, found in reply["result"]["found"].items()} == dict.fromkeys(
        ("m1", "m2"), order.work_order_id
    )
    assert reply["result"]["missing"] == ["nobody"]


async def test_the_same_contact_told_again_joins_once(house: House) -> None:
    """R-IN-06, guarantee 1: also under another event id."""
    await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    again = mail("m2", "m1")
    await house.bench.happens(again)
    await house.bench.happens(again)
    assert len(await house.bench.told(WorkorderContacted)) == 1
    assert len(await house.bench.told(WorkorderOpened)) == 1


async def test_a_register_completed_later_reaches_the_work_order(house: House) -> None:
    """R-IN-07: what staff add to the second mail is known to the work order."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    second = mail("m2", "m1")
    await house.bench.happens(second)
    await house.bench.happens(completion(second, "details.order_no", details={"order_no": "4711"}))
    assert (await house.row("SELECT count(*) FROM routing.early_completions"))[0] == 0
    found = await house.command(GetWorkorder, "service-1", contact_id="m2")
    assert found["result"]["work_order"]["number"] == order.number


async def test_what_is_sensitive_is_not_buried_within_a_batch(house: House) -> None:
    """R-RT-05: after an outage a customer's mails come together; the emergency among them is a work order of its own."""
    alarm = {"text": "空调漏电，家里老人触电受伤，我要起诉你们并联系媒体曝光"}
    await house.bench.happens(mail("m1"), mail("m2", "m1", personal=alarm), mail("m3", "m2"))
    first, second = await house.bench.told(WorkorderOpened)
    assert (first.sensitive, second.sensitive) == (False, True)
    assert [(one.contact_id, one.work_order_id) for one in await house.bench.told(WorkorderContacted)] == [
        ("m3", second.work_order_id)
    ]
    links = {(one.work_order_id, one.other_work_order_id) for one in await house.bench.told(WorkorderLinked)}
    assert (second.work_order_id, first.work_order_id) in links


async def test_what_is_sensitive_is_not_buried_by_way_of_another_answer(house: House) -> None:
    """R-RT-05: an answer to an answer of the same batch is looked at as one to an earlier mail is."""
    order = await house.opened(contact_id="m1", channel="email", customer_id=WANG, thread=Thread(message_id="m1@x"))
    alarm = {"text": "空调漏电，家里老人触电受伤，我要起诉你们并联系媒体曝光"}
    await house.bench.happens(mail("m2", "m1"), mail("m3", "m2", personal=alarm))
    _, second = await house.bench.told(WorkorderOpened)
    assert second.sensitive
    assert [one.contact_id for one in await house.bench.told(WorkorderContacted)] == ["m2"]
    assert order.work_order_id in (await house.get(second))["work_order"]["links"]

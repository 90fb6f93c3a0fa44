"""Completing and reading a contact over its commands, on real servers (R-IN-04, R-IN-06, R-IN-11)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from services.intake import store
from shared.events import ContactCompleted, ContactRegistered
from shared.events.commands import CompleteContact, GetContact
from shared.ids import new_id
from tests.integration.intake_house import Intake, envelope, form, intake_house

PHONE = "13800138000"


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[Intake]:
    async with intake_house(database_url, fresh_nats) as ready:
        yield ready


async def complete(intake: Intake, contact: ContactRegistered, **content: Any) -> dict[str, Any]:
    """The result of a completion that is accepted."""
    reply = await intake.command(CompleteContact, contact_id=contact.contact_id, **content)
    assert reply["ok"], reply
    result: dict[str, Any] = reply["result"]
    return result


async def refused(intake: Intake, contact_id: str, by: str = "service-1", **content: Any) -> dict[str, Any]:
    """The problem of a completion that changes nothing."""
    before = await stored(intake)
    reply = await intake.command(CompleteContact, by=by, contact_id=contact_id, **content)
    assert not reply["ok"], reply
    assert await stored(intake) == before
    problem: dict[str, Any] = reply["error"]
    return problem


async def stored(intake: Intake) -> list[Any]:
    tables = (store.contacts, store.customers, store.identifiers, store.completions)
    return [await intake.bench.count(store.runtime.outbox), *[await intake.bench.rows(table) for table in tables]]


async def owners(intake: Intake) -> dict[str, str]:
    return {row.value: row.customer_id for row in await intake.bench.rows(store.identifiers)}


async def test_an_anonymous_contact_is_completed_and_its_customer_is_found_from_then_on(intake: Intake) -> None:
    """R-IN-04: the name, the number, the fields of the category; known to the contact, its customer and the world."""
    traced = {"traceparent": f"00-{'c' * 32}-{'d' * 16}-01"}
    await intake.publish(envelope(1, form(), **traced))
    await intake.bench.consume(1)
    (told,) = await intake.registered()
    assert told.personal.name == "匿名客户"
    result = await complete(
        intake, told, customer={"name": "王芳", "phone": 13800138000, "wechat": "w-1"}, details={"order_no": "42"}
    )
    assert result == {
        "contact_id": told.contact_id,
        "customer_id": told.customer_id,
        "completed": ["name", "phone", "customer", "order_no"],
        "corrected": [],
        "dropped": [],
        "shared": [],
    }
    (message,) = await intake.bench.messages(ContactCompleted)
    event = message.data
    assert (message.subject, message.trace_id) == (told.contact_id, "c" * 32)
    assert (event.customer_id, event.by, event.at) == (told.customer_id, "service-1", intake.bench.clock.at)
    assert (event.personal.name, event.personal.phone, event.personal.text) == ("王芳", PHONE, told.personal.text)
    assert event.details == {"customer": {"wechat": "w-1"}, "order_no": "42"}
    (customer,) = await intake.bench.rows(store.customers)
    assert (customer.name, customer.phone) == ("王芳", PHONE)
    assert customer.provenance["phone"]["by"] == "service-1"
    (later,) = await intake.receives(form(customer={"phone": "+86 138 0013 8000"}))
    assert (later.customer_id, later.personal.name) == (told.customer_id, "王芳")


async def test_what_is_known_is_not_overwritten_but_by_a_correction(intake: Intake) -> None:
    """R-IN-04: and a number that was wrong finds this customer no longer."""
    (told,) = await intake.receives(form(customer={"name": "王芳", "phone": PHONE}, details={"order_no": "1"}))
    wrong: dict[str, Any] = {"customer": {"phone": "13900139000", "address": "银川"}, "details": {"order_no": "2"}}
    problem = await refused(intake, told.contact_id, **wrong)
    assert (problem["status"], problem["type"]) == (409, "urn:yingda:problem:conflicting-details")
    assert [error["field"] for error in problem["errors"]] == ["customer.phone", "details.order_no"]
    assert PHONE not in str(problem)
    result = await complete(intake, told, **wrong, correct=True)
    assert (result["completed"], result["corrected"]) == (["phone", "address", "order_no"], ["phone", "order_no"])
    assert await owners(intake) == {"+8613900139000": told.customer_id}
    (event,) = await intake.completed()
    assert (event.personal.phone, event.personal.address, event.details) == ("13900139000", "银川", {"order_no": "2"})
    somebody, same = await intake.receives(form(customer={"phone": PHONE}), form(customer={"phone": "13900139000"}))
    assert (somebody.customer_id == told.customer_id, same.customer_id == told.customer_id) == (False, True)


@pytest.mark.parametrize(
    ("name", "value"), [("phone", "138 0013 8000"), ("email", "W@Example.com"), ("member_no", "m-1")]
)
async def test_an_identifier_of_another_customer_never_merges_two(intake: Intake, name: str, value: str) -> None:
    """R-IN-06: refused; where both use it, it is kept with both, and goes on finding the one who had it."""
    had, told = await intake.receives(form(customer={name: value.lower()}), form(customer={"name": "李梅"}))
    problem = await refused(intake, told.contact_id, customer={name: value, "address": "银川"})
    assert (problem["status"], problem["type"]) == (409, "urn:yingda:problem:known-of-another-customer")
    assert problem["errors"] == [{"field": f"customer.{name}", "message": f"belongs to customer {had.customer_id}"}]
    result = await complete(intake, told, customer={name: value}, shared=True)
    assert (result["completed"], result["shared"]) == ([name], [name])
    assert set((await owners(intake)).values()) == {had.customer_id}
    customers = {row.id: getattr(row, name) for row in await intake.bench.rows(store.customers)}
    assert customers == {had.customer_id: value.lower(), told.customer_id: value}
    (later,) = await intake.receives(form(customer={name: value}))
    assert later.customer_id == had.customer_id


async def test_a_refused_completion_takes_no_identifier(intake: Intake) -> None:
    """R-IN-06: not even one that was free."""
    had, told = await intake.receives(form(customer={"phone": PHONE}), form())
    await refused(intake, told.contact_id, customer={"phone": PHONE, "email": "w@example.com"})
    assert set((await owners(intake)).values()) == {had.customer_id}
    (later,) = await intake.receives(form(customer={"email": "w@example.com"}))
    assert later.customer_id not in {had.customer_id, told.customer_id}


async def test_two_desks_that_complete_at_once_do_not_overwrite_each_other(intake: Intake) -> None:
    """R-IN-04: the second meets what the first wrote; the same number given to two customers becomes one's."""
    one, two = await intake.receives(form(), form())
    replies = await asyncio.gather(
        *(
            bench.command(
                CompleteContact, {"by": "service-1", "contact_id": one.contact_id, "customer": {"name": name}}
            )
            for bench, name in ((intake.bench, "王芳"), (intake.other, "李梅"))
        )
    )
    assert sorted(reply["ok"] for reply in replies) == [False, True]
    replies = await asyncio.gather(
        *(
            bench.command(
                CompleteContact, {"by": "service-1", "contact_id": told.contact_id, "customer": {"phone": PHONE}}
            )
            for bench, told in ((intake.bench, one), (intake.other, two))
        )
    )
    assert sorted(reply["ok"] for reply in replies) == [False, True]
    assert len(await owners(intake)) == 1


async def test_completing_and_registering_side_by_side_wait_for_each_other_at_most_once(intake: Intake) -> None:
    """R-IN-04, R-IN-06: both take identifiers first, so no command fails and no batch is repeated for ever."""
    people = [{"phone": f"138001380{n:02}"} for n in range(20)]
    told = await intake.receives(*(form(customer=person) for person in people))
    await intake.publish(
        *(envelope(f"x{n}", form(customer={**p, "email": f"p{n}@example.com"})) for n, p in enumerate(people))
    )
    messages = await intake.bench.fetch(20)
    replies = await asyncio.gather(
        intake.other.process(messages),
        *(
            intake.bench.command(
                CompleteContact,
                {"by": "service-1", "contact_id": one.contact_id, "customer": {"email": f"p{n}@example.com"}},
            )
            for n, one in enumerate(told)
        ),
    )
    assert all(reply["ok"] for reply in replies[1:]), replies
    assert await intake.bench.count(store.customers) == 20
    assert len(await owners(intake)) == 40


async def test_the_same_command_again_completes_once(intake: Intake) -> None:
    """R-IN-04: and the same details in a new command are nothing new."""
    (told,) = await intake.receives(form())
    body: dict[str, Any] = {"command_id": new_id(), "contact_id": told.contact_id, "customer": {"name": "王芳"}}
    first = await intake.command(CompleteContact, **body)
    assert first == await intake.command(CompleteContact, **body)
    assert (await complete(intake, told, customer={"name": "王芳"}))["completed"] == []
    assert len(await intake.completed()) == await intake.bench.count(store.completions) == 1


async def test_only_staff_complete_and_only_what_can_be_read(intake: Intake) -> None:
    (told,) = await intake.receives(form())
    assert (await refused(intake, told.contact_id, by="stranger", customer={"name": "王"}))["status"] == 403
    assert (await refused(intake, "nobody", customer={"name": "王"}))["status"] == 404
    assert (await refused(intake, "no\0body", customer={"name": "王"}))["status"] == 422
    problem = await refused(intake, told.contact_id, customer={"name": ["王"]})
    assert (problem["status"], problem["errors"][0]["field"]) == (422, "customer.name")
    for command in ({"by": "stranger", "contact_id": told.contact_id}, {"by": "service-1", "contact_id": "nobody"}):
        assert not (await intake.bench.command(GetContact, command))["ok"]
    assert (await complete(intake, told, customer={"name": "王\0芳"}))["completed"] == ["name"]
    assert (await intake.completed())[0].personal.name == "王芳"


async def test_a_contact_is_read_as_it_is_recorded(intake: Intake) -> None:
    """R-IN-02, R-IN-03, R-IN-10: provenance, attachments, figures of the call, who completed what."""
    call = {"rings": 5, "hold_seconds": 20}
    attachment = {"kind": "image", "name": "a.jpg", "how_obtained": "customer"}
    (told,) = await intake.receives(
        form(
            customer={"name": "王", "preferences": {"channel": "email", "elderly": True}},
            call=call,
            agent_id="service-2",
            duration_seconds=90,
            attachments=[attachment],
            emotion="anxious",
            details={"product_name": "空调"},
        ),
        channel="phone",
    )
    await complete(intake, told, by="service-2", customer={"name": "王芳"}, details={"order_no": "1"})
    reply = await intake.command(GetContact, contact_id=told.contact_id)
    found, customer = reply["result"]["contact"], reply["result"]["customer"]
    assert (found["channel"], found["agent_id"], found["duration_seconds"]) == ("phone", "service-2", 90)
    assert (found["occurred_at"], found["emotion"]) == ("2026-11-23T02:15:00Z", "anxious")
    assert (found["told"]["name"], found["personal"]["name"]) == ("王", "王芳")
    assert found["details"] == {"product_name": "空调", "order_no": "1"}
    assert found["attachments"] == [attachment]
    assert found["provenance"] == {"customer.name": "volunteered"}
    assert (found["call"]["rings"], found["call"]["exceeded"]) == (5, ["rings"])
    assert customer["customer_id"] == told.customer_id
    assert customer["provenance"]["name"]["by"] == "service-2"
    assert customer["preferences"] == {"channel": "email", "elderly": True, "plain_language": None}
    (entry,) = reply["result"]["completions"]
    assert (entry["by"], entry["completed"], entry["corrected"]) == ("service-2", ["name", "order_no"], [])


async def test_preferences_stay_with_the_customer_and_a_vip_stays_one(intake: Intake) -> None:
    """R-IN-11: over contacts and channels; the last wish holds, the highest tier does."""
    who = {"phone": PHONE}
    one, two, three = await intake.receives(
        form(customer={**who, "tier": "VIP", "preferences": {"channel": "email", "elderly": True}}),
        form(customer={**who, "tier": "new"}),
        form(customer={**who, "preferences": {"channel": "sms", "elderly": False}}),
    )
    assert [told.tier for told in (one, two, three)] == ["vip"] * 3
    assert [told.preferred_channel for told in (one, two, three)] == ["email", "email", "sms"]
    assert [told.plain_language for told in (one, two, three)] == [True, True, False]
    await complete(intake, three, customer={"preferences": {"plain_language": True}})
    (event,) = await intake.completed()
    assert (event.completed, event.preferred_channel, event.plain_language) == (("plain_language",), "sms", True)


async def test_replicas_that_raise_a_tier_at_once_end_with_the_higher(intake: Intake) -> None:
    """R-IN-11: whichever commits last."""
    people = [{"phone": f"138001380{n:02}"} for n in range(10)]
    await intake.receives(*(form(customer={**person, "tier": "new"}) for person in people))
    tiers = ("vip", "returning") * 5
    await intake.publish(
        *(
            envelope(f"a{n}", form(customer={**p, "tier": t}))
            for n, (p, t) in enumerate(zip(people, tiers, strict=True))
        ),
        *(
            envelope(f"b{n}", form(customer={**p, "tier": t}))
            for n, (p, t) in enumerate(zip(people, tiers[1:] + tiers[:1], strict=True))
        ),
    )
    messages = await intake.bench.fetch(20)
    await asyncio.gather(intake.bench.process(messages[:10]), intake.other.process(messages[10:]))
    async with intake.bench.engine.connect() as connection:
        held = (await connection.execute(select(store.customers.c.tier))).scalars().all()
    assert held == ["vip"] * 10

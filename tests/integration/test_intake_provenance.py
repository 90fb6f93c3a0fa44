"""What was not volunteered is nowhere, and what was is nowhere it does not belong, on real servers (R-IN-03, R-OB-01)."""

import json
from collections.abc import AsyncIterator

import pytest
from nats.js.errors import NotFoundError
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from services.intake import store
from services.intake.handlers import Eraser
from shared import metrics
from shared.events import ContactRejected
from shared.events.commands import CompleteContact, GetContact
from shared.times import rfc3339
from tests.integration.intake_house import Intake, envelope, form, intake_house

SECRET = "13700137000"
DROPPED = {"phone": {"value": SECRET, "provenance": "purchased list"}}


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[Intake]:
    async with intake_house(database_url, fresh_nats) as ready:
        yield ready


def dropped(field: str) -> float:
    value: float = metrics.DETAILS_DROPPED.labels(field)._value.get()
    return value


async def test_a_detail_that_was_not_volunteered_is_counted_and_kept_nowhere(intake: Intake) -> None:
    """R-IN-03: in no table, no event, no dead letter; and it identifies nobody."""
    before = dropped("phone")
    await intake.receives(
        form(customer={"name": "王芳", **DROPPED}, text=f"回电{SECRET}", details={"note": f"tel {SECRET}"}),
        form(customer={"phone": SECRET[:3] + " " + SECRET[3:], "provenance": {"phone": "crm"}, "name": "李梅"}),
    )
    assert dropped("phone") - before == 2
    one, two = await intake.registered()
    assert one.customer_id != two.customer_id
    assert (one.dropped, one.personal.phone, one.personal.text) == (("phone",), None, "回电***")
    assert await intake.bench.count(store.identifiers) == 0
    assert SECRET not in (await intake.everything()).replace(" ", "")


async def test_the_raw_contact_leaves_its_stream(intake: Intake) -> None:
    """R-IN-03: the one with the detail that may not be kept, and no other; also where it is gone already."""
    await intake.receives(form(), form(customer=DROPPED), form())
    jetstream = intake.bench.client.jetstream()
    last = (await jetstream.stream_info("CONTACTS")).state.last_seq
    (noted,) = await intake.bench.rows(store.erasures)
    assert noted.sequence == last - 1
    (eraser,) = (loop for loop in intake.bench.parts.loops if loop.name == "erase")
    assert eraser.wake.is_set()
    await eraser.turn()
    assert await intake.bench.count(store.erasures) == 0
    with pytest.raises(NotFoundError):
        await jetstream.get_msg("CONTACTS", last - 1)
    assert [(await jetstream.get_msg("CONTACTS", last - n)).seq for n in (2, 0)] == [last - 2, last]
    await intake.bench.context.erase(last - 1)
    with pytest.raises(NotFoundError):
        await jetstream.get_msg("CONTACTS", last - 1)


async def test_what_cannot_be_erased_now_is_erased_later(intake: Intake) -> None:
    """R-IN-03: a failing server loses no erasure."""
    await intake.receives(form(customer=DROPPED))
    (noted,) = await intake.bench.rows(store.erasures)

    async def away(_sequence: int) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Eraser(intake.bench.engine, away, intake.bench.clock).turn()
    assert await intake.bench.rows(store.erasures) == [noted]


async def test_a_contact_delivered_again_is_not_counted_again(intake: Intake) -> None:
    """R-IN-03, R-IN-06"""
    before = dropped("phone")
    await intake.publish(*[envelope(1, form(customer=DROPPED))] * 2)
    await intake.bench.consume(2)
    assert dropped("phone") - before == 1


async def test_each_detail_in_the_file_says_where_it_comes_from(intake: Intake) -> None:
    """R-IN-03: how it came about, from which contact, when; what came first stays."""
    await intake.receives(
        form(customer={"phone": "13800138000", "name": {"value": "王芳", "provenance": "客户提供"}}),
        form(customer={"phone": "13800138000", "name": "王小芳", "email": "w@example.com", "tier": "vip"}),
    )
    (customer,) = await intake.bench.rows(store.customers)
    at = rfc3339(intake.bench.clock.at)
    assert customer.provenance == {
        "phone": {"provenance": "volunteered", "source_id": "web/shop/n0", "at": at},
        "name": {"provenance": "客户提供", "source_id": "web/shop/n0", "at": at},
        "email": {"provenance": "volunteered", "source_id": "web/shop/n1", "at": at},
        "tier": {"provenance": "volunteered", "source_id": "web/shop/n1", "at": at},
    }
    first, _ = await intake.bench.rows(store.contacts)
    assert first.provenance == {"customer.phone": "volunteered", "customer.name": "客户提供"}


async def test_what_staff_were_not_told_by_the_customer_is_not_stored_either(intake: Intake) -> None:
    """R-IN-03: the command drops and counts as well; one with nothing else in it is refused."""
    (told,) = await intake.receives(form())
    before = dropped("phone")
    refused = await intake.command(CompleteContact, contact_id=told.contact_id, customer=DROPPED)
    assert (refused["error"]["status"], refused["error"]["type"]) == (422, "urn:yingda:problem:not-volunteered")
    done = await intake.command(CompleteContact, contact_id=told.contact_id, customer={"name": "王芳", **DROPPED})
    assert (done["result"]["completed"], done["result"]["dropped"]) == (["name"], ["phone"])
    again = await intake.command(CompleteContact, contact_id=told.contact_id, customer={"name": "王芳", **DROPPED})
    assert again["result"]["completed"] == []
    assert dropped("phone") - before == 3
    (event,) = await intake.completed()
    assert (event.dropped, event.personal.phone) == (("phone",), None)
    assert SECRET not in await intake.everything()


async def test_personal_data_is_in_no_log_no_metric_and_no_other_event(intake: Intake) -> None:
    """R-IN-03, R-OB-01: only contact.registered and contact.completed tell it."""
    with capture_logs() as logs:
        (told,) = await intake.receives(form(customer={"name": "王芳", "phone": SECRET}, text="我的秘密"))
        await intake.command(CompleteContact, contact_id=told.contact_id, customer={"email": "w@example.com"})
        await intake.command(CompleteContact, contact_id=told.contact_id, customer={"name": "李梅"})
        await intake.command(GetContact, contact_id=told.contact_id)
        await intake.publish(envelope("bad", form(emotion="我的秘密", customer={"name": "王芳"})), channel="web")
        await intake.publish(envelope("raises", form(text="我的秘密")), channel="faulty")
        await intake.bench.consume(2)
    assert logs
    rejected = [event.to_json() for event in await intake.bench.told(ContactRejected)]
    assert len(rejected) == 2
    public = json.dumps([logs, rejected], ensure_ascii=False, default=repr) + generate_latest(metrics.REGISTRY).decode()
    for personal in ("王芳", "李梅", SECRET, "w@example.com", "我的秘密"):
        assert personal not in public

"""What feedback writes together must come out as if it were written one by one (R-FB-05, R-FB-08)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.feedback.store.report_tables import contacts
from services.feedback.store.tables import cases, customers
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import MONDAY, Life, registered


@pytest.fixture
async def desk(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    async with bench(database_url, fresh_nats) as ready:
        yield ready


async def test_a_contact_and_its_work_order_are_written_in_two_statements(desk: Bench) -> None:
    """R-FB-08: the customer with the fact for the reports, the case at the end."""
    one, other = Life("w1"), Life("w2")
    await desk.tell(one.contact(), one.opened(), other.contact(), other.opened())
    written = [text for text in desk.statements if "INSERT INTO feedback." in text]
    (told,) = [text for text in written if "feedback.customers" in text]
    assert "feedback.report_contacts" in told
    assert len([text for text in written if "feedback.cases" in text]) == 1
    assert [await desk.service.count(table) for table in (customers, contacts, cases)] == [2, 2, 2]


@pytest.mark.parametrize("size", [1, 100])
async def test_a_contact_told_again_replaces_its_customer_and_keeps_its_fact(desk: Bench, size: int) -> None:
    """R-FB-08, R-FB-05: also where hundreds of new ones come with it, which are copied otherwise."""
    await desk.tell(registered("c1", channel="web"))
    later = MONDAY + timedelta(hours=1)
    again = registered("c1", channel="email", registered_at=later, personal={"name": "李女士", "text": "再问一次"})
    await desk.tell(again, *(registered(f"n{number}") for number in range(size)))
    (customer,) = [row for row in await desk.service.rows(customers) if row.contact_id == "c1"]
    (fact,) = [row for row in await desk.service.rows(contacts) if row.contact_id == "c1"]
    assert (customer.name, customer.text, customer.channel) == ("李女士", "再问一次", "email")
    assert (fact.channel, fact.at) == ("web", registered("c1").registered_at)
    assert await desk.service.count(customers) == await desk.service.count(contacts) == size + 1

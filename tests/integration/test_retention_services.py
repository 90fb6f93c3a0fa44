"""When the records of a work order expire, no service keeps a row of it; the work orders that live on keep theirs."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.feedback.app import SERVICE as FEEDBACK
from services.intake.app import SERVICE as INTAKE
from services.intake.store.retention import old_contacts
from services.notify.app import SERVICE as NOTIFY
from services.routing.app import SERVICE as ROUTING
from services.routing.store.retention import closed_work_orders
from services.sla.app import SERVICE as SLA
from shared.events import (
    Event,
    WorkorderCancelled,
    WorkorderClosed,
    WorkorderExpired,
    WorkorderOpened,
    WorkorderResolved,
    WorkorderSigned,
)
from shared.events.commands import Cancel
from shared.retention import Retention
from shared.service import Service
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.builders import opened_workorder, registered_contact, workorder_step
from shared.testing.clock import MONDAY, SetClock
from tests.integration.intake_house import form, intake_house
from tests.unit.notify.house import notify_house

RUNTIME = {"inbox", "outbox", "dead_letters", "parked", "commands"}


async def rows_of(engine: AsyncEngine, metadata: MetaData, what: str) -> list[str]:
    """Return the tables in which any column of any row holds `what`."""
    found = []
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            query = text(f"SELECT count(*) FROM {table.fullname} AS t WHERE t::text LIKE :what")
            if table.name not in RUNTIME and await connection.scalar(query, {"what": f"%{what}%"}):
                found.append(table.name)
    return found


def life(n: int) -> Sequence[Event]:
    """A work order from its contact to its end; its ids and its customer's number are found again in every row."""
    about: Any = {"work_order_id": f"order#{n}", "number": f"XR2026112300{n}"}
    person = {"phone": f"1380013800{n}", "name": f"王芳{n}", "text": "空调不制冷,要求换货"}
    return (
        registered_contact(f"contact#{n}", customer_id=f"customer#{n}", personal=person),
        opened_workorder(f"order#{n}", contact_id=f"contact#{n}", customer_id=f"customer#{n}", number=about["number"]),
        workorder_step(WorkorderResolved, 2, status="resolved", outcome="resolved", text="已换货", **about),
        workorder_step(WorkorderSigned, 3, status="signed", confirmation_required=False, **about),
        workorder_step(WorkorderClosed, 4, status="closed", outcome="resolved", **about),
    )


def expired(*numbers: int) -> WorkorderExpired:
    ids, contacts = tuple(f"order#{n}" for n in numbers), tuple(f"contact#{n}" for n in numbers)
    return WorkorderExpired(work_order_ids=ids, contact_ids=contacts, at=MONDAY)


async def forgets(bench: ServiceBench, service: Service) -> None:
    wanted = [event for n in (1, 2) for event in life(n) if type(event) in consumed(service)]
    await bench.happens(*wanted)
    before = {n: await rows_of(bench.engine, service.metadata, f"#{n}") for n in (1, 2)}
    assert all(before.values())
    await bench.happens(expired(1))
    for trace in ("order#1", "contact#1", "13800138001", "王芳1"):
        assert await rows_of(bench.engine, service.metadata, trace) == [], trace
    assert await rows_of(bench.engine, service.metadata, "#2") == before[2]
    await bench.happens(expired(1), expired(2))
    assert await rows_of(bench.engine, service.metadata, "#2") == []


def consumed(service: Service) -> set[type[Event]]:
    steps: set[type[Event]] = {WorkorderOpened, WorkorderResolved, WorkorderSigned, WorkorderClosed}
    return set(service.consumes) | steps


@pytest.mark.parametrize("service", [SLA, FEEDBACK], ids=lambda service: service.name)
async def test_a_service_forgets_what_has_expired(service: Service, database_url: str, fresh_nats: str) -> None:
    async with service_bench(service, database_url, fresh_nats, clock=SetClock()) as bench:
        await forgets(bench, service)


async def test_notify_forgets_what_has_expired(database_url: str, fresh_nats: str, tmp_path: Path) -> None:
    async with notify_house(database_url, fresh_nats, tmp_path) as house:
        await forgets(house.bench, NOTIFY)


async def test_routing_expires_what_ended_long_ago_and_tells_everybody(database_url: str, fresh_nats: str) -> None:
    async with service_bench(ROUTING, database_url, fresh_nats, clock=SetClock()) as bench:
        await bench.happens(*(life(n)[0] for n in (1, 2, 3)))
        opened = {event.contact_id: event.work_order_id for event in await bench.told(WorkorderOpened)}
        for contact in ("contact#1", "contact#3"):
            cancel = {"by": "service-1", "work_order_id": opened[contact], "reason": "客户撤回"}
            assert (await bench.command(Cancel, cancel))["ok"]
            bench.clock.at += timedelta(days=20)
        assert len(await bench.told(WorkorderCancelled)) == 2
        bench.clock.at = MONDAY + timedelta(days=31)
        await Retention(bench.outbox, [closed_work_orders(30)]).turn()
        assert await rows_of(bench.engine, ROUTING.metadata, opened["contact#1"]) == []
        assert await rows_of(bench.engine, ROUTING.metadata, "customer#1") == []
        assert await rows_of(bench.engine, ROUTING.metadata, opened["contact#2"]), "an open one stays"
        assert await rows_of(bench.engine, ROUTING.metadata, opened["contact#3"]), "its time has not come"
        (told,) = await bench.told(WorkorderExpired)
        assert (told.work_order_ids, told.contact_ids) == ((opened["contact#1"],), ("contact#1",))


async def test_intake_forgets_old_contacts_and_customers_without_any(database_url: str, fresh_nats: str) -> None:
    async with intake_house(database_url, fresh_nats) as house:
        gone, stays = "13800138001", "13800138002"
        await house.receives(*(form(customer={"phone": phone}) for phone in (gone, stays)))
        house.bench.clock.at += timedelta(days=396)
        await house.receives(form(customer={"phone": stays}, text="还是不制冷"))
        await Retention(house.bench.outbox, [old_contacts(30)]).turn()
        assert await rows_of(house.bench.engine, INTAKE.metadata, gone) == []
        assert set(await rows_of(house.bench.engine, INTAKE.metadata, stays)) == {
            "contacts",
            "customers",
            "identifiers",
        }
        assert await rows_of(house.bench.engine, INTAKE.metadata, "空调不制冷") == []
        assert await rows_of(house.bench.engine, INTAKE.metadata, "还是不制冷") == ["contacts"]

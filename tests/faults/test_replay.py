"""A bus that lost everything is refilled from the outboxes, and nothing happens a second time.

What was told before the loss is the ledger: the same events, and no others, are on the stream after `yingda replay`, and
the tables and the customers' messages are what they were.
"""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.publish import Outgoing
from shared.bus.streams import EVENTS
from shared.db import create_engine
from shared.service import find_service
from shared.settings import Settings
from shared.testing.embedded import EmbeddedServers
from tests.command_line import yingda_beside
from tests.e2e.suite import contact, envelope
from tests.faults.floor import Floor, floor, of, own_servers

SERVICES = ("intake", "routing", "sla", "notify", "feedback")
CONTACTS, FINISHED, MORE = 80, 8, 20
COUNTED = {
    "intake": ("contacts", "customers"),
    "routing": ("work_orders",),
    "sla": ("clocks",),
    "notify": ("notifications",),
    "feedback": ("callbacks",),
}


@pytest.mark.timeout(400)
async def test_a_lost_bus_and_a_restored_service_are_refilled_and_nothing_happens_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-IN-06, R-SLA-09, R-NT-04: NATS loses its disk while all services run; then sla's tables come from a backup."""
    async with own_servers() as servers, floor(servers.database_url, servers.nats_url) as ours:
        monkeypatch.setenv("YINGDA_NATS_URL", servers.nats_url)
        monkeypatch.setenv("YINGDA_DATABASE_URL", servers.database_url)
        monkeypatch.setenv("YINGDA_DATA", str(tmp_path))
        engine = create_engine(Settings(database_url=servers.database_url))
        try:
            await ours.provision(*SERVICES)
            await ours.start(*SERVICES, YINGDA_DATA=str(tmp_path))
            await lives(ours, "a", CONTACTS, finished=FINISHED)
            await a_lost_bus(ours, servers, engine, tmp_path)
            await a_restored_service(ours, engine, tmp_path)
        finally:
            await engine.dispose()


async def a_lost_bus(ours: Floor, servers: EmbeddedServers, engine: AsyncEngine, data: Path) -> None:
    before, tables, sent = await ours.events(), await counts(engine), messages(data)
    assert len(of(before, "workorder.opened")) == CONTACTS
    assert len(of(before, "callback.scheduled")) == FINISHED

    await servers.nats.stop()
    shutil.rmtree(servers.nats.data_dir / "jetstream")
    await servers.nats.start()
    assert "run `yingda provision`" in (await yingda_beside("replay")).err
    await ours.provision(*SERVICES)
    assert (await yingda_beside("replay")).lines[-1].startswith(f"{len(before)} events were published again")
    await seen_by_all(ours, len(before))

    after = await ours.events()
    assert ids(after) == ids(before), "nothing is missing, and nobody told anything because of it"
    assert (await counts(engine), messages(data)) == (tables, sent)

    await lives(ours, "b", MORE, finished=1)
    fresh = of((await ours.events())[len(before) :], "workorder.opened")
    assert sorted(int(event["number"][10:]) for event in fresh) == list(range(CONTACTS + 1, CONTACTS + MORE + 1))


async def a_restored_service(ours: Floor, engine: AsyncEngine, data: Path) -> None:
    """The tables of sla are put back to what they were; what happened since is on the bus."""
    tables = find_service("sla").metadata.sorted_tables
    await backed_up(engine, tables)
    running = await clocks(engine)
    await lives(ours, "c", MORE, finished=1)
    before, orders, sent = await ours.events(), await counts(engine), messages(data)
    await ours.kill("sla")
    await restored(engine, tables)
    assert await clocks(engine) == running
    await ours.start("sla", YINGDA_DATA=str(data))
    told = await yingda_beside("replay", "--to", "sla", "--since", "1h")
    assert (told.code, told.out.startswith("sla reads EVENTS again from ")) == (0, True), told
    await ours.at_rest()

    after = await ours.events()
    new = [event for event in after if event["id"] not in ids(before)]
    assert {event["source"] for event in new} == {"yingda/sla"}, "only what sla forgot is told again, and only by sla"
    assert {event["type"].split(".")[1] for event in new} == {"sla"}
    now = await counts(engine)
    assert now == orders, "every clock runs again, and there is no second work order, callback or message"
    assert messages(data) == sent
    assert set(await clocks(engine)) >= set(running)


async def lives(ours: Floor, batch: str, count: int, *, finished: int) -> None:
    """Let contacts come in, and `finished` of them be answered, resolved and signed, so that a callback is planned."""
    known = {event["source_id"] for event in of(await ours.events(), "workorder.opened")} if batch != "a" else set()
    data = [contact(customer={"name": "王芳", "phone": f"1380{ord(batch):03d}{n:04d}"}) for n in range(count)]
    await ours.send(
        [
            Outgoing(f"web/shop/{batch}{n}", "yingda.contact.received.web", envelope(one, "web", f"{batch}{n}"))
            for n, one in enumerate(data)
        ]
    )
    await ours.at_rest()
    opened = [event for event in of(await ours.events(), "workorder.opened") if event["source_id"] not in known]
    for number, order in enumerate(opened[:finished]):
        department = order["department"]
        for name, by, more in (
            ("resolve", f"{department}-1", {"outcome": "resolved", "text": "已为您更换"}),
            ("sign", f"{department}-supervisor", {"approve": True}),
        ):
            body = {"command_id": f"{batch}-{number}-{name}", "by": by, "work_order_id": order["work_order_id"], **more}
            reply = await ours.client.request(f"yingda.command.workorder.{name}", json.dumps(body).encode(), timeout=30)
            assert json.loads(reply.data)["ok"], reply.data
    await ours.at_rest()


async def seen_by_all(ours: Floor, count: int) -> None:
    """Return when every service has been given all events, and has nothing left of them."""
    await ours.at_rest()
    jetstream = ours.client.jetstream()
    assert (await jetstream.stream_info(EVENTS.name)).state.messages == count
    for name in SERVICES[1:]:
        info = await jetstream.consumer_info(EVENTS.name, name)
        assert info.delivered is not None
        assert info.delivered.consumer_seq > 0
        assert (info.num_pending, info.num_ack_pending) == (0, 0)


def ids(events: list[dict[str, Any]]) -> set[str]:
    return {event["id"] for event in events}


def messages(data: Path) -> Counter[str]:
    """Return what the customers and colleagues would have got, by the notification."""
    found: Counter[str] = Counter()
    for path in (data / "messages").glob("*.jsonl"):
        found.update(json.loads(line)["notification_id"] for line in path.read_text().splitlines())
    return found


async def counts(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return {
            f"{service}.{table}": await connection.scalar(text(f"SELECT count(*) FROM {service}.{table}")) or 0
            for service, tables in COUNTED.items()
            for table in tables
        }


async def clocks(engine: AsyncEngine) -> dict[tuple[str, str, int], str]:
    query = text("SELECT subject_id, metric, cycle, state FROM sla.clocks WHERE state <> 'cancelled'")
    async with engine.connect() as connection:
        return {(row.subject_id, row.metric, row.cycle): row.state for row in await connection.execute(query)}


async def backed_up(engine: AsyncEngine, tables: list[Table]) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA backup"))
        for table in tables:
            await connection.execute(text(f"CREATE TABLE backup.{table.name} AS TABLE {table.fullname}"))


async def restored(engine: AsyncEngine, tables: list[Table]) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(table.fullname for table in tables)}"))
        for table in tables:
            await connection.execute(
                text(f"INSERT INTO {table.fullname} OVERRIDING SYSTEM VALUE SELECT * FROM backup.{table.name}")
            )

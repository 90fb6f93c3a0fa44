"""Dead letters and replays from the command line, on real servers, with a probe for a service (R-IN-08)."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import ServerError
from sqlalchemy import Column, Integer, Table, Text, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.letter_acts import acts
from shared.bus.outbox import Outbox
from shared.bus.publish import Publisher
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import EVENTS
from shared.bus.tables import runtime_tables
from shared.bus.transaction import Incoming, Transaction
from shared.clock import SystemClock
from shared.db import create_engine, insert_rows, schema_of
from shared.events import ReportPublished, compose, encode
from shared.provision import provision
from shared.service import Context, Parts, Service
from shared.settings import Settings
from tests.command_line import yingda_beside
from tests.polling import until

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
metadata = schema_of("clerk")
tables = runtime_tables(metadata)
effects = Table("effects", metadata, Column("id", Text, primary_key=True), Column("times", Integer, nullable=False))


async def _build(_context: Context) -> Parts:
    raise AssertionError("the clerk is never built")


MIGRATIONS = (Path(__file__).parent / "clerk_migrations",)
CLERK = Service("clerk", metadata, tables, EVENTS, (ReportPublished,), _build, migrations=MIGRATIONS)


@dataclass
class Clerk:
    """Notes the effect of each report; refuses those named `refused` and fails on those named `poison`."""

    engine: AsyncEngine
    client: Client
    outbox: Outbox
    healed: bool = False
    applied: list[str] = field(default_factory=list)

    async def handle(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        for item in batch:
            if item.data.report == "poison" and not self.healed:
                raise ValueError("this one is poison")
            if item.data.report == "refused":
                tx.reject(item, "the report has no such name")
                continue
            await insert_rows(tx.connection, effects, [{"id": item.message.key, "times": 1}])
            self.applied.append(item.data.report)

    async def publish(self, name: str) -> str:
        message = compose(report(name), source="yingda/probe", subject=name, at=NOW, traceparent=None)
        await self.client.jetstream().publish(ReportPublished.SUBJECT, encode(message), stream="EVENTS")
        return message.key

    async def consume(self, count: int = 1) -> None:
        """Handle the next `count` messages, in one batch."""
        subscription = await self.client.jetstream().pull_subscribe_bind("clerk", "EVENTS")
        taken: list[Msg] = []
        while len(taken) < count:
            taken += await subscription.fetch(count - len(taken), timeout=30)
        await BatchRuntime(self.outbox, self.handle).process(taken)
        await subscription.unsubscribe()

    async def provision(self) -> None:
        await provision(self.engine, self.client, [CLERK])

    async def begin_anew(self) -> None:
        """Lose the stream with all that it knows, and make it anew; right after, the server may refuse its name at first."""
        await self.client.jetstream().delete_stream(EVENTS.name)

        async def made() -> bool:
            try:
                await self.provision()
            except ServerError as error:
                if "error creating store" not in str(error):
                    raise
                return False
            return True

        await until(made, 30, said="the stream is there again")

    async def letters(self, *options: str) -> list[dict[str, object]]:
        outcome = await yingda_beside("dlq", "list", "--json", *options)
        assert outcome.code == 0, outcome.err
        found: list[dict[str, object]] = json.loads(outcome.out)
        return found


def report(name: str) -> ReportPublished:
    return ReportPublished(report=name, period_start=NOW, period_end=NOW, uri="file:///r")


@pytest.fixture
async def clerk(database_url: str, own_nats: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Clerk]:
    monkeypatch.setenv("YINGDA_NATS_URL", own_nats)
    monkeypatch.setenv("YINGDA_DATABASE_URL", database_url)
    engine = create_engine(Settings(database_url=database_url))
    client = await nats.connect(own_nats)
    try:
        await provision(engine, client, [CLERK])
        yield Clerk(engine, client, Outbox("clerk", engine, tables, SystemClock(), Publisher(client, "EVENTS")))
        async with engine.begin() as connection:
            for table in metadata.sorted_tables:
                await connection.execute(text(f"TRUNCATE {table.fullname} RESTART IDENTITY"))
            await connection.execute(text(f"DROP SCHEMA {acts.schema} CASCADE"))
    finally:
        await client.close()
        await engine.dispose()


async def test_a_poison_message_is_listed_and_replayed_once_its_cause_is_gone(clerk: Clerk) -> None:
    key = await clerk.publish("poison")
    await clerk.consume()
    (letter,) = await clerk.letters()
    assert (letter["id"], letter["message_id"], letter["state"]) == ("clerk:1", key, "open")
    assert letter["reason"] == "the handler failed: ValueError"
    assert "body" not in letter
    clerk.healed = True
    outcome = await yingda_beside("dlq", "replay", "clerk:1")
    assert (outcome.code, outcome.out) == (0, "clerk:1 is replayed\n")
    await clerk.consume()
    assert clerk.applied == ["poison"]
    assert await clerk.letters() == []
    (kept,) = await clerk.letters("--all")
    assert (kept["state"], kept["replays"]) == ("replayed", 1)
    assert kept["acted_by"]
    assert kept["acted_at"]


async def test_a_replay_within_the_duplicate_window_arrives_and_has_its_effect_once(clerk: Clerk) -> None:
    await clerk.publish("poison")
    await clerk.consume()
    clerk.healed = True
    for _ in range(3):
        assert (await yingda_beside("dlq", "replay", "clerk:1")).code == 0
    await clerk.consume(3)
    assert clerk.applied == ["poison"]


async def test_a_rejected_message_is_corrected_and_replayed_although_the_inbox_knew_it(
    clerk: Clerk, tmp_path: Path
) -> None:
    """R-IN-08: an operator sees it, corrects it, and it is handled, once."""
    await clerk.publish("refused")
    await clerk.consume()
    shown = json.loads((await yingda_beside("dlq", "show", "clerk:1")).out)
    corrected = tmp_path / "corrected.json"
    corrected.write_text(shown["body"].replace('"report":"refused"', '"report":"monthly"'), encoding="utf-8")
    assert (await yingda_beside("dlq", "replay", "clerk:1", "--edit", str(corrected))).code == 0
    await clerk.consume()
    assert clerk.applied == ["monthly"]
    assert (await yingda_beside("dlq", "replay", "clerk:1", "--edit", str(corrected))).code == 0
    await clerk.consume()
    assert clerk.applied == ["monthly"], "what has had its effect has it once"


async def test_a_message_rejected_again_is_another_letter_and_can_be_corrected_then(
    clerk: Clerk, tmp_path: Path
) -> None:
    await clerk.publish("refused")
    await clerk.consume()
    assert (await yingda_beside("dlq", "replay", "clerk:1")).code == 0
    await clerk.consume()
    (letter,) = await clerk.letters()
    assert letter["id"] != "clerk:1"
    shown = json.loads((await yingda_beside("dlq", "show", str(letter["id"]))).out)
    corrected = tmp_path / "corrected.json"
    corrected.write_text(shown["body"].replace('"report":"refused"', '"report":"monthly"'), encoding="utf-8")
    assert (await yingda_beside("dlq", "replay", str(letter["id"]), "--edit", str(corrected))).code == 0
    await clerk.consume()
    assert clerk.applied == ["monthly"]


async def test_a_letter_of_a_message_that_was_handled_meanwhile_has_no_second_effect(
    clerk: Clerk, tmp_path: Path
) -> None:
    """The adapter sent the message again, readable this time; the operator replays a corrected one as well."""
    message = compose(report("monthly"), source="yingda/probe", subject="monthly", at=NOW, traceparent=None)
    good = encode(message)
    bad = good.replace(b'"report":"monthly"', b'"report":7')
    for body in (bad, good):
        await clerk.client.jetstream().publish(ReportPublished.SUBJECT, body, stream="EVENTS")
        await clerk.consume()
    assert clerk.applied == ["monthly"]
    assert len(await clerk.letters()) == 1
    edited = tmp_path / "edited.json"
    edited.write_bytes(good)
    assert (await yingda_beside("dlq", "replay", "clerk:1", "--edit", str(edited))).code == 0
    await clerk.consume()
    assert clerk.applied == ["monthly"]


async def test_discarding_keeps_the_letter_with_who_and_why(clerk: Clerk) -> None:
    await clerk.publish("refused")
    await clerk.consume()
    assert (await yingda_beside("dlq", "discard", "clerk:1", "--reason", "a test of the adapter")).code == 0
    assert await clerk.letters() == []
    (kept,) = await clerk.letters("--all", "--service", "clerk")
    assert (kept["state"], kept["note"]) == ("discarded", "a test of the adapter")
    for again in (("discard", "clerk:1", "--reason", "x"), ("replay", "clerk:1")):
        outcome = await yingda_beside("dlq", *again)
        assert outcome.code == 1
        assert "discarded" in outcome.err


async def test_a_letter_that_is_not_there_is_wrong_use(clerk: Clerk) -> None:
    for arguments in (("show", "clerk:99"), ("replay", "clerk:99"), ("list", "--service", "nobody")):
        outcome = await yingda_beside("dlq", *arguments)
        assert outcome.code == 2
        assert outcome.err.count("\n") == 1
    assert "clerk" in (await yingda_beside("dlq", "list", "--service", "nobody")).err


async def test_replay_refills_a_lost_stream_in_order_and_nobody_handles_an_event_twice(clerk: Clerk) -> None:
    names = [f"r{n}" for n in range(7)]
    for name in names:
        async with clerk.outbox.transaction() as tx:
            tx.emit(report(name), subject=name)
    await clerk.consume(7)
    jetstream = clerk.client.jetstream()
    await clerk.begin_anew()
    outcome = await yingda_beside("replay", "--service", "clerk")
    assert (outcome.code, outcome.lines[0]) == (0, "clerk: 7 events")
    assert (await jetstream.stream_info("EVENTS")).state.messages == 7
    await clerk.consume(7)
    assert clerk.applied == names
    again = await yingda_beside("replay", "--since", "1h")
    assert again.lines[-1].startswith("7 events were published again")
    assert (await jetstream.stream_info("EVENTS")).state.messages == 7, "the server dropped what it knew"
    assert (await yingda_beside("replay", "--since", "2999-01-01T00:00:00Z")).lines[0] == "clerk: 0 events"
    async with clerk.engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(effects)) == 7

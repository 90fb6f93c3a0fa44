"""A backup is whole or refused, and comes back as it was: sequences, times, consumers, rows (ADR 0031)."""

import gzip
import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.attachments import ATTACHMENTS, AttachmentStore
from shared.backup import BackupError, DamagedError, Manifest, NotEmptyError, back_up, examined, restore
from shared.backup.streams import keep_stream, keep_tail, restore_stream, restore_tail
from shared.cli.services import load_services
from shared.db import create_engine
from shared.provision import provision
from shared.settings import Settings
from shared.testing.embedded import EmbeddedNats
from shared.testing.servers import fresh_database
from tests.command_line import yingda_beside
from tests.polling import until

SERVICES = load_services()
SUBJECT = "yingda.contact.received.web"
FILE = b"%PDF-1.7\n" + bytes(300_000)


@dataclass(frozen=True)
class House:
    """A NATS server and a database of their own."""

    engine: AsyncEngine
    client: Client
    settings: Settings


@asynccontextmanager
async def house(nats_url: str, server_url: str) -> AsyncIterator[House]:
    async with fresh_database(server_url, "backup") as database_url:
        settings = Settings(nats_url=nats_url, database_url=database_url)
        engine, client = create_engine(settings), await nats.connect(nats_url)
        try:
            yield House(engine, client, settings)
        finally:
            await client.close()
            await engine.dispose()


@pytest.fixture(scope="module")
async def used(fresh_nats: str, database_url: str) -> AsyncIterator[House]:
    """A house that has worked: 30 contacts, the tenth erased, 20 of them taken by intake, and some rows."""
    settings = Settings(nats_url=fresh_nats, database_url=database_url)
    engine, client = create_engine(settings), await nats.connect(fresh_nats)
    await provision(engine, client, SERVICES)
    jetstream = client.jetstream()
    for number in range(30):
        headers = {"Nats-Msg-Id": f"web/shop/{number}"}
        await jetstream.publish(SUBJECT, f"contact {number} 您好".encode(), headers=headers)
    await jetstream.delete_msg("CONTACTS", 10)
    await jetstream.publish("yingda.event.workorder.opened", b"{}")
    await AttachmentStore(client).put("a.pdf", "", FILE, "by mail")
    subscription = await jetstream.pull_subscribe_bind("intake", stream="CONTACTS")
    for message in await subscription.fetch(20, timeout=60):
        await message.ack_sync()
    await subscription.unsubscribe()
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO routing.inbox (message_id) SELECT 'tab\t' || n || E'\\n\\\\' FROM generate_series(1, 1000) n"
            )
        )
        outbox = "INSERT INTO sla.outbox (events, body, created_at, sent_at) VALUES (1, '\\x00ff', now(), "
        await connection.execute(text(f"{outbox} now() - interval '1 hour')"))
        await connection.execute(text(f"{outbox} now() + interval '1 hour')"))  # as if published while it was made
    yield House(engine, client, settings)
    await client.close()
    await engine.dispose()


@pytest.fixture(scope="module")
async def backup(used: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("backup") / "monday"
    await back_up(used.engine, used.client, SERVICES, directory)
    return directory


@pytest.fixture(scope="module")
async def empty(servers: object, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Another NATS server, and an empty database."""
    async with EmbeddedNats(tmp_path_factory.mktemp("nats")) as server, house(server.url, database_url) as found:
        yield found


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    """The backup, to be damaged."""
    return Path(shutil.copytree(backup, tmp_path / "copy"))


async def contents(
    client: Client, stream: str
) -> list[tuple[int, datetime | None, bytes | None, dict[str, str] | None]]:
    """Return sequence, time, body and headers of every message."""
    jetstream, found = client.jetstream(), []
    state = (await jetstream.stream_info(stream)).state
    for sequence in range(state.first_seq, state.last_seq + 1):
        try:
            message = await jetstream.get_msg(stream, sequence)
        except nats.js.errors.NotFoundError:
            continue
        found.append((sequence, message.time, message.data, message.headers))
    return found


async def test_a_backup_comes_back_as_it_was(used: House, backup: Path, empty: House) -> None:
    restored = await restore(empty.engine, empty.client, SERVICES, backup)
    assert restored.told_again == 1, "what was published while the backup was made is told again, and nothing else"
    for stream in ("CONTACTS", "EVENTS", ATTACHMENTS.name):
        assert await contents(empty.client, stream) == await contents(used.client, stream)
    assert (await AttachmentStore(empty.client).get(hashlib.sha256(FILE).hexdigest())).content == FILE
    intake = await empty.client.jetstream().consumer_info("CONTACTS", "intake")
    assert (intake.ack_floor.stream_seq, intake.num_pending) == (21, 9), "intake stands where it stood"
    async with used.engine.connect() as before, empty.engine.connect() as after:
        query = text("SELECT message_id, received_at FROM routing.inbox ORDER BY 1")
        assert (await after.execute(query)).all() == (await before.execute(query)).all()
        new = text("INSERT INTO sla.outbox (events, body) VALUES (1, '') RETURNING id")
        assert await after.scalar(new) == 3, "numbers go on where they were"
    again = restore(empty.engine, empty.client, SERVICES, backup)
    with pytest.raises(NotEmptyError, match=r"PostgreSQL is not empty: .* has rows; give the restore a new database"):
        await again


def test_nobody_but_its_owner_reads_a_backup(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}


async def test_a_backup_says_what_it_holds(backup: Path) -> None:
    manifest = examined(backup)
    assert set(manifest.revisions) == {"suite", "intake", "routing", "sla", "notify", "feedback"}
    assert [(one.name, one.messages, one.last_sequence) for one in manifest.streams] == [
        ("EVENTS", 1, 1),
        ("CONTACTS", 29, 30),
        ("OBJ_ATTACHMENTS", 4, 4),
    ]
    assert {one.table: one.rows for one in manifest.tables if one.schema_name == "routing"}["inbox"] == 1000
    outcome = await yingda_beside("restore", str(backup), "--check")
    assert outcome.code == 0
    assert outcome.out.startswith(
        f"{backup} is whole: {manifest.rows} rows of {len(manifest.tables)} tables and 34 messages"
    )


async def nobody_of(house: House, service: str) -> bool:
    """Whether PostgreSQL knows of no session of `service` any more: one ends a moment after its client."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
    async with house.engine.connect() as connection:
        return not await connection.scalar(query, {"name": f"yingda-{service}"})


def _flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda d: (d / "manifest.json").unlink(), "there is no whole backup in {}: it has no manifest.json"),
        (lambda d: (d / "CONTACTS.snapshot").unlink(), "the backup in {} is damaged: CONTACTS.snapshot is missing"),
        (
            lambda d: _flip(d / "routing.inbox.copy.gz"),
            "the backup in {} is damaged: routing.inbox.copy.gz is not as it was written",
        ),
        (
            lambda d: (d / "EVENTS.snapshot").write_bytes((d / "EVENTS.snapshot").read_bytes()[:-1]),
            "the backup in {} is damaged: EVENTS.snapshot is not as it was written",
        ),
        (
            lambda d: (d / "manifest.json").write_text((d / "manifest.json").read_text()[:-20]),
            "the backup in {0} is damaged: {0}/manifest.json cannot be read",
        ),
        (
            lambda d: (d / "manifest.json").write_text(
                (d / "manifest.json").read_text().replace('"rows": 1000', '"rows": 999')
            ),
            "the backup in {0} is damaged: {0}/manifest.json is not as it was written",
        ),
        (
            lambda d: (d / "manifest.json").write_text(
                (d / "manifest.json").read_text().replace('"format": 1', '"format": 2')
            ),
            "the backup in {} is of the form 2, and this version reads 1",
        ),
    ],
)
async def test_a_damaged_or_half_backup_is_refused_in_one_sentence(copy: Path, damage: object, sentence: str) -> None:
    assert callable(damage)
    damage(copy)
    outcome = await yingda_beside("restore", str(copy), "--check")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == f"yingda: {sentence.format(copy)}\n"


async def test_what_a_database_refuses_leaves_nothing_behind(copy: Path, nats_two: str, database_url: str) -> None:
    """All or nothing: the streams that were made are gone again."""
    manifest = Manifest.read(copy)
    broken = copy / "routing.inbox.copy.gz"
    rows = gzip.decompress(broken.read_bytes())
    broken.write_bytes(gzip.compress(rows + rows[: rows.index(b"\n") + 1]))  # one of them twice
    _sign_anew(copy, manifest)
    async with house(nats_two, database_url) as target:
        with pytest.raises(BackupError, match=r"PostgreSQL has not taken the rows: .*duplicate key"):
            await restore(target.engine, target.client, SERVICES, copy)
        assert await target.client.jetstream().streams_info() == []
        async with target.engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM routing.inbox")) == 0


async def test_a_restore_is_refused_while_a_service_works_and_on_tables_of_another_version(
    copy: Path, nats_two: str, database_url: str
) -> None:
    async with house(nats_two, database_url) as target:
        await provision(target.engine, target.client, SERVICES)
        service = create_engine(target.settings, role="sla")
        async with service.connect():
            with pytest.raises(NotEmptyError, match="the service sla is running on this database: stop it first"):
                await restore(target.engine, target.client, SERVICES, copy)
        await service.dispose()
        await until(lambda: nobody_of(target, "sla"), 60, said="the service has left")
        path = copy / "manifest.json"
        manifest = Manifest.read(copy)
        changed = manifest.model_copy(update={"revisions": {**manifest.revisions, "sla": "9999"}})
        path.unlink()
        changed.write(copy)
        with pytest.raises(DamagedError, match=r"was made by Yingda .* with other tables than this version's"):
            await restore(target.engine, target.client, SERVICES, copy)
        await target.client.jetstream().publish(SUBJECT, b"somebody's")
        path.unlink()
        manifest.write(copy)
        with pytest.raises(NotEmptyError, match="NATS is not empty: the stream CONTACTS has messages"):
            await restore(target.engine, target.client, SERVICES, copy)
        await restore(target.engine, target.client, SERVICES, copy, again=True)
        assert (await target.client.jetstream().stream_info("CONTACTS")).state.messages == 29


async def test_what_came_after_the_snapshot_comes_back_under_its_numbers(
    used: House, nats_two: str, tmp_path: Path
) -> None:
    """Dead letters and erasures name sequences: they must go on naming the same messages."""
    jetstream = used.client.jetstream()
    kept = await keep_stream(used.client, "CONTACTS", tmp_path)
    for number in range(5):
        await jetstream.publish(SUBJECT, f"late {number}".encode(), headers={"Nats-Msg-Id": f"web/shop/late-{number}"})
    await jetstream.publish(
        SUBJECT, b"late", stream="CONTACTS", headers={"Nats-Expected-Last-Sequence": str(kept.last_sequence + 5)}
    )
    await jetstream.delete_msg("CONTACTS", kept.last_sequence + 2)
    tail = await keep_tail(used.client, kept, tmp_path)
    assert (tail.messages, tail.last_sequence) == (5, kept.last_sequence + 6)
    client = await nats.connect(nats_two)
    await restore_stream(client, kept, tmp_path, 1)
    await restore_tail(client, tail, tmp_path)
    before, after = await contents(used.client, "CONTACTS"), await contents(client, "CONTACTS")
    assert [(one[0], one[2]) for one in after] == [(one[0], one[2]) for one in before]
    assert [one[3] for one in after[:-1]] == [one[3] for one in before[:-1]]
    await client.close()


async def test_a_backup_needs_a_directory_of_its_own_and_streams(used: House, tmp_path: Path, nats_two: str) -> None:
    (tmp_path / "something").touch()
    with pytest.raises(BackupError, match="is not empty: give each backup a directory of its own"):
        await back_up(used.engine, used.client, SERVICES, tmp_path)
    client = await nats.connect(nats_two)
    with pytest.raises(BackupError, match="NATS has no stream EVENTS: there is nothing to back up"):
        await back_up(used.engine, client, SERVICES, tmp_path / "new")
    await client.close()


@pytest.fixture
async def nats_two(tmp_path: Path) -> AsyncIterator[str]:
    async with EmbeddedNats(tmp_path / "nats-two") as server:
        yield server.url


def _sign_anew(directory: Path, manifest: Manifest) -> None:
    """Let the manifest say of every table what its file holds now, as nobody does who damages one by accident."""
    tables = []
    for table in manifest.tables:
        body = (directory / table.file.name).read_bytes()
        file = table.file.model_copy(update={"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()})
        tables.append(table.model_copy(update={"file": file}))
    (directory / "manifest.json").unlink()
    manifest.model_copy(update={"tables": tuple(tables)}).write(directory)


def test_the_manifest_names_no_customer(backup: Path) -> None:
    told = json.loads((backup / "manifest.json").read_text())
    assert "contact 1" not in json.dumps(told, ensure_ascii=False)
    assert datetime.fromisoformat(told["manifest"]["at"]) <= datetime.now(UTC)

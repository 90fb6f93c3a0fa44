"""`yingda doctor` on houses that are broken for real: one plain sentence for each, and exit code 1."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import nats
import pytest
from nats.aio.client import Client
from sqlalchemy import text

import shared.policy
from shared.bus.streams import CONTACTS, EVENTS, STREAMS, Stream
from shared.cli.provision import prepare
from shared.cli.services import load_service, load_services
from shared.db import create_engine
from shared.settings import Settings
from tests.command_line import Outcome, yingda_beside
from tests.integration.nats_with import nats_with
from tests.polling import until

POLICY = Path(shared.policy.__file__).with_name("default.yaml")


@pytest.fixture(scope="module")
async def settings(database_url: str, fresh_nats: str) -> Settings:
    made = Settings(nats_url=fresh_nats, database_url=database_url)
    await prepare(made, load_services(), begin_rehearsal=False)
    return made


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("YINGDA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("YINGDA_NATS_URL", settings.nats_url)
    monkeypatch.setenv("YINGDA_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("YINGDA_DATA", str(tmp_path))


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    connection = await nats.connect(settings.nats_url)
    yield connection
    await connection.close()


def today() -> dict[str, str]:
    """The environment of a day for which there are holidays, where the test names no other day."""
    return {"YINGDA_CLOCK": os.environ.get("YINGDA_CLOCK", "2026-11-23T10:00:00+08:00@1")}


async def doctor(*arguments: str) -> Outcome:
    """Run it; `out` is without the warnings, which are no faults."""
    with patch.dict(os.environ, today()):
        outcome = await yingda_beside("doctor", *arguments)
    assert outcome.err == "", outcome.err
    lines = [line for line in outcome.lines if not line.startswith("warning: ")]
    return replace(outcome, out="\n".join(lines))


async def says(sentence: str, *arguments: str) -> None:
    """Assert that this one sentence is all that the doctor finds."""
    outcome = await doctor(*arguments)
    assert (outcome.code, outcome.lines) == (1, [sentence]), outcome


async def execute(settings: Settings, *statements: str) -> None:
    engine = create_engine(settings)
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def test_a_healthy_house_has_no_fault() -> None:
    outcome = await doctor()
    assert (outcome.code, outcome.lines) == (0, ["no fault found"])


async def test_every_finding_can_be_had_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_DATABASE_URL", "postgresql://postgres@127.0.0.1:1/yingda")
    outcome = await doctor("--json")
    found = [json.loads(line) for line in outcome.lines]
    assert [(one["check"], one["severity"]) for one in found if one["severity"] == "fault"] == [
        ("postgresql-away", "fault")
    ]
    assert all(set(one) == {"check", "severity", "sentence", "todo"} for one in found)


async def test_a_variable_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_NATS_URL", "http://127.0.0.1:4222")
    await says("YINGDA_NATS_URL is not of the form nats://host:4222")


async def test_an_address_of_nats_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_NATS_URL", "nats://somebody:s3cret@127.0.0.1:1")
    outcome = await doctor()
    assert outcome.code == 1
    assert outcome.lines == ["NATS does not answer at nats://127.0.0.1:1: nats: no servers available for connection"]


async def test_an_address_of_postgresql_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_DATABASE_URL", "postgresql://postgres:s3cret@127.0.0.1:1/yingda")
    outcome = await doctor()
    (sentence,) = outcome.lines
    assert outcome.code == 1
    assert sentence.startswith("PostgreSQL does not answer at postgresql+asyncpg://postgres:***@127.0.0.1:1/yingda")


async def test_a_database_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = urlsplit(settings.database_url)
    monkeypatch.setenv("YINGDA_DATABASE_URL", parts._replace(path="/elsewhere").geturl())
    await says(f"PostgreSQL at {parts.hostname}:{parts.port} has no database elsewhere")


async def test_the_wrong_password_of_postgresql(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role that does not exist is refused with the same words, with and without a password."""
    parts = urlsplit(settings.database_url)
    address = f"nobody@{parts.hostname}:{parts.port}"
    monkeypatch.setenv("YINGDA_DATABASE_URL", f"postgresql://{address}{parts.path}")
    monkeypatch.setenv("YINGDA_DATABASE_PASSWORD", "wrong")
    await says(f"PostgreSQL at {parts.hostname}:{parts.port} refuses the user nobody or its password")


async def test_pools_larger_than_what_postgresql_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_DATABASE_POOL", "100")
    outcome = await doctor()
    (sentence,) = outcome.lines
    assert outcome.code == 1
    assert sentence.endswith("5 services with pools of 100 may ask for 515")


async def test_postgresql_that_loses_what_it_has_confirmed(settings: Settings) -> None:
    name = urlsplit(settings.database_url).path.lstrip("/")
    await execute(settings, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    try:
        await says("PostgreSQL runs with synchronous_commit off: a power failure loses what it has confirmed")
    finally:
        await execute(settings, f'ALTER DATABASE "{name}" RESET synchronous_commit')


async def test_a_schema_that_is_missing(settings: Settings) -> None:
    await execute(settings, "ALTER SCHEMA sla RENAME TO sla_away")
    try:
        await says("sla: PostgreSQL has no schema sla for this service: run `yingda provision`")
    finally:
        await execute(settings, "ALTER SCHEMA sla_away RENAME TO sla")


async def test_a_role_without_its_rights(settings: Settings) -> None:
    await execute(settings, "REVOKE INSERT ON routing.outbox FROM yingda_routing")
    try:
        await says(
            "routing: the role yingda_routing may not read and write the table routing.outbox: run `yingda provision`"
        )
    finally:
        await execute(settings, "GRANT INSERT ON routing.outbox TO yingda_routing")


async def test_a_role_that_is_missing(settings: Settings) -> None:
    await execute(settings, "ALTER ROLE yingda_sla RENAME TO yingda_sla_away")
    try:
        await says("sla: PostgreSQL has no role yingda_sla: run `yingda provision`")
    finally:
        await execute(settings, "ALTER ROLE yingda_sla_away RENAME TO yingda_sla")


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
async def test_a_stream_that_is_missing(client: Client, stream: Stream) -> None:
    await client.jetstream().delete_stream(stream.name)
    await says(f"NATS has no stream {stream.name}: run `yingda provision`")
    await until(provisions, 60, said="the stream is there again")


async def provisions() -> bool:
    """Whether provisioning succeeds; the server may refuse a name at first whose stream has just been deleted."""
    return (await yingda_beside("provision")).code == 0


async def test_a_stream_without_atomic_batches_and_one_with_a_limit(client: Client) -> None:
    jetstream = client.jetstream()
    await jetstream.update_stream(replace(EVENTS.config(), allow_atomic=False))
    await says("the stream EVENTS takes no atomic batches: run `yingda provision`")
    await jetstream.update_stream(replace(EVENTS.config(), max_msgs=1_000))
    await says("the stream EVENTS has the limit max_msgs, which refuses contacts: run `yingda provision`")
    await jetstream.update_stream(replace(EVENTS.config(), max_age=3_600))
    await says("the stream EVENTS has another max_age: run `yingda provision`")
    await yingda_beside("provision")
    assert (await doctor()).code == 0


async def test_a_consumer_that_is_missing_and_one_that_was_changed(client: Client) -> None:
    jetstream, consumer = client.jetstream(), load_service("sla").consumer
    await jetstream.delete_consumer("EVENTS", "sla")
    await says("sla: NATS has no consumer sla on the stream EVENTS: run `yingda provision`")
    await jetstream.add_consumer("EVENTS", replace(consumer.config(), ack_wait=60, max_deliver=3))
    await says("sla: its consumer has another ack_wait and has another max_deliver: run `yingda provision`")
    await jetstream.delete_consumer("EVENTS", "sla")
    await yingda_beside("provision")


async def test_more_waits_for_a_service_than_may(client: Client) -> None:
    for _ in range(3):
        await client.jetstream().publish("yingda.contact.received.web", b"{}")
    await until(partial(waiting, client, 3), 30, said="the server counts what waits")
    await says("intake is behind: 3 messages of CONTACTS wait for it", "--most-waiting", "2")
    await client.jetstream().purge_stream(CONTACTS.name)


async def waiting(client: Client, count: int) -> bool:
    """Whether so many contacts wait for intake; the server counts one a moment after it has acknowledged it."""
    return bool((await client.jetstream().consumer_info(CONTACTS.name, "intake")).num_pending == count)


async def test_nats_without_jetstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with nats_with(tmp_path, "") as server:
        monkeypatch.setenv("YINGDA_NATS_URL", server.url)
        await says("NATS runs without JetStream: start it with `jetstream` in its configuration")


async def test_nats_that_refuses_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = 'jetstream { store_dir: "js" }\nauthorization { user: "yingda", password: "right" }'
    async with nats_with(tmp_path, config) as server:
        environment = {"YINGDA_NATS_URL": server.url, "YINGDA_NATS_USER": "yingda", "YINGDA_NATS_PASSWORD": "wrong"}
        # In a process of its own: nats-py leaves the connection that was refused to the end of the process.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "shared.cli.main", "doctor"),
            env={**os.environ, **today(), **environment},
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await process.communicate()
        said = [line for line in told.decode().splitlines() if not line.startswith("warning: ")]
        sentence = f"NATS at {server.url} refuses the user, password or key that it was given"
        assert (process.returncode, said) == (1, [sentence])


async def test_nats_that_flushes_now_and_then_and_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = 'jetstream { store_dir: "js", max_file_store: 1MB }'
    async with nats_with(tmp_path, config) as server:
        monkeypatch.setenv("YINGDA_NATS_URL", server.url)
        monkeypatch.setenv("YINGDA_NATS_MONITORING_URL", server.monitoring_url)
        assert (await yingda_beside("provision")).code == 0
        flushes = "NATS flushes to its disk every 120 s: a power failure loses contacts that it has acknowledged"
        await says(flushes)
        connection = await nats.connect(server.url)
        await connection.jetstream().publish("yingda.contact.received.web", b"x" * 950_000)
        await connection.close()
        outcome = await doctor()
        assert outcome.lines[0] == flushes
        assert outcome.lines[1].startswith("the storage of JetStream has ")
        assert outcome.lines[1].endswith("% of its room left, and should have 10 % or more")


async def test_a_data_directory_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("YINGDA_DATA", str(tmp_path / "file"))
    outcome = await doctor()
    (sentence,) = outcome.lines
    assert outcome.code == 1
    assert sentence.startswith(f"the data directory {tmp_path / 'file'} cannot be written to by this user")


async def test_a_disk_with_less_room_than_the_threshold(tmp_path: Path) -> None:
    outcome = await doctor("--least-free", "100")
    assert outcome.code == 1
    assert outcome.lines[0].startswith(f"the disk of the data directory {tmp_path} has ")
    assert all(line.endswith("and should have 100 % or more") for line in outcome.lines)


async def test_a_survey_page_without_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-FB-02"""
    monkeypatch.setenv("YINGDA_SURVEY_URL", "https://service.example.com")
    await says("YINGDA_SURVEY_URL is set and YINGDA_SURVEY_KEY is not: no survey page is served and no link is sent")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("department: market,", "department: markt,", "policy: policy.yaml:"),
        (
            "plugin: rules",
            "plugin: oracle",
            'there is no classifier plugin "oracle"; installed are: ',
        ),
        ("sms: [file]", "sms: [pigeon]", 'there is no transport plugin "pigeon"; installed are: '),
    ],
)
async def test_a_policy_that_nobody_can_work_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, sentence: str
) -> None:
    content = POLICY.read_text(encoding="utf-8")
    assert old in content
    (tmp_path / "policy.yaml").write_text(content.replace(old, new), encoding="utf-8")
    monkeypatch.setenv("YINGDA_POLICY", str(tmp_path / "policy.yaml"))
    outcome = await doctor()
    assert outcome.code == 1
    assert all(line.startswith(sentence) for line in outcome.lines), outcome
    monkeypatch.setenv("YINGDA_POLICY", str(tmp_path / "none.yaml"))
    await says(f"YINGDA_POLICY names {tmp_path / 'none.yaml'}, and there is no such file")


async def test_a_year_without_holidays(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-SLA-13"""
    monkeypatch.setenv("YINGDA_CLOCK", "2040-11-23T10:00:00+08:00@60")
    outcome = await doctor()
    assert outcome.code == 1
    assert outcome.lines == [
        f"the holiday data cn has nothing for {year}: deadlines in it cannot be relied on" for year in (2040, 2041)
    ]

"""The client commands on real servers: contacts sent, events watched, work orders shown, faults named by the doctor."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic_core import from_json, to_json
from sqlalchemy import text

import shared.policy
from shared.bus.publish import Outgoing, Publisher
from shared.bus.settle import settle
from shared.cli.provision import prepare
from shared.cli.services import load_services
from shared.db import create_engine
from shared.events import Event, NotificationSent, SlaStarted, WorkorderPaused, compose, encode
from shared.events.commands import GetWorkorder
from shared.settings import Settings
from tests.command_line import Outcome, yingda, yingda_beside

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CONTACT: dict[str, Any] = {
    "occurred_at": "2026-11-23T10:15:00+08:00",
    "text": "空调不制冷",
    "customer": {"phone": "13800138000"},
}


@pytest.fixture(scope="module")
async def settings(database_url: str, fresh_nats: str) -> Settings:
    return Settings(nats_url=fresh_nats, database_url=database_url)


@pytest.fixture(scope="module")
async def provisioned(settings: Settings) -> Settings:
    await prepare(settings, load_services(), begin_rehearsal=False)
    return settings


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YINGDA_NATS_URL", settings.nats_url)
    monkeypatch.setenv("YINGDA_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("YINGDA_DATA", str(tmp_path))
    monkeypatch.delenv("YINGDA_POLICY", raising=False)


@pytest.fixture
async def client(provisioned: Settings) -> AsyncIterator[Client]:
    connection = await nats.connect(provisioned.nats_url)
    yield connection
    await connection.close()


def step(work_order_id: str, number: str, version: int = 2) -> WorkorderPaused:
    return WorkorderPaused(
        work_order_id=work_order_id,
        number=number,
        department="market",
        status="paused",
        version=version,
        cycle=1,
        by="market-1",
        at=NOW,
    )


async def publish(client: Client, *events: tuple[Event, str, datetime]) -> None:
    messages = [
        compose(event, source="yingda/probe", subject=subject, at=at, traceparent=None) for event, subject, at in events
    ]
    outgoing = [Outgoing(message.key, message.data.SUBJECT, encode(message)) for message in messages]
    await Publisher(client, "EVENTS").publish(outgoing)


async def _doctor() -> Outcome:
    """Run it on a day for which there are holidays, whatever day it is."""
    with patch.dict(os.environ, {"YINGDA_CLOCK": "2026-11-23T10:00:00+08:00@60"}):
        return await yingda_beside("doctor")


async def test_the_doctor_names_every_service_that_is_not_provisioned_and_provisioning_heals_it() -> None:
    before = await _doctor()
    assert before.code == 1
    for service in ("intake", "routing", "sla", "notify", "feedback"):
        assert f"{service}: PostgreSQL has no schema {service} for this service: run `yingda provision`" in before.lines
    first = await yingda_beside("provision")
    assert "schema intake created" in first.lines
    assert "stream EVENTS created" in first.lines
    again = await yingda_beside("provision")
    assert (again.code, again.out) == (0, "everything is as the services need it\n")
    after = await _doctor()
    assert (after.code, after.lines[-1]) == (0, "no fault found"), after


async def _doctor_says(provisioned: Settings, damage: str, repair: str) -> Outcome:
    engine = create_engine(provisioned)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(damage))
        outcome = await _doctor()
        async with engine.begin() as connection:
            await connection.execute(text(repair))
    finally:
        await engine.dispose()
    return outcome


@pytest.mark.parametrize(
    ("damage", "repair", "says"),
    [
        (
            (
                "INSERT INTO intake.dead_letters (stream, sequence, subject, reason, errors, body) "
                "VALUES ('CONTACTS', 1, 's', 'r', '[]', '')"
            ),
            "TRUNCATE intake.dead_letters",
            r"intake has dead letters that nobody has dealt with \(1\): see `yingda dlq list --service intake`",
        ),
        (
            (
                "INSERT INTO sla.outbox (events, body, created_at) "
                "VALUES (1, '', clock_timestamp() - interval '5 minutes')"
            ),
            "TRUNCATE sla.outbox",
            r"sla has not published an event for 3\d\d s: ",
        ),
        (
            (
                "INSERT INTO notify.parked (work_order_id, version, stream, sequence, subject, body, parked_at) "
                "VALUES ('w', 2, 'EVENTS', 1, 's', '', clock_timestamp() - interval '10 minutes')"
            ),
            "TRUNCATE notify.parked",
            r"notify waits 6\d\d s ",
        ),
        (
            "UPDATE routing.alembic_version SET runs = '{}'",
            "UPDATE routing.alembic_version SET runs = ARRAY[version_num]",
            "routing: the schema routing is of another version",
        ),
    ],
)
async def test_the_doctor_says_one_sentence_for_what_stands_still(
    provisioned: Settings, damage: str, repair: str, says: str
) -> None:
    outcome = await _doctor_says(provisioned, damage, repair)
    assert outcome.code == 1
    (sentence,) = [line for line in outcome.lines if not line.startswith("warning: ")]
    assert re.match(says, sentence), sentence


async def test_the_doctor_warns_of_provisional_holidays(provisioned: Settings) -> None:
    """R-SLA-13"""
    provisional = await _doctor()
    assert provisional.code == 0
    assert "warning: the holiday data cn for 2027 is provisional: deadlines in it are marked so" in provisional.lines


async def test_contacts_are_sent_in_one_commit_and_twice_is_once(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "contacts.jsonl"
    file.write_text("\n".join(json.dumps(CONTACT | {"text": f"第{n}件"}) for n in range(30)), encoding="utf-8")
    first = await yingda_beside("contact", "send", "web", str(file))
    again = await yingda_beside("contact", "send", "web", str(file))
    assert (first.code, again.code) == (0, 0)
    assert first.out == again.out
    assert len(set(first.lines)) == 30
    assert all(line.startswith("cli/web/") for line in first.lines)
    jetstream = client.jetstream()
    assert (await jetstream.stream_info("CONTACTS")).state.messages == 30
    last = await jetstream.get_msg("CONTACTS", 30)
    assert (last.subject, (last.headers or {})["Nats-Msg-Id"]) == ("yingda.contact.received.web", first.lines[-1])
    assert (last.headers or {})["Nats-Batch-Commit"] == "1"
    assert from_json(last.data or b"")["data"]["text"] == "第29件"


async def test_a_contact_may_come_on_standard_input(client: Client) -> None:
    outcome = await yingda_beside("contact", "send", "phone", "-", stdin=json.dumps(CONTACT | {"id": "call-7"}))
    assert (outcome.code, outcome.out) == (0, "cli/phone/call-7\n")
    info = await client.jetstream().stream_info("CONTACTS", subjects_filter="yingda.contact.received.phone")
    assert info.state.subjects == {"yingda.contact.received.phone": 1}


async def test_events_are_shown_one_a_line_from_a_moment_on_and_live(client: Client) -> None:
    await publish(client, (step("w1", "XR20261123001"), "w1", NOW), (step("w2", "XR20261123002"), "w2", NOW))
    outcome = await yingda_beside("events", "workorder.*", "--since", "1h", "--count", "2")
    assert outcome.code == 0
    told = ["department", "market", "status", "paused"]
    assert [line.split() for line in outcome.lines] == [
        ["2026-11-23T02:00:00Z", "workorder.paused", "XR20261123001", *told],
        ["2026-11-23T02:00:00Z", "workorder.paused", "XR20261123002", *told],
    ]
    raw = await yingda_beside("events", "--since", "1h", "--count", "1", "--json")
    assert json.loads(raw.out)["type"] == "yingda.workorder.paused.v1"
    names = {info.name for info in await client.jetstream().consumers_info("EVENTS")}
    assert names == {"feedback", "notify", "routing", "sla"}, "watching leaves nothing on the server"
    new_consumers = await client.subscribe("$JS.EVENT.ADVISORY.CONSUMER.CREATED.EVENTS.>")
    await settle(client)
    watching = asyncio.create_task(yingda_beside("events", "workorder.paused", "--count", "1"))
    await new_consumers.next_msg(timeout=60)
    await publish(client, (step("w3", "XR20261123003"), "w3", NOW))
    assert (await watching).lines[0].split()[2] == "XR20261123003"


async def test_a_work_order_is_shown_with_its_steps_and_its_events_among_thousands(client: Client) -> None:
    others = [(step(f"other-{n}", f"XR2026112{n:04d}"), f"other-{n}", NOW) for n in range(3_000)]
    later = NOW + timedelta(minutes=1)
    clock = SlaStarted(
        clock_id="c1",
        subject_type="workorder",
        subject_id="w-7",
        metric="resolution",
        cycle=1,
        department="market",
        calendar="office",
        target_seconds=86_400,
        started_at=NOW,
        due_at=NOW + timedelta(days=1),
        provisional=False,
    )
    notice = NotificationSent(
        notification_id="n1",
        cause_id="e1",
        work_order_id="w-7",
        purpose="accepted",
        audience="customer",
        transport="file",
        to_masked="138****8000",
        attempt=1,
        at=later,
    )
    await publish(client, (notice, "n1", later), *others, (clock, "c1", NOW), (step("w-7", "XR7"), "w-7", later))

    async def answer(request: Msg) -> None:
        asked = from_json(request.data)
        if asked["number"] != "XR7" or asked["by"] != "service-1":
            error = {"type": "t", "title": "t", "status": 404, "detail": "There is no work order with the number XR8."}
            await request.respond(to_json({"ok": False, "error": error}))
            return
        steps = [{"version": 1, "step": "opened", "at": NOW, "status": "opened", "by": "system"}]
        work_order = {"work_order_id": "w-7", "number": "XR7", "contact_id": "k-7", "status": "paused"}
        await request.respond(to_json({"ok": True, "result": {"work_order": work_order, "steps": steps}}))

    nobody = await yingda_beside("workorder", "show", "XR7")
    assert nobody.code == 1
    assert "routing does not run" in nobody.err
    subscription = await client.subscribe(GetWorkorder.SUBJECT, cb=answer)
    await settle(client)
    shown = json.loads((await yingda_beside("workorder", "show", "XR7", "--json")).out)
    assert [event["type"] for event in shown["events"]] == [
        "yingda.sla.started.v1",
        "yingda.notification.sent.v1",
        "yingda.workorder.paused.v1",
    ]
    assert shown["steps"][0]["step"] == "opened"
    table = await yingda_beside("workorder", "show", "XR7")
    assert table.code == 0
    assert [line.split()[:2] for line in table.lines if "clock started" in line] == [["2026-11-23", "10:00:00.000"]]
    assert "resolution, due 11-24 10:00" in table.out
    assert table.err.count("is missing here: nobody answers") == 2
    assert "first messages are not on the bus" in table.err
    assert "138****8000" not in table.out
    unknown = await yingda_beside("workorder", "show", "XR8")
    assert (unknown.code, unknown.err) == (1, "yingda: There is no work order with the number XR8.\n")
    await subscription.unsubscribe()


def test_up_refuses_a_policy_with_faults_before_it_starts_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        Path(shared.policy.__file__)
        .with_name("default.yaml")
        .read_text(encoding="utf-8")
        .replace("department: market,", "department: markt,")
    )
    policy = tmp_path / "policy.yaml"
    policy.write_text(text, encoding="utf-8")
    monkeypatch.setenv("YINGDA_POLICY", str(policy))
    said = yingda("up", "--data", str(tmp_path / "data"))
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert 'departments.market: no member of staff is the supervisor of "market"' in said.err
    assert "yingda policy check" in said.err

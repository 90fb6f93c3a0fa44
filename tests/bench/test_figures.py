"""The harness itself: its figures mean what they say, and its tables fit the services as they are."""

import os
import time
from collections import Counter

import pytest
from pydantic_core import to_json

from shared.bench.contacts import Customers
from shared.bench.copying import copied
from shared.bench.finished import FINISHED, NOT_COPIED
from shared.bench.passage import Passage
from shared.bench.quantiles import median, quantiles
from shared.bench.stage import Emission, Stage
from shared.bench.stage_rows import Work
from shared.bench.streams import Stored
from shared.bench.usage import cpu_seconds, resident_mb, watching
from shared.events import Contact, decode
from shared.service import installed_services
from shared.testing.clock import MONDAY

TABLES = {
    table.fullname: table for service in installed_services().values() for table in service.metadata.sorted_tables
}


def test_percentiles_are_values_that_were_measured() -> None:
    found = quantiles([number / 1000 for number in range(100, 0, -1)])
    assert (found.count, found.p50_ms, found.p95_ms, found.p99_ms, found.max_ms) == (100, 50, 95, 99, 100)
    assert quantiles([0.25]).p99_ms == 250
    assert median([5, 1, 3, 2]) == 2


def test_contacts_are_readable_and_no_two_alike() -> None:
    customers, other = Customers(), Customers(1)
    contacts = [*customers.contacts(100, MONDAY), *customers.contacts(100, MONDAY), *other.contacts(100, MONDAY)]
    messages = [decode(contact.body) for contact in contacts]
    read = [Contact.model_validate({k: v for k, v in one.data.items() if v is not None}) for one in messages]
    assert len({message.key for message in messages}) == 300
    assert [message.key for message in messages] == [contact.message_id for contact in contacts]
    assert len({one.customer.phone for one in read}) == 300
    assert len({one.text for one in read}) == 300
    assert {one.occurred_at for one in read} == {MONDAY}
    assert len({contact.subject for contact in contacts}) > 5


@pytest.mark.parametrize("name", sorted(FINISHED))
def test_a_finished_row_has_only_columns_that_there_are(name: str) -> None:
    assert set(FINISHED[name]) <= set(TABLES[name].columns.keys())
    assert copied(TABLES[name])


def test_what_grows_with_the_contacts_is_copied_and_nothing_else() -> None:
    assert TABLES.keys() >= NOT_COPIED
    grown = {name for name, table in TABLES.items() if copied(table)}
    assert grown >= {"intake.contacts", "routing.steps", "sla.versions", "notify.contacts", "feedback.report_clocks"}
    assert not grown & {
        "sla.policies",
        "notify.limits",
        "routing.rotas",
        "feedback.knowledge_terms",
        "intake.agent_calls",
    }


def test_a_baseline_writes_what_the_suite_wrote_in_all_however_it_is_batched() -> None:
    emits = (
        Emission(subject="one", per_message=0.4, body_bytes=10),
        Emission(subject="two", per_message=2, body_bytes=5),
    )
    stage = Stage(
        name="sla",
        stream="EVENTS",
        subjects=("a",),
        consumed_per_contact=1,
        inserts_per_message=4.15,
        updates_per_message=1.92,
        row_bytes=100,
        emits=emits,
    )
    work = Work(stage)
    rows, updated, sent = [], 0, Counter[str]()
    for messages in (1, 1, 250, 7, 141, 600):
        work.take(messages)
        rows += work.rows()
        ids = work.updates()
        assert len(ids) == len(set(ids))
        updated += len(ids)
        sent.update(message.subject for message in work.messages())
    assert len({row[0] for row in rows}) == len(rows) == 4150
    assert {len(row[3]) for row in rows} == {100}
    assert updated == 1920
    assert sent == {"one": 400, "two": 2000}


def test_a_passage_is_finished_with_work_order_clocks_and_notice() -> None:
    passage = Passage()

    def see(subject: str, at: float, **data: object) -> None:
        body = {"source": "yingda/x", "data": data}
        passage.see(Stored(f"yingda.event.{subject}", to_json(body), at))

    see("workorder.opened", 10, source_id="web/1", work_order_id="w1")
    see("sla.started", 11, subject_id="w1")
    assert passage.unfinished(["web/1"]) == ["web/1"]
    see("notification.sent", 12, work_order_id="w1", purpose="assigned", audience="staff")
    assert passage.unfinished(["web/1"]) == ["web/1"]
    see("notification.suppressed", 13, work_order_id="w1", purpose="accepted", audience="customer")
    see("sla.started", 14, subject_id="w1")
    see("notification.sent", 15, work_order_id="w1", purpose="progress", audience="customer")
    assert passage.unfinished(["web/1", "web/2"]) == ["web/2"]
    assert passage.finished_at(["web/1"]) == 14
    assert passage.notices == {"suppressed": 1}
    assert passage.last_at == 15


def test_usage_is_told_apart_by_process() -> None:
    with watching(os.getpid(), {}) as usage:
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass
    assert usage.own_seconds == pytest.approx(0.1, abs=0.05)
    assert usage.wall_seconds > 0
    assert usage.microseconds_per(10)["client"] == pytest.approx(10_000, abs=5_000)
    assert cpu_seconds(os.getpid()) > 0
    assert resident_mb(os.getpid()) > 10

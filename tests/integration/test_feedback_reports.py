"""Reports on real NATS and PostgreSQL: facts from events, published once per period, made up after downtime (R-FB-05)."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import pytest

from services.feedback.app import SERVICE
from services.feedback.store.report_tables import clocks, deeds, reports
from services.feedback.store.tables import cases
from shared.events import (
    Call,
    Event,
    ReportPublished,
    SlaBreached,
    SlaMet,
    SlaStep,
    WorkorderCollaborated,
    WorkorderDelivered,
    WorkorderResponded,
)
from shared.settings import Settings
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.builders import completed_callback
from shared.testing.clock import SetClock
from tests.polling import until
from tests.unit.feedback.builders import Life, local

S = TypeVar("S", bound=SlaStep)
TEXT = "我叫王芳，电话13800138000，买的空调不制冷，要求换货"


@pytest.fixture
async def bench(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[ServiceBench]:
    settings = Settings(data=tmp_path)
    clock = SetClock(local("2026-11-25 10:00"))
    async with service_bench(SERVICE, database_url, fresh_nats, clock=clock, settings=settings) as ready:
        yield ready


def clock_of(model: type[S], life: Life, metric: str, at: str, due: str, **changes: Any) -> S:
    given: dict[str, Any] = {
        "clock_id": f"{life.key}-{metric}",
        "subject_type": "workorder",
        "subject_id": life.key,
        "metric": metric,
        "cycle": 1,
        "department": life.department,
        "due_at": local(due),
        "at": local(at),
        "used_seconds": 60,
    }
    return model(**given | changes)


def week(life: Life, score: int | None = 9, satisfaction: str = "satisfied") -> list[Event]:
    """Return one work order of the week of 2026-11-23: opened, answered in time, resolved late, closed, called back."""
    at = local("2026-11-24 10:00")
    person = {"text": TEXT}
    return [
        life.contact(at=at, customer_id=f"k-{life.key}", personal=person, channel="phone", agent_id="service-1",
                     call=Call(rings=5, exceeded=("rings",))),
        life.opened(at=at, customer_id=f"k-{life.key}"),
        life._step(WorkorderResponded, "responded", at, by_department="market", text="马上为您处理"),
        life.resolved("换货", local("2026-11-24 16:30")),
        clock_of(SlaMet, life, "first_response", "2026-11-24 10:05", "2026-11-24 10:30"),
        clock_of(SlaBreached, life, "resolution", "2026-11-24 16:45", "2026-11-24 12:00"),
        life.signed(local("2026-11-24 16:40")),
        completed_callback(work_order_id=life.key, at=local("2026-11-25 09:30"), score=score, satisfaction=satisfaction),
        life.closed(local("2026-11-25 09:31")),
    ]  # fmt: skip


async def turn(bench: ServiceBench) -> datetime | None:
    """Let the loop of reports turn once."""
    (loop,) = [one for one in bench.parts.loops if one.name == "reports"]
    return await loop.turn()


async def press(bench: ServiceBench) -> None:
    """Let the loop turn until nothing is due."""
    while (following := await turn(bench)) is not None and following <= bench.clock.now():
        pass


async def waiting(bench: ServiceBench, count: int) -> bool:
    """Whether so many events wait, as the server says; it takes acknowledgements and counts a moment later."""
    return (await bench.context.position()).waiting == count


def path_of(uri: str) -> Path:
    assert uri.startswith("file:///")
    return Path(unquote(urlsplit(uri).path))


async def make(bench: ServiceBench, by: str = "general-manager", **body: Any) -> dict[str, Any]:
    reply: dict[str, Any] = await bench.command("report.make", {"by": by, **body})
    return reply


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_a_week_is_published_once_on_monday_morning(bench: ServiceBench, tmp_path: Path) -> None:
    """R-FB-05: at 08:00 local, across replicas, in both languages, as page and sheet, and never again."""
    await bench.happens(*(event for n in range(3) for event in week(Life(f"w{n}"))))
    assert await turn(bench) == local("2026-11-30 08:00")
    bench.clock.at = local("2026-11-30 07:59")
    assert await turn(bench) == local("2026-11-30 08:00")
    assert await bench.told(ReportPublished) == []
    bench.clock.at = local("2026-11-30 08:00")
    other = await bench.replica()
    await asyncio.gather(press(bench), press(other))
    (event,) = await bench.told(ReportPublished)
    assert (event.report, event.period_start, event.period_end) == (
        "weekly",
        local("2026-11-23 00:00"),
        local("2026-11-30 00:00"),
    )
    names = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert names == [f"weekly-2026-11-23.{one}" for one in ("en.csv", "en.html", "zh.csv", "zh.html")]
    assert path_of(event.uri) == (tmp_path / "reports" / "weekly-2026-11-23.zh.html").resolve()
    assert await turn(bench) == local("2026-12-01 08:00")
    listed = await bench.command("report.list", {"by": "market-head"})
    assert [(one["report"], one["uri"]) for one in listed["result"]["reports"]] == [("weekly", event.uri)]


async def test_a_report_tells_what_happened_and_of_nobody(bench: ServiceBench, tmp_path: Path) -> None:
    """R-FB-05: volumes, deadlines, satisfaction, problems, reopenings, telephone limits, quality; no personal data."""
    lives = [Life(f"w{n}") for n in range(3)]
    await bench.happens(*(event for life in lives for event in week(life)))
    await bench.happens(lives[0].reopened(local("2026-11-26 09:00")))
    reply = await make(bench, report="weekly", since="2026-11-23", language="zh")
    page, sheet = (file["text"] for file in reply["result"]["files"])
    assert reply["result"]["unfinished"] is True
    rows = rows_of(sheet)
    assert sheet.startswith("\ufeff")
    assert ["部门与分类工作量", "市场部", "售后", "3", "2", "0", "1", "1", "50.0", "100.0", "9.00"] in rows
    assert ["时限达成", "市场部", "首次响应", "3", "0", "100.0"] in rows
    assert ["时限达成", "市场部", "问题解决", "0", "3", "0.0"] in rows
    assert [
        "客户满意度",
        "市场部",
        "售后",
        "3",
        "0",
        "0",
        "3",
        "0",
        "0",
        "3",
        "0",
        "0",
        "0",
        "0",
        "100.0",
        "9.00",
    ] in rows
    assert ["高频问题", "售后", "", "3", "100.0"] in rows
    assert ["电话接听", "service-1", "3", "0", "100.0", "3", "0", "0", "0"] in rows
    assert any(row[:3] == ["客服用语与质检", "market-1", "市场部"] and row[3] == "6" for row in rows if row)
    assert any(row[0].startswith("客户高频用语") and "空调" in row[1] for row in rows if row)
    for text in (page, sheet):
        assert not re.search(r"王芳|13800138000|k-w\d", text)
    assert page.count("<svg") == 4
    assert not re.search(r"<script|src=|https?://(?!www\.w3\.org/2000/svg)", page)
    english = (await make(bench, report="weekly", since="2026-11-23", language="en"))["result"]["files"]
    assert "Weekly feedback report" in english[0]["text"]
    assert [file["name"] for file in english] == ["weekly-2026-11-23.en.html", "weekly-2026-11-23.en.csv"]
    assert not list(tmp_path.glob("reports/*"))


async def test_the_month_lists_cases_worth_a_review(bench: ServiceBench) -> None:
    """R-FB-05: complaints resolved well, high scores, worst breaches, each by its number."""
    complaint, praise = Life("w1", category="complaint"), Life("w2")
    plain = Life("w3")
    await bench.happens(
        *week(complaint, score=8), *week(praise, score=10, satisfaction="very_satisfied"), *week(plain, score=7)
    )
    late = clock_of(SlaBreached, plain, "first_response", "2026-11-24 10:31", "2026-11-24 09:00")
    await bench.happens(late)
    bench.clock.at = local("2026-12-01 08:00")
    await press(bench)
    monthly = (await bench.told(ReportPublished))[-1]
    assert (monthly.report, monthly.period_start) == ("monthly", local("2026-11-01 00:00"))
    rows = rows_of(path_of(monthly.uri).with_suffix(".csv").read_text(encoding="utf-8"))
    good = [row[1:] for row in rows if row and row[0] == "处理得当的投诉"][1:]
    assert good == [["XR20261123w1", "投诉", "", "市场部", "一般", "8", "满意"]]
    high = [row[1:] for row in rows if row and row[0] == "高分案例"][1:]
    assert high == [["XR20261123w2", "售后", "", "市场部", "一般", "10", "非常满意"]]
    worst = [row[1:] for row in rows if row and row[0] == "严重超时案例"][1:]
    assert [(row[0], row[5], int(row[6])) for row in worst] == [
        ("XR20261123w1", "问题解决", 4.5 * 3600),
        ("XR20261123w2", "问题解决", 4.5 * 3600),
        ("XR20261123w3", "问题解决", 4.5 * 3600),
    ]


async def test_what_downtime_missed_is_made_up(bench: ServiceBench) -> None:
    """R-FB-05: one report for every week and month since, in order, though nothing happened in some."""
    await bench.happens(*week(Life("w1")))
    bench.clock.at = local("2026-12-16 03:00")
    await press(bench)
    told = await bench.told(ReportPublished)
    zone = timedelta(hours=8)
    assert sorted((one.report, (one.period_start + zone).date().isoformat()) for one in told) == [
        ("monthly", "2026-11-01"),
        ("weekly", "2026-11-23"),
        ("weekly", "2026-11-30"),
        ("weekly", "2026-12-07"),
    ]
    assert await turn(bench) == local("2026-12-21 08:00")


async def test_a_house_without_a_fact_has_nothing_to_report(bench: ServiceBench) -> None:
    """R-FB-05: the first report is of the period in which the first fact lies."""
    bench.clock.at = local("2026-11-30 09:00")
    assert await turn(bench) == local("2026-12-01 08:00")
    assert await bench.count(reports) == 0


async def test_a_report_waits_for_the_events_before_it(bench: ServiceBench) -> None:
    """R-FB-05: what waits in the queue when the report is due is in it, as after downtime."""
    await bench.happens(*week(Life("w1")))
    events = week(Life("w2"))
    await bench.publish(*events)
    await until(lambda: waiting(bench, len(events)), 30, said="the server counts what waits")
    bench.clock.at = local("2026-11-30 08:00")
    for _ in range(3):
        await turn(bench)
    assert await bench.told(ReportPublished) == []
    await bench.consume(len(events))
    await press(bench)
    (event,) = await bench.told(ReportPublished)
    (row,) = await bench.rows(reports)
    assert (row.uri, row.totals["opened"]) == (event.uri, 2)


async def test_a_report_that_could_not_be_written_is_made_again(bench: ServiceBench, tmp_path: Path) -> None:
    """R-FB-05: nothing is published without its files, and no half of a file is ever seen."""
    await bench.happens(*week(Life("w1")))
    await until(lambda: waiting(bench, 0), 30, said="the server knows that nothing waits")
    bench.clock.at = local("2026-11-30 08:00")
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(OSError, match="reports"):
        await turn(bench)
    assert (await bench.count(reports), await bench.told(ReportPublished)) == (0, [])
    (tmp_path / "reports").unlink()
    await press(bench)
    assert len(await bench.told(ReportPublished)) == 1
    assert not [path for path in (tmp_path / "reports").iterdir() if path.name.startswith(".")]


async def test_late_entries_are_told_by_the_next_report(bench: ServiceBench) -> None:
    """R-FB-05: a published report never changes; the next says what came too late for it."""
    await bench.happens(*week(Life("w1")))
    bench.clock.at = local("2026-11-30 08:00")
    await press(bench)
    (first,) = await bench.told(ReportPublished)
    before = path_of(first.uri).read_bytes()
    missed = clock_of(SlaBreached, Life("w1"), "department_response", "2026-11-30 08:05", "2026-11-24 11:00")
    await bench.happens(missed, *week(Life("w9"))[:2])
    bench.clock.at = local("2026-12-07 08:00")
    await press(bench)
    second = [one for one in await bench.told(ReportPublished) if one.report == "weekly"][-1]
    page = path_of(second.uri).read_text(encoding="utf-8")
    note = re.search(r'<p class="note">(.*?)</p>', page)
    assert note is not None
    assert "来访 +1，新建 +1，超时 +1" in note[1]
    assert path_of(first.uri).read_bytes() == before
    again = (await make(bench, report="weekly", since="2026-11-24"))["result"]["files"][1]["text"]
    assert ["时限达成", "市场部", "部门响应", "0", "1", "0.0"] in rows_of(again)


async def test_reports_are_for_supervisors_heads_and_the_manager(bench: ServiceBench) -> None:
    """R-FB-05: they tell of every agent's quality."""
    assert (await make(bench, "service-1", report="weekly"))["error"]["status"] == 403
    assert (await make(bench, "nobody", report="weekly"))["error"]["status"] == 403
    backwards = await make(bench, report="weekly", since="2026-11-23", until="2026-11-20")
    assert (backwards["error"]["status"], backwards["error"]["errors"][0]["field"]) == (422, "until")
    assert (await make(bench, "market-supervisor", report="monthly"))["result"][
        "period_start"
    ] == "2026-09-30T16:00:00Z"
    span = await make(bench, report="weekly", since="2026-11-02", until="2026-11-15")
    assert span["result"]["files"][0]["name"] == "weekly-2026-11-02-to-2026-11-15.zh.html"


async def test_facts_follow_a_work_order_through_its_life(bench: ServiceBench) -> None:
    """R-FB-05: also across batches; a reopened one is open until it is closed again."""
    life = Life("w1")
    await bench.happens(life.opened(at=local("2026-11-24 10:00")))
    first = life._step(WorkorderResponded, "responded", local("2026-11-24 10:05"), by_department="market", text="好")
    await bench.happens(first)
    later = life._step(WorkorderResponded, "responded", local("2026-11-24 11:05"), by_department="market", text="好")
    await bench.happens(
        later, life.resolved(at=local("2026-11-24 12:00")), life.signed(), life.closed(local("2026-11-24 13:00"))
    )
    (row,) = await bench.rows(cases)
    assert (row.status, row.ended_at, row.outcome) == ("closed", local("2026-11-24 13:00"), "resolved")
    done = sorted((one.at, one.what, one.own) for one in await bench.rows(deeds))
    assert done == [
        (local("2026-11-24 10:05"), "told", True),
        (local("2026-11-24 11:05"), "told", True),
        (local("2026-11-24 12:00"), "resolved", True),
    ]
    await bench.happens(life.reopened(local("2026-11-24 14:00")))
    (row,) = await bench.rows(cases)
    assert (row.status, row.ended_at, row.cycle) == ("opened", None, 2)
    met = clock_of(SlaMet, life, "resolution", "2026-11-24 11:00", "2026-11-24 12:00")
    await bench.happens(met, life.cancelled(local("2026-11-24 15:00")))
    (row,) = await bench.rows(cases)
    (clock,) = await bench.rows(clocks)
    assert (row.status, row.ended_at, clock.met, clock.at) == (
        "cancelled",
        local("2026-11-24 15:00"),
        True,
        datetime(2026, 11, 24, 3, tzinfo=UTC),
    )
    await bench.happens(life.reopened(local("2026-11-24 16:00")))
    (row,) = await bench.rows(cases)
    assert (row.status, row.ended_at, row.cycle) == ("opened", None, 3)
    reply = await make(bench, report="weekly", since="2026-11-23", language="zh")
    (work,) = [
        row for row in rows_of(reply["result"]["files"][1]["text"]) if row and row[:2] == ["部门与分类工作量", "市场部"]
    ]
    assert work[3:8] == ["1", "0", "0", "2", "1"]  # opened, closed, cancelled, reopened; open again


async def test_a_missed_deadline_lasted_until_what_it_waited_for(bench: ServiceBench) -> None:
    """R-FB-05: the worst breaches: what a later cycle did much later says nothing of the first one's deadline."""
    case, waiting = Life("w1"), Life("w2")
    late = ("2026-11-24 10:31", "2026-11-24 10:30")
    asked = {"with_department": "technical", "deliverable": "检测报告", "due_at": local("2026-11-24 11:00")}
    given = {"by_department": "technical", "collaboration_id": "w2.1"}
    note = {"text": "已备货", "audience": "staff"}
    await bench.happens(
        case.opened(at=local("2026-11-24 10:00")),
        clock_of(SlaBreached, case, "resolution", *late),
        case.resolved("换货", local("2026-11-24 11:30")),
        case.signed(local("2026-11-24 11:40")),
        case.closed(local("2026-11-24 12:00")),
        case.reopened(local("2026-11-26 09:00")),
        case.resolved("再换", local("2026-11-27 16:30")),
        waiting.opened(at=local("2026-11-24 10:00")),
        clock_of(SlaBreached, waiting, "first_response", *late),
        waiting._step(WorkorderResponded, "opened", local("2026-11-24 10:40"), by_department="logistics", **note),
        waiting._step(WorkorderResponded, "responded", local("2026-11-24 10:50"), by_department="market", text="好"),
        waiting._step(WorkorderCollaborated, "responded", local("2026-11-24 10:55"), collaboration_id="w2.1", **asked),
        clock_of(SlaBreached, waiting, "collaboration", "2026-11-24 11:01", "2026-11-24 11:00"),
        waiting._step(WorkorderDelivered, "responded", local("2026-11-24 11:10"), **given),
    )
    bench.clock.at = local("2026-11-28 10:00")
    reply = await make(bench, report="monthly", since="2026-11-01", language="zh")
    rows = rows_of(reply["result"]["files"][1]["text"])
    worst = [row[1:] for row in rows if row and row[0] == "严重超时案例"][1:]
    assert [(row[0], row[5], int(row[6])) for row in worst] == [
        ("XR20261123w1", "问题解决", 3600),
        ("XR20261123w2", "首次响应", 1200),
    ]


async def test_the_policy_says_when(bench: ServiceBench) -> None:
    """R-FB-05: day and hour are policy."""
    policy = bench.policy
    plain = {**policy.plain}
    plain["feedback"] = {**policy.plain["feedback"]}  # type: ignore[dict-item]
    plain["feedback"]["reports"] = {  # type: ignore[index]
        **plain["feedback"]["reports"],  # type: ignore[index]
        "weekly": {"day": "tue", "at": "09:30"},
        "languages": ["en"],
    }
    own = await bench.replica(policy=type(policy).model_validate(plain))
    await own.happens(*week(Life("w1")))
    assert await turn(own) == local("2026-12-01 08:00")
    own.clock.at = local("2026-12-01 09:30")
    await press(own)
    weekly = next(one for one in await own.told(ReportPublished) if one.report == "weekly")
    assert weekly.uri.endswith("/weekly-2026-11-23.en.html")

"""Quality on real NATS and PostgreSQL: found, counted, sampled, scored, told over time (R-FB-06)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.feedback.domain.quality.sampling import sampled
from services.feedback.store.quality_tables import days, findings, reviews, texts
from shared import metrics
from shared.events import QualityFound, QualityReviewed, WorkorderResponded
from shared.testing.builders import completed_callback
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import MONDAY, Life

SAMPLED = next(key for n in range(1000) if sampled(key := f"w{n}", "market-1", 5))
PLAIN = next(key for n in range(1000) if not sampled(key := f"w{n}", "market-1", 5))


@pytest.fixture
async def desk(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    async with bench(database_url, fresh_nats) as ready:
        yield ready


def said(life: Life, text: str, by: str = "market-1", days_later: int = 0) -> WorkorderResponded:
    at = MONDAY + timedelta(days=days_later)
    return life._step(WorkorderResponded, "responded", at, by_department="market", text=text).replace(by=by)


async def test_phrases_are_found_counted_and_told(desk: Bench) -> None:
    """R-FB-06: by metric, table and event, without a word of the customer."""
    life = Life(PLAIN)
    labels = {"department": "market", "kind": "evasion", "phrase": "不归我管"}
    before = metrics.REGISTRY.get_sample_value("yingda_quality_findings_total", labels) or 0.0
    await desk.tell(
        life.contact(),
        life.opened(),
        said(life, "喂，這個不歸我管"),
        said(life, "您不清楚的地方可以问我"),
        completed_callback(work_order_id=life.key, by="service-1", comment="我告诉客户我不清楚"),
    )
    told = await desk.service.told(QualityFound)
    assert [(one.agent_id, one.department, one.source, [f.phrase for f in one.findings]) for one in told] == [
        ("market-1", "market", "responded", ["喂", "不归我管"]),
        ("service-1", "service", "callback", ["不清楚"]),
    ]
    counted = {row.agent_id: (row.texts, row.forbidden, row.evasions) for row in await desk.service.rows(days)}
    assert counted == {"market-1": (2, 1, 1), "service-1": (1, 0, 1)}
    assert {row.matched for row in await desk.service.rows(findings)} == {"喂", "不歸我管", "不清楚"}
    assert metrics.REGISTRY.get_sample_value("yingda_quality_findings_total", labels) == before + 1
    assert await desk.service.count(texts) == 0


async def test_a_text_is_checked_before_it_is_sent(desk: Bench) -> None:
    """R-FB-06: what is wrong, where, and what to say instead; nothing is counted."""
    found = await desk.done("quality.check", text="您好，我不知道")
    assert found["ok"] is False
    (finding,) = found["findings"]
    assert (finding["kind"], finding["phrase"], finding["start"], finding["end"]) == ("evasion", "不知道", 4, 7)
    assert finding["instead"]["zh"] == "我马上为您核实"
    assert await desk.done("quality.check", text="我马上为您核实") == {"ok": True, "findings": []}
    assert (await desk.refused("quality.check", "nobody", text="喂"))["status"] == 403
    assert await desk.service.count(days) == 0


async def test_a_sampled_conversation_is_scored_and_told_over_time(desk: Bench) -> None:
    """R-FB-06: kept whole without personal data, scored once by a supervisor, in the agent's results by week."""
    life = Life(SAMPLED)
    await desk.tell(life.contact(), life.opened(), said(life, "王芳女士您好，13800138000，马上为您处理"))
    await desk.tell(said(life, "已安排换货"), life.resolved("已为王芳换货", MONDAY + timedelta(hours=1)))
    assert await desk.service.count(reviews) == 1
    listed = await desk.done("quality.list", "market-supervisor")
    (item,) = listed["reviews"]
    assert listed["highest_score"] == 10
    assert [one["text"] for one in item["texts"]] == [
        "[姓名]女士您好，[电话]，马上为您处理",
        "已安排换货",
        "已为[姓名]换货",
    ]
    assert (await desk.done("quality.list", "network-supervisor"))["reviews"] == []
    assert (await desk.refused("quality.list", "market-1"))["status"] == 403
    given = {"review_id": item["review_id"], "expression": 9, "problem_solving": 8, "attitude": 10}
    assert (await desk.refused("quality.score", "market-1", **given))["status"] == 403
    assert (await desk.refused("quality.score", "market-supervisor", **given | {"attitude": 11}))["status"] == 422
    assert (await desk.refused("quality.score", "market-supervisor", **given | {"review_id": "none"}))["status"] == 404
    done = await desk.done("quality.score", "market-supervisor", **given, comment="专业")
    assert (done["state"], done["reviewer"]) == ("scored", "market-supervisor")
    assert (await desk.refused("quality.score", "market-head", **given))["status"] == 409
    (event,) = await desk.service.told(QualityReviewed)
    assert (event.agent_id, event.expression, event.problem_solving, event.attitude) == ("market-1", 9, 8, 10)
    desk.service.clock.at = MONDAY + timedelta(days=7)
    await desk.tell(said(life, "喂", days_later=7))
    mine = (await desk.done("quality.results", "market-1"))["results"]
    assert [(one["period"], one["texts"], one["forbidden"], one["expression"]) for one in mine] == [
        ("2026-11-23", 3, 0, 9.0),
        ("2026-11-30", 1, 1, None),
    ]
    assert (await desk.refused("quality.results", "market-2", agent_id="market-1"))["status"] == 403
    everybody = await desk.done("quality.results", "general-manager", period="month")
    assert [(one["period"], one["texts"], one["reviews"]) for one in everybody["results"]] == [("2026-11-01", 4, 1)]
    span = {"since": "2026-11-30T00:00:00+08:00", "until": "2026-12-01T00:00:00+08:00"}
    narrow = (await desk.done("quality.results", "market-head", **span))["results"]
    assert [(one["agent_id"], one["texts"]) for one in narrow] == [("market-1", 1)]


async def test_a_batch_takes_the_same_statements_whatever_its_size(desk: Bench) -> None:
    """R-FB-06 at speed: set-based."""
    counts = []
    chosen = [key for n in range(2000) if sampled(key := f"b{n}", "market-1", 5)]
    for keys in (chosen[:2], chosen[2:32]):
        lives = [Life(key) for key in keys]
        await desk.tell(*(event for life in lives for event in (life.opened(), said(life, "喂，不知道"))))
        counts.append(len(desk.statements))
    assert counts[1] <= counts[0] + 1  # one more where the outbox marks what the first batch has published
    counted = sum(row.texts for row in await desk.service.rows(days))
    assert counted == 32

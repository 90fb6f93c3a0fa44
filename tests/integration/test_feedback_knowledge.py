"""Knowledge on real NATS and PostgreSQL: drafted from good cases, reviewed, searched in Chinese and English."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from services.feedback.store.tables import entries, revisions
from shared import metrics
from shared.events import KnowledgeDrafted, KnowledgePublished, KnowledgeRetired
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import Life

AIR = ("我上周买的空调挂机不制冷，师傅来看说是压缩机的问题，要求换货", "核实后为客户更换同型号空调，三天内送达")
LEARNED = (
    AIR,
    ("会员费扣了两次，多扣的那笔请退给我", "财务核对后原路退回重复扣款，五个工作日到账"),
    ("发票抬头开错了，少了有限两个字，麻烦重新开一张", "作废原发票，按正确抬头重新开具并邮寄"),
    ("平台首页展示的公司电话还是旧的，请改成新号码", "网络部核对执照后更新企业主页的联系方式"),
    ("304不锈钢法兰DN50有现货吗，含税什么价", "市场部当日报价，现货次日发出"),
    (
        "The label printer arrived damaged and I need a replacement or refunds",
        "Send photos of the damage; a new printer ships in two days",
    ),
)


@pytest.fixture
async def desk(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    async with bench(database_url, fresh_nats) as ready:
        yield ready


async def closed(
    desk: Bench, life: Life, *, score: int | None = 9, problem: str = AIR[0], solution: str = AIR[1]
) -> None:
    """Take a work order from its contact to its closing."""
    contact = life.contact(personal={"text": problem})
    await desk.tell(contact, life.opened(), life.resolved(solution), life.signed())
    key = await desk.callback_of(life.key)
    await desk.done(
        "callback.record", callback_id=key, outcome="reached", solved=True, score=score, satisfaction="satisfied"
    )
    await desk.tell(life.closed())


async def drafted(desk: Bench, number: int, problem: str, solution: str) -> str:
    await closed(desk, Life(f"w{number}"), problem=problem, solution=solution)
    entry_id: str = (await desk.service.told(KnowledgeDrafted))[-1].entry_id
    return entry_id


async def row_of(desk: Bench, entry_id: str) -> Any:
    async with desk.service.engine.connect() as connection:
        return (await connection.execute(select(entries).where(entries.c.id == entry_id))).one()


async def test_a_good_case_becomes_a_draft_without_personal_data(desk: Bench) -> None:
    """R-FB-04: problem, solution, key phrases and category; who it was is gone."""
    problem = "我叫王芳，电话13800138000，订单2024051800123的空调不制冷，空调不制冷怎么办"
    await closed(desk, Life("w1"), problem=problem, solution="已联系王女士（13800138000），为订单2024051800123换货")
    (event,) = await desk.service.told(KnowledgeDrafted)
    assert (event.revision, event.category, event.work_order_ids, event.by) == (1, "after_sales", ("w1",), "system")
    row = await row_of(desk, event.entry_id)
    assert row.state == "draft"
    assert row.problem == "我叫[姓名]，电话[电话]，订单[单号]的空调不制冷，空调不制冷怎么办"
    assert row.solution == "已联系[姓名]（[电话]），为订单[单号]换货"
    assert row.key_phrases[0] == "空调不制冷"
    assert {message.trace_id for message in await desk.messages()} == {"a" * 32}


@pytest.mark.parametrize("score", [7, None])
async def test_without_a_good_score_nothing_is_learned(desk: Bench, score: int | None) -> None:
    """R-FB-04: below policy.feedback.good_score."""
    await closed(desk, Life("w1"), score=score)
    assert await desk.service.told(KnowledgeDrafted) == []


async def test_the_score_of_an_earlier_cycle_does_not_count(desk: Bench) -> None:
    """R-FB-04, R-SLA-11: 9 but not solved, reopened, then refused: nothing was learned."""
    life = Life("w1")
    await desk.tell(*life.approved())
    await desk.done(
        "callback.record", callback_id=await desk.callback_of("w1"), outcome="reached", solved=False, score=9
    )
    await desk.tell(life.reopened(), life.resolved(), life.signed())
    await desk.done("callback.record", callback_id=await desk.callback_of("w1", cycle=2), outcome="refused")
    await desk.tell(life.closed(outcome="pending"))
    assert await desk.service.told(KnowledgeDrafted) == []


async def test_a_contact_that_arrives_last_still_becomes_a_draft(desk: Bench) -> None:
    """R-FB-04: another replica held the contact back until the work order was closed; the call was made without it."""
    life = Life("w1")
    await desk.tell(life.opened(), life.resolved("更换"), life.signed())
    (item,) = (await desk.done("callback.list"))["callbacks"]
    assert (item["phone"], "您好！我是客服中心的陈雨桐" in item["script_text"]) == (None, True)
    await desk.done("callback.record", callback_id=item["callback_id"], outcome="reached", solved=True, score=10)
    await desk.tell(life.closed())
    assert await desk.service.told(KnowledgeDrafted) == []
    await desk.tell(life.contact())
    (event,) = await desk.service.told(KnowledgeDrafted)
    assert event.work_order_ids == ("w1",)
    await desk.tell(life.contact())
    assert len(await desk.service.told(KnowledgeDrafted)) == 1
    assert {message.trace_id for message in await desk.messages()} == {"a" * 32}


async def test_a_supervisor_publishes_edits_and_retires(desk: Bench) -> None:
    """R-FB-04: every edit is a new revision; the earlier ones are kept."""
    key = await drafted(desk, 1, *AIR)
    assert (await desk.refused("knowledge.review", "service-1", entry_id=key, approve=True))["status"] == 403
    assert (await desk.refused("knowledge.review", "nobody", entry_id=key, approve=True))["status"] == 403
    supervisor = "service-supervisor"
    assert (await desk.refused("knowledge.review", supervisor, entry_id="none", approve=True))["status"] == 404
    error = await desk.refused("knowledge.review", supervisor, entry_id=key, approve=False)
    assert (error["status"], error["errors"][0]["field"]) == (422, "reason")
    first = await desk.done("knowledge.review", supervisor, entry_id=key, approve=True)
    assert first == {"entry_id": key, "revision": 1, "state": "published"}
    assert (await desk.refused("knowledge.review", supervisor, entry_id=key, approve=True))["status"] == 409
    second = await desk.done("knowledge.review", supervisor, entry_id=key, approve=True, solution="七天内免费换新机")
    assert second == {"entry_id": key, "revision": 2, "state": "published"}
    (hit,) = (await desk.done("knowledge.search", text="空调不制冷换新机"))["entries"]
    assert (hit["revision"], hit["solution"]) == (2, "七天内免费换新机")
    async with desk.service.engine.connect() as connection:
        kept = (await connection.execute(select(revisions.c.solution).order_by(revisions.c.revision))).scalars().all()
    assert kept == [AIR[1], "七天内免费换新机"]
    third = await desk.done("knowledge.review", supervisor, entry_id=key, approve=False, reason="型号已停产")
    assert third["state"] == "retired"
    assert (await desk.done("knowledge.search", text="空调不制冷换新机"))["entries"] == []
    assert [one.revision for one in await desk.service.told(KnowledgePublished)] == [1, 2]
    assert len(await desk.service.told(KnowledgeRetired)) == 1


async def test_drafts_and_rejected_entries_are_not_found(desk: Bench) -> None:
    """R-FB-04: only what a supervisor published is an answer."""
    key = await drafted(desk, 1, *AIR)
    assert (await desk.done("knowledge.search", text="空调不制冷"))["entries"] == []
    await desk.done("knowledge.review", "market-supervisor", entry_id=key, approve=False, reason="个案")
    assert (await row_of(desk, key)).state == "rejected"
    assert (await desk.done("knowledge.search", text="空调不制冷"))["entries"] == []


async def test_the_search_finds_similar_wording_and_nothing_unrelated(desk: Bench) -> None:
    """R-FB-04: Chinese and English, over everything published."""
    ids = [await drafted(desk, number, *learned) for number, learned in enumerate(LEARNED)]
    for key in ids:
        await desk.done("knowledge.review", "service-supervisor", entry_id=key, approve=True)

    async def best(text: str) -> int | None:
        found = (await desk.done("knowledge.search", text=text))["entries"]
        assert all(0 < entry["score"] <= 1 for entry in found)
        assert [entry["score"] for entry in found] == sorted((entry["score"] for entry in found), reverse=True)
        return ids.index(found[0]["entry_id"]) if found else None

    asked = {
        "空调坏了不制冷怎么换货": 0,
        "新买的挂机空调压缩机有问题": 0,
        "你们重复扣款了，会员费多扣一次": 1,
        "发票抬头写错能重新开吗": 2,
        "怎么更新平台上我们公司的电话号码": 3,
        "法兰有没有现货，含税多少钱": 4,
        "My label printer is damaged. Can I get a REFUND?": 5,
        "今天天气怎么样": None,
        "红烧肉怎么做才好吃": None,
        "世界杯决赛几点开始": None,
        "what is the capital of France": None,
        "你好，请问一下": None,
        "!!!": None,
    }
    assert {text: await best(text) for text in asked} == asked
    both = [(await desk.done("knowledge.search", text="空调换货，发票重新开", limit=n))["entries"] for n in (5, 1)]
    assert [len(found) for found in both] == [2, 1]
    assert both[1] == both[0][:1]
    assert (await desk.refused("knowledge.search", "nobody", text="空调"))["status"] == 403


async def test_entries_are_counted_by_state(desk: Bench) -> None:
    """R-OB-01."""
    key = await drafted(desk, 1, *AIR)
    await drafted(desk, 2, *LEARNED[1])
    await desk.done("knowledge.review", "service-supervisor", entry_id=key, approve=True)
    assert desk.service.parts.gauges is not None
    await desk.service.parts.gauges()
    shown = {
        s: metrics.REGISTRY.get_sample_value("yingda_knowledge_entries", {"state": s})
        for s in ("draft", "published", "retired")
    }
    assert shown == {"draft": 1.0, "published": 1.0, "retired": 0.0}

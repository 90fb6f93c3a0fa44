"""A stranger's knowledge builder on real servers: its entries are those of the house, and its failures harm nothing (R-FB-04)."""

from pathlib import Path
from typing import Any

import pytest

from services.feedback.app import accepts
from shared import metrics
from shared.events import KnowledgeDrafted
from shared.plugins import PluginError
from shared.policy import Policy
from shared.settings import Settings
from tests.stranger import install
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import Life
from tests.unit.sla.changes import changed

FAQ = '''
from services.feedback.ports import Draft, key_phrases
from shared.plugins import Config, Plugin


class FaqConfig(Config):
    least_score: int = 9


class Faq:
    """Turns cases into questions and answers; leaves out what is not praised, and stumbles over invoices."""

    def __init__(self, setup):
        self.least_score = setup.config.least_score

    def draft(self, case):
        if "发票" in case.problem:
            raise ZeroDivisionError(case.problem)
        if case.score < self.least_score:
            return None
        return Draft(f"问：{case.problem}", f"答：{case.solution}", key_phrases(case.problem, ""), scenario="常见问题")


plugin = Plugin(kind="knowledge_builder", name="faq", api=1, build=Faq, config=FaqConfig, summary="Questions and answers")
'''


def policy(**settings: Any) -> Policy:
    return changed({"feedback.knowledge.builder": "faq", "plugins.knowledge_builders": {"faq": settings}})


async def close(desk: Bench, key: str, problem: str, score: int = 9) -> None:
    life = Life(key)
    await desk.tell(life.contact(personal={"text": problem}), life.opened(), life.resolved("更换压缩机"), life.signed())
    callback = await desk.callback_of(key)
    await desk.done("callback.record", callback_id=callback, outcome="reached", solved=True, score=score)
    await desk.tell(life.closed())


async def test_a_strangers_builder_drafts_and_the_default_one_where_it_fails(
    database_url: str, fresh_nats: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-FB-04: found by its entry point, chosen by the policy; a failure is counted, and the closing goes on."""
    monkeypatch.syspath_prepend(install(tmp_path, "strangers_faq", FAQ, knowledge_builder="faq"))
    with pytest.raises(PluginError, match="least_score"):
        accepts(policy(least_score="high"), Settings())
    failed = metrics.PLUGIN_FAILURES.labels("knowledge_builder", "faq", "raised")
    before = failed._value.get()
    async with bench(database_url, fresh_nats, policy=policy(least_score=9)) as desk:
        await close(desk, "w1", "空调压缩机坏了，请找张伟先生13800138000")
        await close(desk, "w2", "冰箱门关不严", score=8)  # good enough for the handbook, not for this builder
        await close(desk, "w3", "发票抬头开错了")
        drafted = await desk.service.told(KnowledgeDrafted)
        assert [one.work_order_ids for one in drafted] == [("w1",), ("w3",)]
        entries = (await desk.done("knowledge.list"))["entries"]
        assert {(one["problem"], one["scenario"]) for one in entries} == {
            ("问：空调压缩机坏了，请找[姓名][电话]", "常见问题"),
            ("发票抬头开错了", "售后 · 一般"),
        }
        assert await desk.service.dead_letters() == 0
    assert failed._value.get() == before + 1


async def test_without_the_builder_the_service_runs_and_the_default_one_drafts(
    database_url: str, fresh_nats: str
) -> None:
    with pytest.raises(PluginError, match='no knowledge_builder plugin "faq"'):
        accepts(policy(), Settings())
    async with bench(database_url, fresh_nats, policy=policy()) as desk:
        await close(desk, "w1", "空调压缩机坏了")
        (entry,) = (await desk.done("knowledge.list"))["entries"]
        assert entry["problem"] == "空调压缩机坏了"
    assert metrics.PLUGIN_WORKS.labels("knowledge_builder", "faq")._value.get() == 0

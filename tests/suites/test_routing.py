"""The classifiers and assigners that ship with routing keep what every one of them promises."""

from pathlib import Path
from typing import ClassVar

import pytest

from services.routing.plugins import by_skill, least_load, ngrams, round_robin, rules
from services.routing.plugins.evaluation import Evaluation
from services.routing.plugins.learning import Labelled, learn
from services.routing.plugins.model_file import Model, save
from services.routing.ports import Candidate, Task
from shared.testing.contracts import AssignerContract, ClassifierContract

TASK = Task("market", "department", "complaint", None, "normal", sensitive=False, tier=None)
IDLE = Candidate("market-1", frozenset(), 0, 10, 9)
WAITING = Candidate("market-2", frozenset(), 5, 10, 1)
SKILLED = Candidate("market-3", frozenset({"complaint"}), 8, 10, 10)
ALL = (IDLE, WAITING, SKILLED)


class TestRoundRobin(AssignerContract):
    plugin = round_robin.plugin
    samples = ((TASK, ALL, "market-2"),)


class TestLeastLoad(AssignerContract):
    plugin = least_load.plugin
    samples = ((TASK, ALL, "market-1"),)


class TestBySkill(AssignerContract):
    plugin = by_skill.plugin
    samples = ((TASK, ALL, "market-3"), (TASK, (IDLE, WAITING), "market-1"))


class TestRules(ClassifierContract):
    plugin = rules.plugin
    samples = (
        ("我上周买的空调不制冷,要求换货", "after_sales", "product"),
        ("请问这款冰箱多少钱", "product_inquiry", None),
    )


class TestNgrams(ClassifierContract):
    plugin = ngrams.plugin
    model: ClassVar[Path]
    samples = (("做竹制品的厂，想入驻", "membership", None), ("耳机坏了，要求换货", "after_sales", "product"))

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _taught(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        taught = [
            Labelled("membership", f"我们是做{one}的，想入驻平台，要什么资质") for one in ("木门", "茶叶", "轴承")
        ]
        taught += [
            Labelled("after_sales/product", f"买的{one}坏了，要求换货") for one in ("台灯", "水壶", "电扇", "音箱")
        ]
        figures = Evaluation(len(taught), 2, 1, 0.9, 0.95, 1.0, 1.0, {"membership": 1.0})
        cls.model = tmp_path_factory.mktemp("model") / "model.json"
        save(Model(learn(taught, seed=1), figures, "2026-11-23T10:00:00+08:00"), cls.model)

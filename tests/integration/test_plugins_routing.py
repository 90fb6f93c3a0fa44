"""A classifier or an assigner that cannot be used or fails: triage, or the supervisor, and nothing waits (ADR 0035)."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import structlog

from shared import metrics
from shared.events import WorkorderAssigned, WorkorderOpened
from shared.plugins import guard
from shared.policy import Policy, load_policy
from shared.testing.builders import registered_contact
from tests.integration.routing_house import House
from tests.integration.routing_house import house as house
from tests.unit.plugins.stranger import package

STRANGERS = """
from services.routing.ports import Suggestion

class Oracle:
    name = "oracle"
    asked = 0

    def classify(self, matter):
        Oracle.asked += 1
        while True:
            pass

    def topic_of(self, matter, category):
        return None, 0.0, ()

class Babbles:
    name = "babbles"
    answers = [
        None,
        {"category": "complaint"},
        Suggestion(["complaint"], None, 0.9, ()),
        Suggestion("complaint", ["product"], 0.9, ()),
        Suggestion("complaint", None, "0.9", ()),
        Suggestion("complaint", None, 0.9, (7,)),
        Suggestion("complaint", None, 0.9, None),
        1 / 2,
    ]

    def classify(self, matter):
        answer = Babbles.answers.pop()
        return answer if answer != 0.5 else 1 / 0

    def topic_of(self, matter, category):
        return ["product"], 0.5, (7,)

babbles = Plugin(kind="classifier", name="babbles", api=1, build=lambda setup: Babbles())
oracle = Plugin(kind="classifier", name="oracle", api=1, build=lambda setup: Oracle())
hollow = Plugin(kind="assigner", name="hollow", api=1, build=lambda setup: None)
"""


@pytest.fixture
def strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    points = {
        "yingda.classifiers:babbles": "babbles",
        "yingda.classifiers:oracle": "oracle",
        "yingda.assigners:hollow": "hollow",
    }
    module = package(tmp_path, "strangers", points, STRANGERS)
    monkeypatch.syspath_prepend(tmp_path)
    return module


def policy_with(**routing: Any) -> Policy:
    data: Any = deepcopy(load_policy().plain)
    for section, changes in routing.items():
        data["routing"][section] |= changes
    return Policy.model_validate(data)


async def test_without_its_classifier_every_work_order_goes_to_triage(house: House) -> None:
    """R-RT-01: the service starts, and a person decides."""
    replica = await house.bench.replica(policy=policy_with(classifier={"plugin": "nobody_wrote_it"}))
    await replica.happens(registered_contact(category=None, topic=None))
    (opened,) = await house.bench.told(WorkorderOpened)
    assert (opened.queue, opened.classified_by, opened.confidence) == ("triage", "nobody_wrote_it", 0.0)
    assert "the classifier nobody_wrote_it failed" in opened.evidence
    assert await house.bench.dead_letters() == 0


async def test_a_classifier_that_never_returns_is_broken_off_and_then_left_alone(
    house: House, strangers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-RT-01: after three times nobody waits for it any more."""
    monkeypatch.setattr(guard, "LIMIT_SECONDS", 0.2)
    replica = await house.bench.replica(policy=policy_with(classifier={"plugin": "oracle"}))
    await replica.happens(*(registered_contact(category=None, topic=None) for _ in range(6)))
    opened = await house.bench.told(WorkorderOpened)
    assert [(one.queue, one.classified_by) for one in opened] == [("triage", "oracle")] * 6
    module = __import__(strangers)
    assert module.Oracle.asked == 3


async def test_an_answer_of_a_classifier_that_is_none_costs_no_work_order(house: House, strangers: str) -> None:
    """R-RT-01: triage, whatever it answered; and the log says where it failed."""
    replica = await house.bench.replica(policy=policy_with(classifier={"plugin": "babbles"}))
    answers = len(__import__(strangers).Babbles.answers)
    with structlog.testing.capture_logs() as logs:
        await replica.happens(*(registered_contact(category=None, topic=None) for _ in range(answers)))
        await replica.happens(registered_contact(category="complaint", topic=None))
    opened = await house.bench.told(WorkorderOpened)
    assert [(one.queue, one.confidence) for one in opened] == [("triage", 0.0)] * answers + [("department", 1.0)]
    assert (opened[-1].category, opened[-1].topic) == ("complaint", None)
    assert all("the classifier babbles failed" in one.evidence for one in opened)
    assert await house.bench.dead_letters() == 0
    told = [log["why"] for log in logs if log["event"] == "classifier failed"]
    assert len(told) == answers + 1
    assert re.fullmatch(r"ZeroDivisionError in strangers_\d+\.py line \d+", told[0])
    assert told[-2] == 'the classifier plugin "babbles" answered with a NoneType'
    labels = {"kind": "classifier", "plugin": "babbles", "reason": "wrong"}
    assert metrics.REGISTRY.get_sample_value("yingda_plugin_failures_total", labels) == answers


async def test_without_its_assigner_the_supervisor_has_the_work_order(house: House, strangers: str) -> None:
    """R-RT-08: counted as failed, as where an assigner raises."""
    replica = await house.bench.replica(policy=policy_with(assignment={"by_department": {"market": "hollow"}}))
    await replica.happens(registered_contact(category="complaint", topic=None))
    (given,) = await house.bench.told(WorkorderAssigned)
    assert (given.assignee, given.way) == ("market-supervisor", "failed")

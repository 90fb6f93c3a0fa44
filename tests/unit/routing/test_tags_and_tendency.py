"""Tags (R-RT-11), and the attitude and tendency told with a sensitive matter (R-RT-05)."""

import pytest

from services.routing.domain.assessment import Assessment, assess
from services.routing.domain.lifecycle import decide
from services.routing.domain.matter import Matter
from services.routing.domain.tags import MOST_TAGS, automatic_tags, written
from services.routing.domain.tendency import attitude, tendency
from services.routing.domain.workorder import Decided
from shared.events import Emotion, Tendency, WorkorderClassified, WorkorderTagged
from shared.events.commands import Classify, Tag
from tests.unit.routing.orders import NOW, POLICY, ask, done, order, refused


@pytest.mark.parametrize(
    ("category", "text", "tags"),
    [
        ("complaint", "快递太慢了,一个月还没到", ("投诉-物流延迟",)),
        ("complaint", "质量太差,要求退款", ("投诉-产品质量", "投诉-退款")),
        ("staff_complaint", "客服态度恶劣", ("投诉-服务态度",)),
        ("after_sales", "快递太慢了", ()),
    ],
)
def test_tags_of_the_policy(category: str, text: str, tags: tuple[str, ...]) -> None:
    """R-RT-11."""
    assert automatic_tags(Matter(text), category, POLICY) == tags


def test_tags_have_one_written_form() -> None:
    """R-RT-11: so that they are found again."""
    assert written("  投诉－物流延迟 ") == "投诉-物流延迟"
    after = done(order(), Tag, "service-1", add=["VIP  客户", "VIP 客户"])
    assert after.tags == ("VIP 客户",)
    assert done(after, Tag, "service-1", add=["回访"], remove=["VIP 客户"]).tags == ("回访",)


def test_too_many_tags_are_refused() -> None:
    """R-RT-11: and say so."""
    full = order(tags=tuple(f"标签{number}" for number in range(MOST_TAGS)))
    assert refused(full, Tag, "service-1", add=["再一个"]).field == "add"
    assert done(full, Tag, "service-1", add=["再一个"], remove=["标签0"]).tags[-1] == "再一个"


def test_a_decision_on_the_category_brings_its_tags() -> None:
    """R-RT-11, R-RT-01: by the system, one version more, beside those that people gave."""
    waiting = order(queue="triage", department="service", tags=("重点",))
    asked = ask(Classify, "service-1", category="complaint", topic="product")
    decision = decide(waiting, asked, POLICY, NOW, Matter("快递太慢了,一个月还没到"))
    assert isinstance(decision, Decided)
    classified, tagged = decision.events
    assert isinstance(classified, WorkorderClassified)
    assert isinstance(tagged, WorkorderTagged)
    assert (tagged.by, tagged.added, tagged.version) == ("system", ("投诉-物流延迟",), 3)
    assert decision.work_order.tags == ("重点", "投诉-物流延迟")


@pytest.mark.parametrize(
    ("reasons", "marked", "before", "category", "tells"),
    [
        ((), "impatient", 3, "complaint", None),
        (("media",), None, 0, "after_sales", "high"),
        (("repeated_complaint",), "calm", 1, "complaint", "medium"),
        (("repeated_complaint",), "calm", 2, "complaint", "high"),
        (("personal_safety",), "impatient", 0, "after_sales", "medium"),
        (("emergency",), None, 0, "emergency", "low"),
    ],
)
def test_the_tendency_to_complain(
    reasons: tuple[str, ...], marked: Emotion | None, before: int, category: str, tells: Tendency | None
) -> None:
    """R-RT-05: threats and persistence are high; none is told where the matter is not sensitive."""
    assert tendency(reasons, marked, before, POLICY.category(category), POLICY) == tells


def test_the_attitude_is_the_marked_one() -> None:
    """R-RT-05: an agent's mark wins; who tends to complain and was not marked is dissatisfied."""
    assert attitude("anxious", "high") == "anxious"
    assert attitude(None, "medium") == "dissatisfied"
    assert attitude(None, "low") is None
    assert attitude("anxious", None) is None


def test_what_an_agent_writes_into_fields_is_sensitive_as_well() -> None:
    """R-RT-05: the reason of a complaint may stand in its own field, and a product's name threatens nobody."""
    told = assessed(Matter("客户投诉", {"reason": "再不处理就去找电视台曝光,并起诉你们"}))
    assert told.sensitive_reasons == ("media", "lawsuit")
    assert told.grade == "urgent"
    assert not assessed(Matter("客户投诉", {"reason": "做工差", "product_name": "法院记者证卡套"})).sensitive


def assessed(matter: Matter) -> Assessment:
    return assess(
        matter,
        category="complaint",
        topic=None,
        emotion=None,
        complaints_before=0,
        registered_at=NOW,
        policy=POLICY,
    )

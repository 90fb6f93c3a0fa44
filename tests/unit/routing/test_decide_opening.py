"""A contact becomes a work order: whose word counts, which department, what follows (R-RT-01 to R-RT-05)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.routing.domain.complaints import RecentComplaints
from services.routing.domain.matter import Matter
from services.routing.domain.opening import matter_of, open_work_order, opened
from services.routing.domain.verdict import judge
from services.routing.domain.workorder import WorkOrder
from services.routing.ports import Suggestion
from shared.events import ContactRegistered, Personal
from tests.unit.routing.orders import NOW, POLICY


@dataclass
class Says:
    """A classifier that says what a test wants it to; None: it fails."""

    suggestion: Suggestion | None = None
    topic: str | None = None
    name: str = "says"
    asked: list[str] = field(default_factory=list)

    def classify(self, _matter: Matter) -> Suggestion:
        self.asked.append("classify")
        if self.suggestion is None:
            raise RuntimeError("out of order")
        return self.suggestion

    def topic_of(self, _matter: Matter, category: str) -> tuple[str | None, float, tuple[str, ...]]:
        self.asked.append(category)
        if self.suggestion is None:
            raise RuntimeError("out of order")
        return self.topic, 0.5, ("because",)


def contact(text: str = "你好", **changes: Any) -> ContactRegistered:
    given: dict[str, Any] = {
        "contact_id": "c-1",
        "channel": "web",
        "source_id": "web/shop/1",
        "customer_id": "k-1",
        "occurred_at": NOW,
        "registered_at": NOW,
        "personal": Personal(text=text),
    }
    return ContactRegistered(**given | changes)


def says(category: str, topic: str | None = None, confidence: float = 0.9) -> Says:
    return Says(Suggestion(category, topic, confidence, ("evidence",)), topic)


def opening(event: ContactRegistered, classifier: Says, complaints: int = 0) -> WorkOrder:
    matter = matter_of(event)
    verdict = judge(event.category, event.topic, matter, classifier, POLICY)
    return open_work_order(
        event,
        matter,
        verdict,
        POLICY,
        NOW,
        work_order_id="w-1",
        number="XR20261123001",
        traceparent="t",
        complaints_before=complaints,
    )


def test_the_agents_word_wins() -> None:
    """R-RT-01: category and topic given: no classifier is asked."""
    classifier = says("general")
    found = opening(contact(category="complaint", topic="app_display"), classifier)
    assert (found.category, found.topic, found.department) == ("complaint", "app_display", "network")
    assert (found.classified_by, found.confidence, found.suggested_category) == ("agent", 1.0, None)
    assert classifier.asked == []


@pytest.mark.parametrize(
    ("topic", "department"), [("platform_paid", "network"), ("product", "market"), (None, "market")]
)
def test_a_missing_topic_is_the_classifiers(topic: str | None, department: str) -> None:
    """R-RT-02: a complaint or after-sales case without a topic goes by the classifier's topic, else to market."""
    found = opening(contact(category="after_sales"), says("general", topic))
    assert (found.category, found.topic, found.department) == ("after_sales", topic, department)


def test_an_unknown_category_counts_as_not_given() -> None:
    """R-RT-01: the classifier decides, and the evidence tells of the agent's."""
    found = opening(contact(category="refunds"), says("membership"))
    assert (found.category, found.classified_by) == ("membership", "says")
    assert found.evidence == ("the agent's category refunds is not in the policy", "evidence")


def test_an_unknown_topic_counts_as_not_given() -> None:
    found = opening(contact(category="complaint", topic="weather"), says("general", "project"))
    assert found.topic == "project"
    assert found.evidence == ("complaint has no topic weather", "because")


def test_a_topic_alone_is_taken_where_it_fits() -> None:
    assert opening(contact(topic="paid_service"), says("complaint", "product")).topic == "paid_service"
    assert opening(contact(topic="medical"), says("complaint", "product")).topic == "product"


@pytest.mark.parametrize(("confidence", "queue"), [(0.349, "triage"), (0.35, "department"), (7.0, "department")])
def test_below_the_threshold_a_person_decides(confidence: float, queue: str) -> None:
    """R-RT-01: to the triage queue of service with the suggestion; no cut-off is waited for there."""
    found = opening(contact(), says("info_change", confidence=confidence))
    assert found.queue == queue
    assert found.department == ("service" if queue == "triage" else "network")
    assert (found.cutoff_at is None) == (queue == "triage")
    assert (found.suggested_category, found.category) == ("info_change", "info_change")
    assert 0 <= opened(found).confidence <= 1


@pytest.mark.parametrize("classifier", [Says(), says("weather"), says("care")], ids=["fails", "unknown", "outbound"])
def test_a_strange_classifier_loses_no_contact(classifier: Says) -> None:
    """R-IN-01: whatever a plugin does, the contact is a work order, in triage, and the evidence tells why."""
    found = opening(contact(), classifier)
    assert (found.category, found.queue, found.department, found.confidence) == ("general", "triage", "service", 0.0)
    assert "says" in found.evidence[-1]
    assert found.suggested_category is None


def test_a_failing_classifier_does_not_touch_the_agents_category() -> None:
    found = opening(contact(category="complaint"), Says())
    assert (found.category, found.topic, found.queue) == ("complaint", None, "department")


@pytest.mark.parametrize(
    ("text", "department"), [("我要投诉物流部的王强", "logistics"), ("你们的员工骂人,工号123", "service")]
)
def test_a_grievance_about_staff_goes_to_their_department(text: str, department: str) -> None:
    """R-RT-02: the employee's department, the service centre where it is unknown."""
    assert opening(contact(text), says("staff_complaint")).department == department


@pytest.mark.parametrize(
    ("category", "emotion", "text", "grade"),
    [
        ("emergency", None, "仓库有人晕倒", "urgent"),
        ("product_inquiry", "anxious", "多少钱", "urgent"),
        ("product_inquiry", "impatient", "多少钱", "urgent"),
        ("product_inquiry", "dissatisfied", "多少钱", "normal"),
        ("complaint", None, "再不处理我就找律师起诉你们", "urgent"),
        ("membership", None, "想入会", "complex"),
        ("after_sales", None, "请技术部和物流部一起处理", "complex"),
        ("after_sales", "calm", "要求换货", "normal"),
    ],
)
def test_the_grade(category: str, emotion: Any, text: str, grade: str) -> None:
    """R-RT-04."""
    assert opening(contact(text, category=category, emotion=emotion), says("general")).grade == grade


def test_sensitive_matters_tell_attitude_and_tendency() -> None:
    """R-RT-05: why it is sensitive, the customer's attitude, and how often the customer has complained."""
    found = opening(contact("又坏了", category="complaint", topic="product", emotion="dissatisfied"), says("x"), 2)
    assert found.sensitive
    assert found.sensitive_reasons == ("repeated_complaint",)
    assert (found.attitude, found.complaints_before, found.grade) == ("dissatisfied", 2, "urgent")


def test_a_suggestion_is_no_repeated_complaint() -> None:
    """R-RT-05, R-RT-01: below the threshold nobody has said yet that the customer complains; how often is remembered."""
    found = opening(contact("在吗"), says("complaint", confidence=0.1), 2)
    assert (found.queue, found.sensitive, found.tendency) == ("triage", False, None)
    assert found.complaints_before == 2
    assert opening(contact("在吗"), says("emergency", confidence=0.1)).sensitive


def test_complaints_count_within_seven_days() -> None:
    """R-RT-05: nearer than 7 days, in whatever order the contacts come; other customers' do not count."""
    recent = RecentComplaints(POLICY.routing.sensitive.repeated_complaint.timedelta)
    recent.add([("k-1", NOW), ("k-1", NOW + timedelta(days=6)), ("k-2", NOW)])
    assert recent.before("k-1", NOW + timedelta(days=1)) == 2
    assert recent.before("k-1", NOW + timedelta(days=7)) == 1
    assert recent.before("k-1", NOW - timedelta(days=6, hours=23)) == 1
    assert recent.before("k-3", NOW) == 0


def test_missing_fields_are_listed() -> None:
    """R-IN-07: what the category requires and the contact does not tell."""
    found = opening(contact("想入会", category="membership"), says("general"))
    assert found.missing_fields == ("enterprise_name", "legal_person", "products")


@pytest.mark.parametrize(
    ("registered", "cutoff"),
    [
        (datetime(2026, 11, 23, 7, 59, 59, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        (datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC)),
        (datetime(2026, 11, 28, 2, 0, 0, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)),
        (datetime(2026, 9, 30, 9, 0, 0, tzinfo=UTC), datetime(2026, 10, 8, 8, tzinfo=UTC)),
    ],
    ids=["before", "at", "weekend", "national day"],
)
def test_the_cut_off(registered: datetime, cutoff: datetime) -> None:
    """R-RT-03: today's 16:00, or that of the next office day."""
    found = opening(contact(category="info_change", registered_at=registered), says("general"))
    assert found.cutoff_at == cutoff


def test_the_event_tells_it_all() -> None:
    """Contract: nothing personal, and every field of `workorder.opened`."""
    event = opened(opening(contact("我的电话13800138000", category="ad_slot"), says("general")))
    told = event.model_dump_json()
    assert "13800138000" not in told
    assert (event.version, event.cycle, event.assignee, event.policy_version) == (1, 1, None, POLICY.policy_version)


def test_details_are_words_and_figures() -> None:
    """Nested or empty details say nothing to a rule, and break none."""
    found = matter_of(contact(details={"order_no": 12, "price": 3.5, "a": None, "b": {"c": 1}, "d": " ", "e": True}))
    assert found.details == {"order_no": "12", "price": "3.5"}

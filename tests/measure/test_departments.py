"""Where the labelled contacts end up by the whole decision: the agent's choice, the classifier, triage and the table."""

from datetime import UTC, datetime

from services.routing.domain.assessment import assess
from services.routing.domain.verdict import judge
from services.routing.plugins.rules import RulesClassifier
from shared.policy import load_policy

from .samples import DATA, Sample, load

POLICY = load_policy()
CLASSIFIER = RulesClassifier()
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def shares(samples: list[Sample]) -> tuple[float, float]:
    """Return the shares of samples in the right department and in the right category; triage is `service`'s."""
    departments = categories = 0
    for sample in samples:
        verdict = judge(sample.contact["category"], sample.contact["topic"], sample.matter, CLASSIFIER, POLICY)
        found = assess(
            sample.matter,
            category=verdict.category,
            topic=verdict.topic,
            emotion=sample.contact["emotion"],
            complaints_before=0,
            registered_at=NOW,
            policy=POLICY,
        )
        department = POLICY.service.id if verdict.triage else found.department
        departments += department == sample.expected["department"]
        categories += verdict.category == sample.expected["category"]
    return departments / len(samples), categories / len(samples)


if DATA.exists():

    def test_the_odd_half_of_the_sample_ends_up_where_it_belongs() -> None:
        """R-RT-01, R-RT-02: also with what goes to triage counted as not there."""
        department, category = shares(load("contacts.zh.jsonl", parity=1))
        assert department >= 0.93
        assert category >= 0.88

    def test_real_text_ends_up_where_it_belongs() -> None:
        """R-RT-01, R-RT-02."""
        department, category = shares(load("real.zh.jsonl"))
        assert department >= 0.85
        assert category >= 0.75

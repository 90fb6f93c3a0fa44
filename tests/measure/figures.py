"""How well the understanding of contacts does on labelled samples: figures for the report and for the thresholds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.domain.employee import employee_department
from services.routing.domain.grade import departments_asked, grade
from services.routing.domain.register import missing_fields
from services.routing.domain.sensitive import sensitive
from services.routing.domain.verdict import Classifies

from .samples import Sample

# Handbook, section 3: written out here so that the figures do not depend on the policy file they judge.
DEPARTMENTS = {
    "info_change": "network",
    "ad_slot": "network",
    "after_sales/platform_paid": "network",
    "complaint/app_display": "network",
    "complaint/paid_service": "network",
    "emergency": "service",
    "general": "service",
    "care": "service",
}
REQUIRED = {
    "product_inquiry": ("customer_name", "customer_phone", "product_name"),
    "project_matching": ("project_name", "contact_name", "contact_phone", "company"),
    "membership": ("enterprise_name", "legal_person", "products"),
    "info_change": ("enterprise_name", "change"),
    "ad_slot": ("advertiser", "ad_type", "ad_position", "ad_duration"),
    "after_sales": ("customer_name", "customer_phone", "purchased_item", "demand"),
    "complaint": ("customer_name", "customer_phone", "reason"),
    "staff_complaint": ("employee", "reason"),
    "emergency": ("what", "where"),
    "care": ("customer",),
    "general": (),
}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of samples whose category, department and topic were met, and what was taken for what."""

    category: float
    department: float
    topic: float
    confused: Counter[tuple[str, str]]
    confident: tuple[tuple[float, int, float], ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Hits, false alarms and misses of a yes-or-no judgement."""

    hits: int
    alarms: int
    misses: int

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + self.alarms) if self.hits + self.alarms else 1.0

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def department(category: str, topic: str | None, sample: Sample) -> str:
    """The department a category and topic lead to; a staff complaint's is read from the text."""
    if category == "staff_complaint":
        return employee_department(sample.matter)
    return DEPARTMENTS.get(f"{category}/{topic}") or DEPARTMENTS.get(category, "market")


def accuracy(samples: Sequence[Sample], classifier: Classifies) -> Accuracy:
    """What `classifier` makes of the texts alone."""
    met = Counter[str]()
    confused = Counter[tuple[str, str]]()
    judged: list[tuple[float, bool]] = []
    for sample in samples:
        found = classifier.classify(sample.matter)
        right = found.category == sample.expected["category"]
        met["category"] += right
        met["topic"] += right and found.topic == sample.expected["topic"]
        met["department"] += department(found.category, found.topic, sample) == sample.expected["department"]
        judged.append((found.confidence, right))
        if not right:
            confused[sample.label, f"{found.category}/{found.topic}" if found.topic else found.category] += 1
    size = len(samples)
    return Accuracy(
        met["category"] / size, met["department"] / size, met["topic"] / size, confused, _by_confidence(judged)
    )


def _by_confidence(judged: Iterable[tuple[float, bool]]) -> tuple[tuple[float, int, float], ...]:
    rows = list(judged)
    steps = []
    for least in (0.0, 0.3, 0.5, 0.7, 0.9):
        sure = [right for confidence, right in rows if confidence >= least]
        steps.append((least, len(sure), sum(sure) / len(sure) if sure else 1.0))
    return tuple(steps)


def register(samples: Sequence[Sample]) -> tuple[float, dict[str, Scores]]:
    """The share of samples whose missing fields are exactly met, and the scores of every field."""
    exact = 0
    hits, alarms, misses = Counter[str](), Counter[str](), Counter[str]()
    for sample in samples:
        category = sample.expected["category"]
        found = set(missing_fields(category, sample.expected["topic"], sample.matter, REQUIRED[category]))
        expected = set(sample.expected["missing_fields"])
        exact += found == expected
        hits.update(found & expected)
        alarms.update(found - expected)
        misses.update(expected - found)
    fields = sorted({*hits, *alarms, *misses})
    return exact / len(samples), {field: Scores(hits[field], alarms[field], misses[field]) for field in fields}


def earlier_complaints(samples: Sequence[Sample]) -> dict[int, int]:
    """How many complaints each sample's customer made within the 7 days before, within these samples (R-RT-05)."""
    seen: list[tuple[set[str], datetime]] = []
    counts = {}
    for sample in sorted(samples, key=lambda one: one.contact["occurred_at"]):
        customer = sample.contact["customer"]
        keys = {customer[key] for key in ("phone", "email", "member_no") if customer[key]}
        at = datetime.fromisoformat(sample.contact["occurred_at"])
        counts[sample.number] = sum(bool(keys & known) and at - when <= timedelta(days=7) for known, when in seen)
        if sample.expected["category"] in {"complaint", "staff_complaint"}:
            seen.append((keys, at))
    return counts


def sensitivity(samples: Sequence[Sample], earlier: dict[int, int]) -> Scores:
    """Sensitive or not, judged with the expected category."""
    pairs = [
        (
            sensitive(sample.expected["category"], sample.matter, earlier.get(sample.number, 0)).flag,
            bool(sample.expected["sensitive"]),
        )
        for sample in samples
    ]
    return Scores(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))


def grades(samples: Sequence[Sample]) -> float:
    """The share of samples whose grade is met, given the expected category and sensitivity."""
    met = 0
    for sample in samples:
        expected = sample.expected
        asked = departments_asked(sample.matter)
        found = grade(expected["category"], sample.contact["emotion"], expected["sensitive"], asked)
        met += found == expected["grade"]
    return met / len(samples)

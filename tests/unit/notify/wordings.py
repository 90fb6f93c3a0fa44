"""Every text that notify can send, rendered with invented facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

from services.notify.domain.wording import template_values
from services.notify.handlers.texts import Texts
from shared.events import Purpose
from shared.policy import load_policy
from tests.unit.notify.events import NOW, contact

POLICY: Final = load_policy()
TEXTS: Final = Texts()
NAMES: Final = POLICY.notify.templates
TO_CUSTOMERS: Final = frozenset({"accepted", "progress", "result", "reopened", "survey"})
KINDS: Final[Mapping[str, str]] = {
    "promise": "progress",
    "merged": "progress",
    "collaboration": "assigned",
    "contacted": "progress",
    "delivery": "progress",
    "returned": "assigned",
    "relay": "progress",
    "call": "breach",
    "away": "breach",
}
"""The purpose that each kind of news belongs to."""
STAFF_PROGRESS: Final = frozenset({"contacted", "delivery", "relay"})
LONG: Final = "处理" * 300
LINK: Final = "https://survey.example.com/s/" + "a" * 43
FACTS: Final[dict[str, Any]] = {
    "number": "XR20261123001",
    "into_number": "XR20261122017",
    "department": "market",
    "from_department": "network",
    "category": "complaint",
    "topic": "app_display",
    "grade": "urgent",
    "cycle": 2,
    "expected_at": (NOW + timedelta(days=60)).isoformat(),
    "provisional": True,
    "outcome": "unresolvable",
    "result": LONG,
    "reason": LONG,
    "reply": LONG,
    "comment": LONG,
    "deliverable": LONG,
    "metric": "department_response",
    "percent": 80,
    "step": "supervisor",
    "due_at": (NOW + timedelta(days=60)).isoformat(),
    "cutoff_at": (NOW + timedelta(days=60)).isoformat(),
    "expires_at": (NOW + timedelta(days=7)).isoformat(),
    "numbers": [f"XR20261123{n:03}" for n in range(40)],
    "count": 40,
    "score": 0,
    "satisfaction": "very_dissatisfied",
    "solved": False,
    "reopen": True,
    "second_contact": True,
    "marks": ["urgent", "sensitive"],
    "missing": ["customer_phone", "demand"],
    "agent": "service-1",
    "uri": LINK,
    "report": "weekly",
    "period_start": "2026-11-15T16:00:00Z",
    "period_end": "2026-11-22T16:00:00Z",
}


def purpose_of(template: str) -> str:
    """Return a purpose whose messages the template words."""
    for kind, name in NAMES.by_kind.items():
        if name == template:
            return KINDS[kind]
    rows = [NAMES.default, NAMES.plain, *NAMES.by_category.values()]
    return next(purpose for row in rows for purpose, name in row.items() if name == template)


def to_customer(template: str) -> bool:
    """Return whether the template is for customers."""
    return purpose_of(template) in TO_CUSTOMERS and template not in STAFF_PROGRESS


def values(
    template: str, language: str, channel: str, facts: Mapping[str, Any], now: datetime = NOW, **changes: Any
) -> dict[str, Any]:
    """Return the values of a message to an invented customer (`changes` of the contact) or to a supervisor."""
    kind = next((kind for kind, name in NAMES.by_kind.items() if name == template), None)
    customer = contact(language=language, **changes) if to_customer(template) else None
    return dict(
        template_values(
            {**facts, "kind": kind},
            purpose=cast("Purpose", purpose_of(template)),
            language=language,
            channel=channel,
            now=now,
            policy=POLICY,
            contact=customer,
            staff_name=None if customer else "赵立新",
        )
    )


def render(
    template: str, language: str, channel: str, facts: Mapping[str, Any], now: datetime = NOW, **changes: Any
) -> tuple[str, str]:
    """Return subject and text of such a message."""
    return TEXTS.render(template, language, values(template, language, channel, facts, now, **changes))

"""From the facts of a notice to the values of its template: names for ids, local times, harmless quotations (R-NT-03)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.notify.domain.addressing import ANONYMOUS, greeting
from services.notify.domain.facts import Contact
from services.notify.domain.greetings import holiday_greeting
from services.notify.domain.moments import local_day, local_time, period
from services.notify.domain.people import employee_named
from services.notify.domain.plain import in_language, plain, shorten, shorten_to_sentence, ungreeted
from services.notify.domain.terms import ASKED, MARKS, METRICS, OUTCOMES, REPORTS, SATISFACTION, STEPS, term
from shared.events import Purpose
from shared.policy import Policy

SMS_QUOTE = 32
"""Characters of the customer's or a colleague's words in an SMS."""
SMS_ANSWER = 300
"""Characters of our own answer in an SMS, which becomes a long one for it."""
LETTER_QUOTE = 600
LETTER_ANSWER = 2_000
ENGLISH_SENDER = "Yingda Customer Service"
_PERSONAL = {"customer_name": "name", "contact_name": "name", "customer_phone": "phone", "contact_phone": "phone"}
_ANSWERS = ("result", "reply")

VALUES = (
    "agent",
    "automatic",
    "breaches",
    "by_phone",
    "category",
    "comment",
    "complaint",
    "confirm",
    "count",
    "cutoff",
    "cycle",
    "declined",
    "deliverable",
    "department",
    "due",
    "emergency",
    "expected",
    "expires",
    "festive",
    "from_department",
    "grade",
    "greeting",
    "into_number",
    "items",
    "kind",
    "marks",
    "metric",
    "missing",
    "number",
    "numbers",
    "outcome",
    "outcome_name",
    "percent",
    "period",
    "problem",
    "provisional",
    "purpose",
    "reason",
    "reopen",
    "reopened",
    "reply",
    "report",
    "result",
    "satisfaction",
    "score",
    "second_contact",
    "sender",
    "sms",
    "solved",
    "staff_name",
    "step",
    "urgent",
    "uri",
    "warnings",
)
"""Every name that a template may use; one that a notice does not have is None."""


def template_values(
    values: Mapping[str, Any],
    *,
    purpose: Purpose,
    language: str,
    channel: str,
    now: datetime,
    policy: Policy,
    contact: Contact | None = None,
    staff_name: str | None = None,
) -> dict[str, Any]:
    """Return the template's values for a notice to `contact` or to the member of staff `staff_name`."""
    sms = channel == "sms"
    limit = SMS_QUOTE if sms else LETTER_QUOTE
    zone = ZoneInfo(policy.timezone)
    category = _category(values, language, policy)
    quoted = {key: _quote(values.get(key), limit, language) for key in ("reason", "comment", "deliverable")}
    answered = {key: _sms_answer(values.get(key)) if sms else _letter_answer(values.get(key)) for key in _ANSWERS}
    names = {
        "department": _department(values.get("department"), language, policy),
        "from_department": _department(values.get("from_department"), language, policy),
        "category": category,
        "grade": _grade(values.get("grade"), language, policy),
        "metric": term(METRICS, values.get("metric"), language),
        "outcome_name": term(OUTCOMES, values.get("outcome"), language),
        "satisfaction": term(SATISFACTION, values.get("satisfaction"), language),
        "step": term(STEPS, values.get("step"), language),
        "marks": [term(MARKS, mark, language) for mark in values.get("marks") or ()],
        "missing": _listed([_asked(field, language, policy) for field in _still_missing(values, contact)], language),
        "report": term(REPORTS, values.get("report"), language),
        "agent": person.name if (person := employee_named(policy, values.get("agent"))) else None,
    }
    expected = _moment(values.get("expected_at"))
    times = {
        "due": local_time(_moment(values.get("due_at")), language, now, zone),
        "cutoff": local_time(_moment(values.get("cutoff_at")), language, now, zone),
        # a time that has passed is no promise: such a customer hears "as soon as possible"
        "expected": local_time(expected, language, now, zone) if expected and expected > now else None,
        "expires": local_day(_moment(values.get("expires_at")), language, now, zone),
        "period": period(_moment(values.get("period_start")), _moment(values.get("period_end")), language, now, zone),
    }
    outcome = values.get("outcome")
    personal = {
        "purpose": purpose,
        "greeting": greeting(language, contact.name, contact.honorific) if contact else None,
        "problem": shorten((contact.problem if contact else "") or category or "", limit),
        "by_phone": bool(contact and contact.phone),
        "staff_name": staff_name,
        "sender": sender_name(policy.notify.sender.name, language),
        "sms": sms,
        "complaint": _is_complaint(values.get("category"), policy),
        "emergency": values.get("category") in policy.notify.quiet_hours.exempt_categories,
        "urgent": values.get("grade") == "urgent",
        "festive": holiday_greeting(now, purpose, values.get("category"), outcome, language, policy)
        if contact
        else None,
    }
    known = {key: value for key, value in values.items() if key in VALUES}
    return dict.fromkeys(VALUES) | known | quoted | answered | names | times | personal


def written_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Return those of the template's values that are words or numbers, each in one line without hidden characters."""
    told = {key: value for key, value in values.items() if isinstance(value, str | int | float)}
    return {key: plain(str(value)) for key, value in told.items() if not isinstance(value, bool) and value != ""}


def sender_name(name: str, language: str) -> str:
    """Return the policy's name of the sender; an English one in the place of a Chinese name in an English message."""
    return name if language == "zh" or name.isascii() else ENGLISH_SENDER


def _sms_answer(value: Any) -> str | None:
    """Return our own words as they stand in the middle of a line: without a second greeting or a full stop."""
    text = _letter_answer(value)
    return shorten_to_sentence(text, SMS_ANSWER).rstrip("。.") if text else None


def _letter_answer(value: Any) -> str | None:
    text = plain(value) if isinstance(value, str) else ""
    return shorten_to_sentence(ungreeted(text) or text, LETTER_ANSWER) or None


def _quote(value: Any, limit: int, language: str) -> str | None:
    text = shorten(in_language(plain(value), language), limit).rstrip("。.") if isinstance(value, str) else ""
    return text or None


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _still_missing(values: Mapping[str, Any], contact: Contact | None) -> list[str]:
    """Return what the register lacked, without what the customer told before the message left."""
    name = contact.name if contact and contact.name != ANONYMOUS else None
    told = {"name": name, "phone": contact.phone if contact else None}
    return [field for field in values.get("missing") or () if not told.get(_PERSONAL.get(field, ""))]


def _asked(field: str, language: str, policy: Policy) -> str:
    """Return the words by which a customer is asked for `field`."""
    if field in ASKED:
        return term(ASKED, field, language) or field
    known = policy.field_names.get(field)
    return known.in_locale(language) if known else field


def _listed(words: Sequence[str], language: str) -> str | None:
    """Return `words` in one phrase, None for none."""
    if language == "zh" or len(words) <= 1:
        return "、".join(words) or None
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _department(key: Any, language: str, policy: Policy) -> str | None:
    if not isinstance(key, str):
        return None
    known = policy.departments.get(key)
    return known.name.in_locale(language) if known else key


def _is_complaint(key: Any, policy: Policy) -> bool:
    """Return whether an apology is in place rather than thanks."""
    known = policy.categories.get(key) if key else None
    return known is not None and known.complaint


def _grade(key: Any, language: str, policy: Policy) -> str | None:
    known = policy.grades.get(key)
    return known.in_locale(language) if known else key


def _category(values: Mapping[str, Any], language: str, policy: Policy) -> str | None:
    key = values.get("category")
    known = policy.categories.get(key) if key else None
    if known is None:
        return key
    topic = known.topics.get(values.get("topic") or "")
    name = known.name.in_locale(language)
    if topic is None:
        return name
    detail = topic.name.in_locale(language)
    if name in detail:  # 产品售后 says 售后 already
        return detail
    return f"{name}·{detail}" if language == "zh" else f"{name}: {detail}"

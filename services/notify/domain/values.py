"""How each value of a template is made: names for ids, local times, harmless quotations (R-NT-03)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.notify.domain.addressing import ANONYMOUS, greeting
from services.notify.domain.facts import Contact
from services.notify.domain.greetings import holiday_greeting
from services.notify.domain.moments import local_day, local_time, period
from services.notify.domain.people import employee_named
from services.notify.domain.plain import in_language, plain, shorten, shorten_to_sentence, ungreeted
from services.notify.domain.telling import Telling
from services.notify.domain.terms import ASKED, MARKS, METRICS, OUTCOMES, REPORTS, SATISFACTION, STEPS, term
from shared.policy import Policy

SMS_ANSWER = 300
"""Characters of our own answer in an SMS, which becomes a long one for it."""
LETTER_ANSWER = 2_000
ENGLISH_SENDER = "Yingda Customer Service"
_PERSONAL = {"customer_name": "name", "contact_name": "name", "customer_phone": "phone", "contact_phone": "phone"}

Maker = Callable[[Telling], Any]


def sender_name(name: str, language: str) -> str:
    """Return the policy's name of the sender; an English one in the place of a Chinese name in an English message."""
    return name if language == "zh" or name.isascii() else ENGLISH_SENDER


def _answer(name: str) -> Maker:
    """Return what makes our own words: in an SMS as they stand in the middle of a line, without a full stop."""

    def made(t: Telling) -> str | None:
        value = t.values.get(name)
        text = plain(value) if isinstance(value, str) else ""
        text = shorten_to_sentence(ungreeted(text) or text, LETTER_ANSWER)  # a second greeting is one too many
        if not text:
            return None
        return shorten_to_sentence(text, SMS_ANSWER).rstrip("。.") if t.sms else text

    return made


def _quote(name: str) -> Maker:
    def made(t: Telling) -> str | None:
        value = t.values.get(name)
        if not isinstance(value, str):
            return None
        return shorten(in_language(plain(value), t.language), t.limit).rstrip("。.") or None

    return made


def _term(words: dict[str, tuple[str, str]], name: str) -> Maker:
    return lambda t: term(words, t.values.get(name), t.language)


def _time(name: str) -> Maker:
    return lambda t: local_time(_moment(t.values.get(name)), t.language, t.now, ZoneInfo(t.policy.timezone))


def _agent(t: Telling) -> str | None:
    person = employee_named(t.policy, t.values.get("agent"))
    return person.name if person else None


def _expected(t: Telling) -> str | None:
    """Return when the result can be expected; a time that has passed is no promise: such a customer hears "as soon as possible"."""
    at = _moment(t.values.get("expected_at"))
    return local_time(at, t.language, t.now, ZoneInfo(t.policy.timezone)) if at and at > t.now else None


def _expires(t: Telling) -> str | None:
    return local_day(_moment(t.values.get("expires_at")), t.language, t.now, ZoneInfo(t.policy.timezone))


def _period(t: Telling) -> str | None:
    start, end = _moment(t.values.get("period_start")), _moment(t.values.get("period_end"))
    return period(start, end, t.language, t.now, ZoneInfo(t.policy.timezone))


def _missing(t: Telling) -> str | None:
    return _listed([_asked(field, t.language, t.policy) for field in _still_missing(t.values, t.contact)], t.language)


def _problem(t: Telling) -> str:
    return shorten((t.contact.problem if t.contact else "") or _category(t) or "", t.limit)


def _festive(t: Telling) -> str | None:
    if t.contact is None:
        return None
    facts = t.values
    return holiday_greeting(t.now, t.purpose, facts.get("category"), facts.get("outcome"), t.language, t.policy)


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


def _department(name: str) -> Maker:
    def made(t: Telling) -> str | None:
        key = t.values.get(name)
        if not isinstance(key, str):
            return None
        known = t.policy.departments.get(key)
        return known.name.in_locale(t.language) if known else key

    return made


def _is_complaint(t: Telling) -> bool:
    """Return whether an apology is in place rather than thanks."""
    key = t.values.get("category")
    known = t.policy.categories.get(key) if key else None
    return known is not None and known.complaint


def _grade(t: Telling) -> str | None:
    key: str | None = t.values.get("grade")
    known = t.policy.grades.get(key)  # type: ignore[call-overload]  # a grade of a later version is its own name
    return known.in_locale(t.language) if known else key


def _category(t: Telling) -> str | None:
    key: str | None = t.values.get("category")
    known = t.policy.categories.get(key) if key else None
    if known is None:
        return key
    topic = known.topics.get(t.values.get("topic") or "")
    name = known.name.in_locale(t.language)
    if topic is None:
        return name
    detail = topic.name.in_locale(t.language)
    if name in detail:  # 产品售后 says 售后 already
        return detail
    return f"{name}·{detail}" if t.language == "zh" else f"{name}: {detail}"


MAKERS: Final[Mapping[str, Maker]] = {
    "agent": _agent,
    "by_phone": lambda t: bool(t.contact and t.contact.phone),
    "category": _category,
    "comment": _quote("comment"),
    "complaint": _is_complaint,
    "cutoff": _time("cutoff_at"),
    "deliverable": _quote("deliverable"),
    "department": _department("department"),
    "due": _time("due_at"),
    "emergency": lambda t: t.values.get("category") in t.policy.notify.quiet_hours.exempt_categories,
    "expected": _expected,
    "expires": _expires,
    "festive": _festive,
    "from_department": _department("from_department"),
    "grade": _grade,
    "greeting": lambda t: greeting(t.language, t.contact.name, t.contact.honorific) if t.contact else None,
    "marks": lambda t: [term(MARKS, mark, t.language) for mark in t.values.get("marks") or ()],
    "metric": _term(METRICS, "metric"),
    "missing": _missing,
    "outcome_name": _term(OUTCOMES, "outcome"),
    "period": _period,
    "problem": _problem,
    "purpose": lambda t: t.purpose,
    "reason": _quote("reason"),
    "reply": _answer("reply"),
    "report": _term(REPORTS, "report"),
    "result": _answer("result"),
    "satisfaction": _term(SATISFACTION, "satisfaction"),
    "sender": lambda t: sender_name(t.policy.notify.sender.name, t.language),
    "sms": lambda t: t.sms,
    "staff_name": lambda t: t.staff_name,
    "step": _term(STEPS, "step"),
    "urgent": lambda t: t.values.get("grade") == "urgent",
}
"""What makes a value; one that is not here is what the notice itself says."""

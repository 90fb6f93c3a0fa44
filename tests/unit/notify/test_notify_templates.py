"""Every text in both languages, for every category and channel: short, polite, complete, without jargon (R-NT-03)."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from services.notify.domain.wording import VALUES, template_values
from services.notify.handlers.texts import LANGUAGES, LONGEST_SMS, Texts
from shared.events import Purpose
from shared.policy import Text
from tests.unit.notify.events import NOW, contact
from tests.unit.notify.wordings import (
    FACTS,
    KINDS,
    LINK,
    NAMES,
    POLICY,
    TEXTS,
    purpose_of,
    render,
    to_customer,
    values,
)

TEMPLATES = sorted(NAMES.names - {NAMES.digest})
CUSTOMER_TEMPLATES = [name for name in TEMPLATES if to_customer(name)]
ANSWERS = frozenset({"result", "progress"})
"""Purposes whose SMS carries an answer of ours in full."""
SHORT_SMS = {"zh": 200, "en": 330}
JARGON = ("工作单", "签字", "主管审核", "SLA", "ticket", "work order", "escalat", "triage", "cut-off", "时限", "超时")
RUDE = ("你", "亲", "必须", "不得", "无权", "you must", "your fault")
OPTIONAL = ("result", "reason", "reply", "comment", "marks", "numbers", "from_department", "expected_at", "missing")
OUTCOMES = ("resolved", "pending", "transferred", "unresolvable")
WHO: dict[str, Any] = {
    "purpose": "accepted",
    "language": "zh",
    "channel": "email",
    "now": NOW,
    "policy": POLICY,
    "contact": contact(),
}


def variants(template: str, category: str) -> list[dict[str, Any]]:
    """Return facts with everything, with nothing that may be missing, and short ones, with each outcome if it has one."""
    topics = POLICY.categories[category].topics
    full = FACTS | {"category": category, "topic": next(iter(topics), None)}
    bare = {key: value for key, value in full.items() if key not in OPTIONAL} | {"topic": None, "solved": None}
    short = full | {"reply": "已为您安排换货。", "result": "已换货。", "provisional": False, "grade": "normal"}
    outcomes = OUTCOMES if purpose_of(template) in {"result", "sign_request"} else OUTCOMES[:1]
    return [full, bare, *(short | {"outcome": outcome, "cycle": 1} for outcome in outcomes)]


def forbidden(text: str) -> list[str]:
    """Return the policy's forbidden phrases and evasions that the text has."""
    quality = POLICY.feedback.quality
    phrases = [getattr(one, "text", one) for one in (*quality.forbidden, *quality.evasions)]
    return [str(phrase) for phrase in phrases if str(phrase) in text]


def test_every_template_of_the_policy_is_there_in_both_languages() -> None:
    """R-NT-03; each belongs to a purpose, and every kind of news has words of its own."""
    TEXTS.check(POLICY)
    assert set(NAMES.by_kind) == set(KINDS)
    assert {purpose_of(name) for name in TEMPLATES} == set(get_args(Purpose))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_message_reads_well(template: str, language: str) -> None:
    """R-NT-03, R-FB-06: a subject, no holes, no blank lines in a row, none of the forbidden phrases, short SMS."""
    for category in POLICY.categories:
        for facts in variants(template, category):
            told = {"reply": "已到场", **facts} if template == "relay" else facts  # which is never empty
            for channel in ("sms", "email"):
                who: dict[str, Any] = {
                    "name": "Maximilian Wolfeschlegelstein",
                    "honorific": "Professor",
                    "problem": "问" * 80,
                }
                subject, text = render(template, language, channel, told, **who)
                where = f"{template} {language} {channel} {category}: {subject} / {text}"
                assert subject, where
                assert text, where
                assert len(subject) <= 120, where
                assert not {"None", "{", "}", "[]", "[&#"} & set(re.findall(r"None|\{|\}|\[\]", subject + text)), where
                assert "\n\n\n" not in text, where
                assert "  " not in text.replace("\n  ", "\n"), where
                assert not re.search(r"[。，；：、][。，；、]|，$|、$|\(\)|（）| [.,;]", text), where
                assert not forbidden(subject + text), where
                assert all(line == line.rstrip() for line in text.splitlines()), where
                if channel == "sms":
                    assert "\n" not in text, where
                    limit = LONGEST_SMS if purpose_of(template) in ANSWERS else SHORT_SMS[language]
                    assert len(text) <= limit, where
                    assert text[-1] in "。.！!？…", where
                else:
                    assert text.endswith(("应答客服中心", "Yingda Customer Service")), where


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", CUSTOMER_TEMPLATES)
def test_customers_read_polite_words_and_no_jargon(template: str, language: str) -> None:
    """R-NT-03: 您 and never 你, no word of the house that a customer would have to be explained."""
    for category in POLICY.categories:
        for facts in variants(template, category):
            for channel in ("sms", "email"):
                words = {"reply": "已为您安排换货", "result": "已为您换货", "reason": None, "deliverable": None}
                subject, text = render(template, language, channel, facts | words)
                both = subject + text
                assert not [word for word in (*JARGON, *RUDE) if word in both], both
                if language == "zh":
                    assert "您" in both, both
                else:
                    assert not re.search(
                        r"[\u4e00-\u9fff]", re.sub("王|空调不制冷|已为您安排换货|已为您换货", "", both)
                    ), both


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", sorted(NAMES.plain))
def test_plain_texts_are_simpler(purpose: Purpose, language: str) -> None:
    """R-IN-11: shorter sentences and no longer than the usual text."""
    for facts in variants(NAMES.default[purpose], "after_sales")[1:]:
        plain = render(NAMES.plain[purpose], language, "email", facts)[1]
        usual = render(NAMES.default[purpose], language, "email", facts)[1]
        assert len(plain) < len(usual)
        words = plain.replace(LINK, "").replace(FACTS["number"], "")
        sentences = [part for part in re.split(r"[。！？.!?：:\n]\s*", words) if part]
        assert max(map(len, sentences)) <= (36 if language == "zh" else 110), plain


def test_plain_language_and_categories_choose_their_templates() -> None:
    """R-IN-11, R-NT-03: a kind of news first, then plain language, then the category."""
    assert NAMES.name("accepted", "emergency") == "emergency_accepted"
    assert NAMES.name("accepted", "emergency", plain=True) == "plain_accepted"
    assert NAMES.name("accepted", "complaint", plain=True) == "plain_accepted"
    assert NAMES.name("progress", "complaint", "promise", plain=True) == "promise"
    assert NAMES.name("handover", plain=True) == "handover"


@pytest.mark.parametrize("template", ["emergency_accepted", "plain_accepted"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_whoever_is_in_danger_reads_whom_to_call(template: str, language: str, channel: str) -> None:
    facts = {**FACTS, "category": "emergency", "topic": "medical"}
    text = render(template, language, channel, facts)[1]
    assert "120" in text
    assert "110" in text
    assert "XR20261123001" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", ["accepted", "plain_accepted"])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_the_acceptance_tells_number_problem_owner_and_time(template: str, language: str, channel: str) -> None:
    """R-NT-01; and what is missing is asked for in the customer's words (R-IN-07)."""
    facts = {**FACTS, "provisional": False, "missing": ["order_no", "demand"]}
    text = render(template, language, channel, facts)[1]
    department = POLICY.departments["market"].name.in_locale(language)
    time = "2027年1月22日（周五）10:15前" if language == "zh" else "by Fri 22 Jan 2027, 10:15"
    asked = "订单号、希望如何处理" if language == "zh" else "the order number and what you would like us to do"
    for part in ("XR20261123001", department, time, asked, "空调不制冷"):
        assert part in text


def test_a_template_of_the_house_has_all_of_jinja_that_is_harmless() -> None:
    """R-NT-03: macros, loops, other templates and Jinja's own functions find the values that are made on demand."""
    source = (
        "{{ number }}\n{% macro twice(word) %}{{ word }}{{ word }}{% endmacro %}"
        "{% for n in range(2) %}{{ n }}{{ twice(grade) }}{% endfor %}"
        '{% include "zh/part.txt.j2" %}{% import "zh/tool.txt.j2" as tool with context %}{{ tool.dear() }}'
    )
    own = {
        "own": Text(zh=source, en="-"),
        "part": Text(zh="{{ department }}", en="-"),
        "tool": Text(zh="{% macro dear() %}{{ greeting }}{% endmacro %}", en="-"),
    }
    told = values("accepted", "zh", "email", FACTS)
    wanted = f"0{told['grade'] * 2}1{told['grade'] * 2}{told['department']}{told['greeting']}"
    words = template_values(FACTS, **WHO)
    assert Texts(own=own).render("own", "zh", words) == (FACTS["number"], wanted)


def test_values_are_the_same_whichever_is_asked_for_first() -> None:
    """R-NT-03."""
    whole = dict(template_values(FACTS, **WHO))
    assert list(whole) == list(VALUES)
    assert {name: template_values(FACTS, **WHO)[name] for name in VALUES} == whole
    assert "nothing" not in template_values(FACTS, **WHO)

"""The words: complete in both languages, short, polite, and nobody's input is ever more than a value (R-NT-03)."""

from __future__ import annotations

import re
import shutil
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.addressing import greeting
from services.notify.domain.facts import contact_of
from services.notify.domain.plain import excerpt, plain, shorten, shorten_to_sentence
from services.notify.domain.terms import METRICS, SATISFACTION
from services.notify.domain.wording import SMS_ANSWER, sender_name, template_values
from services.notify.handlers.texts import FOLDER, LANGUAGES, LONGEST_SMS, TemplatesError, Texts, named
from shared.events import Outcome, Satisfaction
from shared.policy import Metric, load_policy
from tests.unit.notify.events import NOW, contact, registered

POLICY = load_policy()
TEXTS = Texts()
TO_CUSTOMERS = ("accepted", "progress", "result", "reopened", "survey")
LONG = "处理" * 300
SHORT_SMS = 200
FACTS: dict[str, Any] = {
    "number": "XR20261123001",
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
    "metric": "department_response",
    "percent": 80,
    "step": "supervisor",
    "due_at": (NOW + timedelta(days=60)).isoformat(),
    "cutoff_at": (NOW + timedelta(days=60)).isoformat(),
    "numbers": [f"XR20261123{n:03}" for n in range(40)],
    "count": 40,
    "score": 0,
    "satisfaction": "very_dissatisfied",
    "solved": False,
    "reopen": True,
    "second_contact": True,
    "marks": ["urgent", "sensitive"],
    "uri": "https://survey.example.com/s/0123456789abcdef0123456789",
    "report": "weekly",
    "period": "2026-11-16 / 2026-11-22",
}


def render(purpose: str, language: str, channel: str, facts: dict[str, Any], **changes: Any) -> tuple[str, str]:
    customer = contact(language=language, **changes) if purpose in TO_CUSTOMERS else None
    staff = None if customer else "赵立新"
    values = template_values(
        facts, language=language, channel=channel, now=NOW, policy=POLICY, contact=customer, staff_name=staff
    )
    return TEXTS.render(purpose, language, values)


def everything() -> list[tuple[str, str, str, dict[str, Any]]]:
    optional = {"result", "reason", "reply", "comment", "marks", "uri", "numbers", "from_department", "expected_at"}
    least = {key: value for key, value in FACTS.items() if key not in optional} | {"topic": None, "solved": None}
    variants = [FACTS, least, FACTS | {"outcome": "pending", "reply": "", "marks": [], "category": "membership"}]
    purposes = sorted(POLICY.notify.templates.default)
    return [
        (p, lang, ch, facts) for p in purposes for lang in LANGUAGES for ch in ("sms", "email") for facts in variants
    ]


def test_every_template_of_the_policy_is_there_in_both_languages() -> None:
    TEXTS.check(POLICY)
    assert len(named(POLICY)) == 12


@pytest.mark.parametrize(("purpose", "language", "channel", "facts"), everything())
def test_every_message_reads_well(purpose: str, language: str, channel: str, facts: dict[str, Any]) -> None:
    """R-NT-03, R-FB-06: short SMS, a subject, no holes, none of the forbidden phrases."""
    subject, text = render(
        purpose,
        language,
        channel,
        facts,
        name="Maximilian Wolfeschlegelstein",
        honorific="Professor",
        problem="问" * 80,
    )
    assert subject
    assert text
    assert len(subject) <= 120
    assert "\n" not in subject
    assert "None" not in subject + text
    assert "{" not in subject + text
    assert "\n\n\n" not in text
    quality = POLICY.feedback.quality
    assert not [phrase for phrase in (*quality.forbidden, *quality.evasions) if phrase in subject + text]
    if channel == "sms":
        assert "\n" not in text
        assert len(text) <= (LONGEST_SMS if purpose in {"result", "progress"} else SHORT_SMS)
        assert text[-1] in "。.！", "an SMS is never cut off in the middle"
    if language == "zh":
        assert re.search(r"(?<!您)你", text) is None, "customers and colleagues are addressed with 您"


def test_a_category_can_have_a_text_of_its_own(tmp_path: Path) -> None:
    """R-NT-03."""
    shutil.copytree(FOLDER, tmp_path / "t")
    policy_data = deepcopy(POLICY.plain)
    policy_data["notify"]["templates"]["by_category"] = {"complaint": {"accepted": "accepted_complaint"}}  # type: ignore[index]
    policy = type(POLICY).model_validate(policy_data)
    with pytest.raises(TemplatesError, match=re.escape("zh/accepted_complaint.txt.j2 is missing")):
        Texts(tmp_path / "t").check(policy)
    for language in LANGUAGES:
        (tmp_path / "t" / language / "accepted_complaint.txt.j2").write_text("Sorry\n{{ number }} {{ missing }}")
    with pytest.raises(TemplatesError, match="uses missing, which no message has"):
        Texts(tmp_path / "t").check(policy)
    for language in LANGUAGES:
        (tmp_path / "t" / language / "accepted_complaint.txt.j2").write_text("Sorry\n{% if %}")
    with pytest.raises(TemplatesError, match="does not compile"):
        Texts(tmp_path / "t").check(policy)


@pytest.mark.parametrize("attack", ["{{ 7 * 7 }}", "{% for x in y %}", "{{ sender.__class__.__mro__ }}", "${7*7}"])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_what_a_customer_writes_is_never_a_template(attack: str, channel: str) -> None:
    """R-NT-03."""
    _subject, text = render("accepted", "zh", channel, FACTS, problem=attack)
    assert attack in text


def test_a_template_cannot_reach_into_python(tmp_path: Path) -> None:
    """R-NT-03: an edited template is in a sandbox, too."""
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "evil.txt.j2").write_text("x\n{{ number.__class__.__mro__ }}")
    with pytest.raises(Exception, match="unsafe"):
        Texts(tmp_path).render("evil", "zh", dict.fromkeys(("sms",), False) | {"number": "x"})


@given(st.text(max_size=60))
def test_no_value_breaks_a_line_or_hides_a_character(value: str) -> None:
    """R-NT-03."""
    _subject, text = render("result", "zh", "email", FACTS | {"result": value, "number": value})
    assert all(mark == "\n" or mark.isprintable() or mark == "\xa0" for mark in text)
    subject, _text = render("result", "zh", "email", FACTS | {"number": f"a\r\n{value}"})
    assert subject.isprintable() or "\xa0" in subject


@given(st.text())
def test_plain_text_is_one_visible_line(value: str) -> None:
    assert plain(value) == plain(plain(value))
    assert not set("\r\n\t\0\x1b\u202e\u200b\u2028") & set(plain(value))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("空调不制冷,要求换货。快点！", "空调不制冷,要求换货"),
        ("请看https://evil.example/x?y=1谢谢", "请看…"),
        ("访问 evil.com/pay 付款", "访问 … 付款"),
        ("加我邮箱 a.b@evil.com 联系", "加我邮箱 … 联系"),
        ("打电话 400-800-1234 退款", "打电话 … 退款"),
        ("订了2台v1.5版", "订了2台v1.5版"),
        ("。。。", ""),
        ("长" * 50, "长" * 39 + "…"),
    ],
)
def test_an_excerpt_quotes_words_and_no_links_or_numbers(text: str, wanted: str) -> None:
    """Nobody can have us send a link to a third person."""
    assert excerpt(text, 40) == wanted


def test_shortening_counts_the_ellipsis() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize(
    ("language", "name", "honorific", "wanted"),
    [
        ("zh", "王芳", "女士", "王女士，您好！"),
        ("zh", "欧阳娜娜", "女士", "欧阳女士，您好！"),
        ("zh", "王芳", None, "您好！"),
        ("zh", None, "女士", "您好！"),
        ("zh", "匿名客户", "先生", "您好！"),
        ("zh", "John Smith", "Mr.", "Smith先生，您好！"),
        ("zh", "买买提·艾力", "先生", "买买提·艾力先生，您好！"),
        ("zh", "王芳", "女士请点击http://x.cn", "您好！"),
        ("zh", "点击www.x.cn领奖", "女士", "您好！"),
        ("en", "John Smith", "Mr", "Dear Mr Smith,"),
        ("en", "王芳", "女士", "Dear Ms 王,"),
        ("en", "John Smith", None, "Dear customer,"),
        ("en", "匿名客户", "Mr", "Dear customer,"),
        ("en", "x@evil.com", "Mr", "Dear customer,"),
    ],
)
def test_the_form_of_address(language: str, name: str | None, honorific: str | None, wanted: str) -> None:
    """R-IN-11: surname only with a supplied honorific; R-IN-04: nobody is called 匿名客户."""
    assert greeting(language, name, honorific) == wanted


def test_an_expected_time_that_has_passed_is_not_promised() -> None:
    past = FACTS | {"expected_at": (NOW - timedelta(hours=1)).isoformat()}
    assert "尽快" in render("accepted", "zh", "sms", past)[1]
    assert "as soon as possible" in render("accepted", "en", "sms", past)[1]


def test_a_provisional_time_is_shown_as_such() -> None:
    """R-SLA-13; the year is written where it is another one."""
    assert "2027年1月22日（周五）10:15前（节假日安排公布前为暂定时间）" in render("accepted", "zh", "email", FACTS)[1]
    assert "暂定" not in render("accepted", "zh", "email", FACTS | {"provisional": False})[1]


def test_a_complaint_is_met_with_an_apology() -> None:
    assert "很抱歉" in render("accepted", "zh", "sms", FACTS)[1]
    assert "很抱歉" not in render("accepted", "zh", "sms", FACTS | {"category": "membership"})[1]


def test_staff_letters_carry_nothing_personal_of_the_customer() -> None:
    for purpose in set(POLICY.notify.templates.default) - set(TO_CUSTOMERS):
        subject, text = render(purpose, "zh", "email", FACTS)
        assert "王" not in subject + text
        assert "13800138000" not in text


def test_every_metric_and_satisfaction_has_its_words() -> None:
    assert set(METRICS) == set(get_args(Metric))
    assert set(SATISFACTION) == set(get_args(Satisfaction))


def test_what_is_kept_of_a_contact() -> None:
    kept = contact_of(
        registered(locale="en-GB", details={"preferred_channel": "email", "auto_submitted": "auto-replied"})
    )
    assert (kept.language, kept.preferred, kept.automatic, kept.problem) == ("en", "email", True, "空调不制冷,要求换货")


@pytest.mark.parametrize("purpose", ["breach", "warning"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_burst_reads_well(purpose: str, language: str, channel: str) -> None:
    """R-SLA-10: every deadline on its line."""
    rows = [
        FACTS,
        FACTS | ({"percent": None} if purpose == "breach" else {}),
        {"metric": "agent_away", "due_at": FACTS["due_at"], "department": "service", "percent": 50},
    ]
    items = [
        template_values(row, language=language, channel=channel, now=NOW, policy=POLICY, staff_name="赵立新")
        for row in rows
    ]
    subject, text = TEXTS.render(purpose, language, items[0] | {"items": items, "count": 3})
    assert "3" in subject
    assert "None" not in subject + text
    if channel == "sms":
        assert len(text) <= SHORT_SMS
    else:
        assert len([line for line in text.splitlines() if line.startswith("  ")]) == 3
        assert "\n\n\n" not in text


ANSWER = "我们已经联系厂家核对了您的订单。新的空调将在周三上午送到您家，旧机器由师傅当场取走。" * 3


@pytest.mark.parametrize(("purpose", "key"), [("result", "result"), ("progress", "reply")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_we_answer_reaches_the_customer_in_full_by_sms(purpose: str, key: str, language: str) -> None:
    """R-NT-02: our own words are not cut like a quotation of the customer's."""
    _subject, text = render(purpose, language, "sms", FACTS | {key: ANSWER})
    assert ANSWER.rstrip("。") in text


def test_an_answer_too_long_for_an_sms_ends_with_a_sentence() -> None:
    """R-NT-02: 300 characters of it, and it shows that there is more."""
    _subject, text = render("result", "zh", "sms", FACTS | {"result": ANSWER * 4})
    told = text[text.index("我们已经") : text.index("。我们将致电回访")]
    assert told.endswith("当场取走…")
    assert 150 < len(told) <= SMS_ANSWER


@pytest.mark.parametrize(
    ("text", "limit", "wanted"),
    [
        ("一二三。四五六。", 8, "一二三。四五六。"),
        ("一二三。四五六。七八九", 9, "一二三。四五六…"),
        ("Part 1.5 came. It was fitted. The rest follows.", 35, "Part 1.5 came. It was fitted…"),
        ("一。二三四五六七八九十", 8, "一。二三四五六…"),  # too little would be left of it
        ("一二三四五六七八九十", 8, "一二三四五六七…"),
    ],
)
def test_what_is_too_long_is_cut_at_a_sentence(text: str, limit: int, wanted: str) -> None:
    assert shorten_to_sentence(text, limit) == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reopening_is_explained_by_its_reason_alone(language: str) -> None:
    """R-NT-02: nobody is said to be dissatisfied who did not say so."""
    plainly = "".join(render("assigned", language, "email", FACTS | {"reopened": True, "reason": None}))
    assert "不满意" not in plainly
    assert "not satisfied" not in plainly
    explained = render("assigned", language, "email", FACTS | {"reopened": True, "reason": "客户补充了照片"})[1]
    assert "客户补充了照片" in explained


@pytest.mark.parametrize("purpose", sorted(POLICY.notify.templates.default))
def test_an_english_mail_is_signed_in_english(purpose: str) -> None:
    """R-NT-03."""
    text = render(purpose, "en", "email", FACTS)[1]
    assert text.endswith("Yingda Customer Service")
    assert POLICY.notify.sender.name not in text


def test_an_english_name_of_the_sender_is_used() -> None:
    assert sender_name("Acme Helpdesk", "en") == "Acme Helpdesk"
    assert sender_name("应答客服中心", "zh") == "应答客服中心"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_each_outcome_has_a_sentence_of_its_own(language: str, channel: str) -> None:
    """R-NT-02: what was passed on is not said to be an interim result."""
    outcomes = get_args(Outcome)
    told = {render("result", language, channel, FACTS | {"outcome": outcome})[1] for outcome in outcomes}
    assert len(told) == len(outcomes)

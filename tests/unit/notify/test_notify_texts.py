"""The words: complete in both languages, short, polite, and nobody's input is ever more than a value (R-NT-03)."""

from __future__ import annotations

import re
import shutil
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.addressing import greeting
from services.notify.domain.facts import contact_of
from services.notify.domain.plain import excerpt, plain, shorten, shorten_to_sentence
from services.notify.domain.terms import METRICS, SATISFACTION
from services.notify.domain.values import SMS_ANSWER, sender_name
from services.notify.handlers.texts import FOLDER, LANGUAGES, TemplatesError, Texts
from shared.events import Outcome, Satisfaction
from shared.policy import Metric
from tests.unit.notify.events import NOW, registered
from tests.unit.notify.wordings import FACTS, LINK, NAMES, POLICY, TEXTS, render, to_customer, values


@pytest.mark.slow
def test_a_category_can_have_a_text_of_its_own(tmp_path: Path) -> None:
    """R-NT-03."""
    shutil.copytree(FOLDER, tmp_path / "t")
    policy_data = deepcopy(POLICY.plain)
    policy_data["notify"]["templates"]["by_category"] = {"complaint": {"accepted": "accepted_complaint"}}  # type: ignore[index]
    policy = type(POLICY).model_validate(policy_data)
    with pytest.raises(TemplatesError, match=re.escape("zh/accepted_complaint.txt.j2 is missing")):
        Texts(tmp_path / "t").check(policy)
    for language in LANGUAGES:
        (tmp_path / "t" / language / "accepted_complaint.txt.j2").write_text("Sorry\n{{ number }} {{ nowhere }}")
    with pytest.raises(TemplatesError, match="uses nowhere, which no message has"):
        Texts(tmp_path / "t").check(policy)
    for language in LANGUAGES:
        (tmp_path / "t" / language / "accepted_complaint.txt.j2").write_text("Sorry\n{% if %}")
    with pytest.raises(TemplatesError, match="does not compile"):
        Texts(tmp_path / "t").check(policy)


@pytest.mark.slow
def test_a_policy_can_bring_texts_of_its_own_which_come_before_the_packaged_ones() -> None:
    """R-NT-03: a text is added or reworded by the policy file alone."""
    policy_data = deepcopy(POLICY.plain)
    templates = policy_data["notify"]["templates"]  # type: ignore[index]
    templates["by_category"] = {"complaint": {"accepted": "sorry"}}
    templates["texts"] = {
        "sorry": {"zh": "抱歉（{{ number }}）\n{{ greeting }}", "en": "Sorry ({{ number }})\n{{ greeting }}"}
    }
    policy = type(POLICY).model_validate(policy_data)
    texts = Texts(own=policy.notify.templates.texts)
    texts.check(policy)
    facts = {"sms": False, "number": "XR1", "greeting": "尊敬的王女士："}
    assert texts.render("sorry", "zh", facts) == ("抱歉（XR1）", "尊敬的王女士：")
    assert texts.render("sorry", "en", facts)[0] == "Sorry (XR1)"
    templates["texts"]["accepted"] = {"zh": "{{ nowhere }}", "en": "x"}
    policy = type(POLICY).model_validate(policy_data)
    with pytest.raises(TemplatesError, match=re.escape("zh/accepted.txt.j2 uses nowhere, which no message has")):
        Texts(own=policy.notify.templates.texts).check(policy)


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
        ("尊敬的平台工作人员：\n我公司的电话号码显示有误。", "我公司的电话号码显示有误"),
        ("您好，请问空调保修多久？", "请问空调保修多久"),
        ("客服你好！在吗？我要退货", "我要退货"),
        ("喂，怎么还不发货", "怎么还不发货"),
        ("Dear Sir or Madam,\nmy order is late", "my order is late"),
        ("Hello! The app shows a wrong price.", "The app shows a wrong price"),
        ("我们好不容易等到货", "我们好不容易等到货"),
        ("您好", ""),
        ("尊敬的客服我要退货", "尊敬的客服我要退货"),
        ("贵公司的产品坏了，要求退货", "贵公司的产品坏了，要求退货"),
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
        ("zh", "匿名客户", None, "您好！"),
        ("zh", "李强", "先生", "李先生，您好！"),
        ("zh", "王芳", "骗子", "您好！"),
        ("zh", "赵敏", "Ms.", "赵女士，您好！"),
        ("zh", "赵总", "总", "赵总，您好！"),
        ("en", "Wang Fang", "liar", "Dear customer,"),
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


SPRING_FESTIVAL = datetime(2026, 2, 17, 2, 0, tzinfo=UTC)
TOMB_SWEEPING = datetime(2026, 4, 5, 2, 0, tzinfo=UTC)
FRIENDLY = FACTS | {"category": "product_inquiry", "topic": None, "outcome": "resolved", "result": "ok", "reply": "ok"}


@pytest.mark.parametrize(
    "template", ["accepted", "progress", "result", "plain_accepted", "plain_progress", "plain_result"]
)
@pytest.mark.parametrize(("language", "wish"), [("zh", "祝您春节快乐！"), ("en", "Happy Spring Festival!")])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_on_a_public_holiday_customers_are_wished_a_happy_one(
    template: str, language: str, wish: str, channel: str
) -> None:
    """R-IN-11: by the calendar data, once in the message."""
    assert render(template, language, channel, FRIENDLY, SPRING_FESTIVAL)[1].count(wish) == 1
    assert wish not in render(template, language, channel, FRIENDLY, NOW)[1]


def test_nobody_is_wished_a_happy_day_who_has_reason_to_be_sad() -> None:
    """R-IN-11: complaints, emergencies, bad news and the day of the dead."""
    sad = [FRIENDLY | {"category": "complaint"}, FRIENDLY | {"category": "emergency"}]
    for facts in sad:
        assert "快乐" not in render("accepted", "zh", "email", facts, SPRING_FESTIVAL)[1]
    assert "快乐" not in render("result", "zh", "sms", FRIENDLY | {"outcome": "unresolvable"}, SPRING_FESTIVAL)[1]
    assert "快乐" not in render("reopened", "zh", "sms", FRIENDLY, SPRING_FESTIVAL)[1]
    assert "祝您" not in render("accepted", "zh", "email", FRIENDLY, TOMB_SWEEPING)[1]


def test_every_greeting_of_the_policy_is_one_of_a_holiday_of_the_data() -> None:
    """R-IN-11."""
    known = {holiday.name.zh for year in POLICY.holidays["cn"].years.values() for holiday in year.holidays}
    assert set(POLICY.notify.holiday_greetings) == known - {"清明节"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", [name for name in sorted(NAMES.names - {NAMES.digest}) if to_customer(name)])
def test_an_anonymous_customer_is_addressed_neutrally(template: str, language: str) -> None:
    """R-IN-04, R-IN-11: 匿名客户 is never printed as a name."""
    who: dict[str, Any] = {"name": "匿名客户", "honorific": "先生"}
    for channel in ("sms", "email"):
        subject, text = render(template, language, channel, FACTS, **who)
        assert "匿名" not in subject + text
        assert ("您好！" if language == "zh" else "Dear customer,") in text


def test_staff_letters_carry_nothing_personal_of_the_customer() -> None:
    for purpose in (name for name in NAMES.names - {NAMES.digest} if not to_customer(name)):
        subject, text = render(purpose, "zh", "email", FACTS)
        assert "王" not in subject + text
        assert "13800138000" not in text


def test_every_metric_and_satisfaction_has_its_words() -> None:
    assert set(METRICS) == set(get_args(Metric))
    assert set(SATISFACTION) == set(get_args(Satisfaction))


def test_what_is_kept_of_a_contact() -> None:
    kept = contact_of(registered(locale="en-GB", details={"preferred_channel": "email"}, auto_submitted=True))
    assert (kept.language, kept.preferred, kept.automatic, kept.problem) == ("en", "email", True, "空调不制冷,要求换货")


def test_what_says_that_a_person_wrote_it_is_answered() -> None:
    """R-NT-07: RFC 3834 marks a person's mail `no`; intake reads the mark, and its verdict counts."""
    assert not contact_of(registered(details={"auto_submitted": "no"})).automatic


NEWS: list[tuple[str, dict[str, Any]]] = [
    ("breach", {}),
    ("warning", {"percent": 50}),
    ("call", {}),
    ("away", {"number": None}),
    ("collaboration", {"deliverable": "检测报告"}),
    ("delivery", {"reply": "已检测"}),
    ("returned", {"reason": "缺少凭证"}),
    ("relay", {"reply": "厂家已到场"}),
    ("contacted", {"from_department": None, "marks": []}),
    ("assigned", {"reopened": True}),
    ("assigned", {"from_department": None}),
    ("assigned", {"from_department": None, "marks": []}),
    ("sign_request", {"confirm": True}),
    ("sign_request", {}),
    ("satisfaction", {"solved": None}),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_burst_reads_well(language: str, channel: str) -> None:
    """R-SLA-10: everything that came in a minute, each on its line, and each line another one."""
    items = [values(name, language, channel, FACTS | changes) for name, changes in NEWS]
    counted = {"items": items, "count": len(items), "breaches": 3, "warnings": 1}
    subject, text = TEXTS.render(NAMES.digest, language, items[0] | counted)
    assert str(len(items)) in subject
    assert "None" not in subject + text
    if channel == "sms":
        assert len(text) <= 200
    else:
        lines = [line for line in text.splitlines() if line.startswith("  ")]
        assert len(set(lines)) == len(lines) == len(items)
        assert not [line for line in lines if "  " in line.strip()]
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
    told = text[text.index("我们已经") : text.index("我们会致电回访")]
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


@pytest.mark.parametrize("purpose", sorted(NAMES.names - {NAMES.digest}))
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
@pytest.mark.parametrize("template", ["result", "plain_result"])
def test_each_outcome_has_a_sentence_of_its_own(language: str, channel: str, template: str) -> None:
    """R-NT-02: what was passed on is not said to be an interim result."""
    outcomes = get_args(Outcome)
    told = {render(template, language, channel, FACTS | {"outcome": outcome})[1] for outcome in outcomes}
    assert len(told) == len(outcomes)


@pytest.mark.parametrize("template", ["survey", "plain_survey"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_the_link_of_a_survey_stands_by_itself(template: str, language: str, channel: str) -> None:
    """R-FB-02: no mark of punctuation becomes part of the address, and its last day is told."""
    text = render(template, language, channel, FACTS)[1]
    assert re.search(rf"(?:^|[\s：]){re.escape(LINK)}(?:\s|$)", text, re.MULTILINE)
    assert ("11月30日" if language == "zh" else "30 Nov") in text


def test_a_report_tells_its_period_in_days() -> None:
    """R-FB-05."""
    assert render("report", "zh", "email", FACTS)[0] == "客户服务周报（11月16日至11月22日）"
    assert render("report", "en", "email", FACTS)[0] == "Weekly feedback report (16 Nov to 22 Nov)"
    assert render("report", "zh", "email", FACTS | {"report": "complaints"})[0].startswith("complaints（")


def test_a_promised_time_is_named_to_the_customer() -> None:
    """R-RT-10."""
    text = render("promise", "zh", "sms", FACTS | {"due_at": (NOW + timedelta(hours=5)).isoformat()})[1]
    assert "我们答应过在11月23日（周一）15:15前联系您" in text


@pytest.mark.parametrize("template", ["result", "plain_result"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_nobody_is_promised_a_call_who_has_left_no_number(template: str, language: str, channel: str) -> None:
    """R-FB-01: the callback comes another way then."""
    words = ("致电", "打电话", "call you")
    assert any(word in render(template, language, channel, FACTS)[1] for word in words)
    assert not any(word in render(template, language, channel, FACTS, phone=None)[1] for word in words)


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_nobody_is_greeted_twice(channel: str) -> None:
    """R-NT-03: what a colleague writes may begin with a greeting, and our message has one."""
    text = render("progress", "zh", channel, FACTS | {"reply": "王女士，您好！厂家周三上门检测。"})[1]
    assert text.count("您好") == 1
    assert "厂家周三上门检测。" in text
    assert render("progress", "zh", channel, FACTS | {"reply": "您好"})[1].count("您好") == 2  # there is nothing else

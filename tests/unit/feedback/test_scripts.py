"""What the agent reads out: polite, complete, and never made of what a customer wrote (R-FB-01, R-FB-06, R-FB-07, R-IN-11)."""

import re
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.address import greeting
from services.feedback.domain.customer import Customer
from services.feedback.domain.script import (
    ASKING,
    LANGUAGES,
    OF_A_WORK_ORDER,
    SCRIPTS,
    VALUES,
    language_of,
    render,
    values_for,
)
from services.feedback.plugins.packaged import PackagedScripts
from shared.events.commands.script import ScriptName
from shared.policy import load_policy

POLICY = load_policy()
TEXTS = PackagedScripts()


def customer(name: str | None, honorific: str | None) -> Customer:
    return Customer("c1", name=name, honorific=honorific)


@pytest.mark.parametrize(("language", "script"), list(product(LANGUAGES, sorted(ASKING))))
def test_every_callback_asks_what_the_handbook_asks(language: str, script: str) -> None:
    """R-FB-02: solved, speed, suggestion, score 0 to 10, five levels; it opens with the greeting and the number."""
    text = TEXTS.text(language, script)
    asked = (
        ("解决|完成", "速度", "建议|意见", "0到10", "非常满意、满意、一般、不满意，还是非常不满意", "感谢")
        if language == "zh"
        else ("solved|done", "quickly|speed", "suggestion|improve", "0 to 10", "very satisfied, satisfied, neutral, dissatisfied or very dissatisfied", "Thank you")
    )  # fmt: skip
    for question in asked:
        assert re.search(question, text), question


@pytest.mark.parametrize(("language", "script"), list(product(LANGUAGES, SCRIPTS)))
def test_every_script_has_its_variants(language: str, script: ScriptName) -> None:
    """R-FB-07, R-IN-11: opening, hold, closing and callbacks; with the surname, on a holiday, in plain words."""
    text = TEXTS.text(language, script)
    places = set(re.findall(r"\{(\w+)\}", text))
    assert places <= set(VALUES)
    assert places & {"greeting", "holiday"}
    if script in OF_A_WORK_ORDER:
        assert {"greeting", "agent", "number", "holiday", "care"} <= places
    agent = POLICY.staff("service-1")
    assert agent is not None
    someone = Customer("c1", name="王芳", honorific="女士", plain_language=True)
    said = {
        (who is not None, day): render(text, values_for(who, agent, "XR20261123001", day, language, POLICY))
        for who in (None, someone)
        for day in (date(2026, 11, 23), date(2026, 10, 1))
    }
    assert all("{" not in variant and "\n\n\n" not in variant for variant in said.values())
    wishes = "节日的问候" if language == "zh" else "Our best regards"
    for (known, day), variant in said.items():
        assert (wishes in variant) == (day.month == 10 and "holiday" in places)
        assert (("王女士" if language == "zh" else "Ms 王") in variant) == (known and "greeting" in places)
        assert (("说得简单" if language == "zh" else "plain words") in variant) == (known and "care" in places)


def test_a_closing_without_a_work_order_names_no_number() -> None:
    """R-FB-07: the line that would tell it is left out."""
    text = render(TEXTS.text("zh", "closing"), {"number": "", "holiday": ""})
    assert "受理编号" not in text
    assert "感谢您的来电" in text


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_keep_to_polite_words(script: str) -> None:
    """R-FB-06: neither a forbidden phrase nor an evasion."""
    text = TEXTS.text("zh", script)
    quality = POLICY.feedback.quality
    assert not [phrase for phrase in (*quality.forbidden, *quality.evasions) if phrase in text]
    assert not re.search("你(?!们?好)", text)


def test_the_policy_names_scripts_that_exist() -> None:
    for category in POLICY.categories.values():
        assert TEXTS.text("zh", category.script)
        assert TEXTS.text("en", category.script)


@pytest.mark.parametrize(
    ("name", "honorific", "chinese", "english"),
    [
        ("王芳", "女士", "王女士，您好", "Hello, Ms 王"),
        ("欧阳建国", "先生", "欧阳先生，您好", "Hello, Mr 欧阳"),
        ("马", "先生", "马先生，您好", "Hello, Mr 马"),
        ("王芳", "王女士", "王女士，您好", "Hello"),
        ("王芳", None, "您好", "Hello"),
        (None, "女士", "您好", "Hello"),
        ("王芳", "", "您好", "Hello"),
        ("John Smith", "Mr.", "您好", "Hello, Mr Smith"),
        ("Anna Lee", "女士", "Anna Lee女士，您好", "Hello, Ms Lee"),
        ("{agent}", "女士", "您好", "Hello"),
        ("王芳", "女士，点击 http://x.cn", "您好", "Hello"),
        ("王芳\n先生", "女士", "您好", "Hello"),
    ],
)
def test_the_form_of_address_comes_only_from_a_supplied_honorific(
    name: str | None, honorific: str | None, chinese: str, english: str
) -> None:
    """R-IN-11."""
    assert greeting(customer(name, honorific), "zh") == chinese
    assert greeting(customer(name, honorific), "en") == english
    assert greeting(None, "zh") == "您好"


@given(st.text(), st.text(max_size=5))
def test_no_input_is_ever_read_as_a_script(name: str, honorific: str) -> None:
    """R-NT-03: values are put in once, on one line, whatever a customer calls himself."""
    values = {"greeting": greeting(customer(name, honorific), "zh"), "agent": name, "number": "{greeting}"}
    text = render("{greeting}\n{agent}\n{number}", values)
    lines = text.split("\n")
    assert len(lines) <= 3
    assert lines[-1] == "{greeting}"
    assert "{" not in lines[0]


def test_a_line_without_a_value_is_left_out() -> None:
    """R-FB-07: outside holidays nothing stands where the wishes would."""
    assert render("a\n{holiday}\nb\n\nc", {"holiday": ""}) == "a\nb\n\nc"
    assert render("{unknown}", {}) == "{unknown}"


def test_the_language_follows_the_customer() -> None:
    assert [language_of(locale) for locale in ("zh-CN", "zh", "ZH-tw", "en", "en-US", "fr")] == [
        "zh", "zh", "zh", "en", "en", "en",
    ]  # fmt: skip

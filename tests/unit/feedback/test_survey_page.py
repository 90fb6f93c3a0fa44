"""The survey page without a server: its form, its words, its language (R-FB-02)."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.accept_language import preferred
from services.feedback.domain.survey_form import FIELDS, LEVELS, LONGEST_WORDS, Form, read
from services.feedback.handlers.survey_view import SurveyView
from services.feedback.handlers.surveys import Link
from shared.policy import load_policy

POLICY = load_policy()
VIEW = SurveyView(POLICY)
LINK = Link("open", "zh-CN", "XR20261123001", datetime(2026, 12, 1, 1, tzinfo=UTC))

words = st.text(max_size=LONGEST_WORDS)
filled = st.fixed_dictionaries(
    {
        "solved": st.sampled_from(["", "yes", "no"]),
        "speed": st.sampled_from(["", "yes", "no"]),
        "satisfaction": st.sampled_from(["", *LEVELS]),
        "score": st.sampled_from(["", *map(str, range(11))]),
        "comment": words,
        "suggestion": words,
    }
)


@given(filled)
def test_a_filled_form_means_what_was_chosen(fields: dict[str, str]) -> None:
    """R-FB-02: every question may be left out, but one of solved, satisfaction and score is answered."""
    form = read(fields)
    if not (fields["solved"] or fields["satisfaction"] or fields["score"]):
        assert (form.answer, form.fault) == (None, "required")
        return
    assert form.answer is not None
    assert form.answer.outcome == "reached"
    assert form.answer.solved == {"": None, "yes": True, "no": False}[fields["solved"]]
    assert form.answer.speed_satisfied == {"": None, "yes": True, "no": False}[fields["speed"]]
    assert form.answer.score == (int(fields["score"]) if fields["score"] else None)
    assert form.answer.satisfaction == (fields["satisfaction"] or "not_rated")
    assert "\x00" not in form.answer.comment + form.answer.suggestion


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=LONGEST_WORDS + 5)))
def test_whatever_is_sent_is_an_answer_or_a_fault(fields: dict[str, str]) -> None:
    """R-FB-02: and the page that shows it again is well formed, however it was meant."""
    form = read(fields)
    assert (form.answer is None) == (form.fault is not None)
    page = VIEW.survey("zh", LINK, form)
    for name in ("comment", "suggestion"):
        (shown,) = re.findall(rf'<textarea id="{name}"[^>]*>([^<]*)</textarea>', page)
        assert len(shown) <= 8 * (LONGEST_WORDS + 6)


@pytest.mark.parametrize("value", ["12", "-1", "٣", "3.0", " 3 x", "maybe"])
def test_a_value_that_nobody_offered_is_a_fault(value: str) -> None:
    assert read({"score": value}).fault == "unreadable"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, en;q=0.3, zh;q=0.7", "zh"),
        ("fr,de", "zh"),
        ("*", "zh"),
        ("en;q=0, zh;q=0.1", "zh"),
        ("en;q=nan", "zh"),
        ("en;q=7, ;;;,zh", "zh"),
        ("x" * 10_000 + ",en", "zh"),
    ],
)
def test_the_browsers_language_is_heard(header: str, language: str) -> None:
    """R-FB-02: without one of ours, the default stays."""
    assert preferred(header, "zh") == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert preferred(header, "en") in {"zh", "en"}


def test_both_languages_say_the_same() -> None:
    """R-FB-02: the same keys; the five levels and every fault and notice among them."""

    def keys(words: Any) -> Any:
        return {key: keys(value) for key, value in words.items()} if isinstance(words, dict) else None

    assert keys(VIEW._words["zh"]) == keys(VIEW._words["en"])
    assert set(LEVELS) < VIEW._words["zh"]["satisfaction"].keys()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_keep_to_polite_words(language: str) -> None:
    """R-FB-06, R-IN-11: neither a forbidden phrase nor an evasion, and a neutral 您."""
    pages = [VIEW.survey(language, LINK, Form())]
    pages += [VIEW.notice(language, which) for which in ("thanks", "repeated", "gone", "refused", "failed")]
    quality = POLICY.feedback.quality
    shown = [re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL) for page in pages]
    assert not [phrase for page in shown for phrase in (*quality.forbidden, *quality.evasions) if phrase in page]
    assert not re.search("你(?!们?好)", "".join(shown))


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 has it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_colours_can_be_read() -> None:
    """R-FB-02: by day and by night, text by 4.5 to 1, edges of fields by 3 to 1 (WCAG 2.2, AA)."""
    schemes = re.findall(r":root \{([^}]*)\}", str(VIEW._style))
    assert len(schemes) == 2
    for scheme in schemes:
        colour = dict(re.findall(r"--([\w-]+): (#\w{6})", scheme))
        text = [("ink", "card"), ("ink", "paper"), ("soft", "card"), ("mark", "paper"), ("on-mark", "mark"), ("ink", "tint"), ("alarm", "alarm-tint")]  # fmt: skip
        assert all(_contrast(colour[one], colour[other]) >= 4.5 for one, other in text)
        assert _contrast(colour["line"], colour["card"]) >= 3

"""R-FB-05: a report as a page and as a sheet: escaped, complete in both languages, no formulas, nothing personal."""

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.report import charts
from services.feedback.domain.report.model import (
    Agent,
    Answers,
    Case,
    Deadlines,
    Point,
    Problem,
    Report,
    Telephone,
    Totals,
    Work,
    late_entries,
)
from services.feedback.domain.report.page import page
from services.feedback.domain.report.period import ReportKind, containing, trend
from services.feedback.domain.report.phrases import frequent_phrases
from services.feedback.domain.report.sheet import MARK, safe, sheet
from services.feedback.domain.report.tables import tables
from services.feedback.domain.report.words import _WORDS, Language, Words
from shared.policy import load_policy
from tests.unit.feedback.builders import local

POLICY = load_policy()
ZONE = ZoneInfo(POLICY.timezone)
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def report(kind: ReportKind = "weekly", **changes: Any) -> Report:
    period = containing(kind, date(2026, 11, 25), ZONE)
    totals = Totals(12, 10, 8, 1, 18, 2, 6, 5, 4, 5, 43)
    given: dict[str, Any] = {
        "period": period,
        "made_at": local("2026-12-01 08:00"),
        "totals": totals,
        "previous": Totals(),
        "trend": [Point(one.first, totals) for one in trend(period, 8)],
        "work": [Work("market", "after_sales", 10, 8, 0, 1, 2)],
        "deadlines": [
            Deadlines("market", "after_sales", "resolution", 9, 1),
            Deadlines("service", None, "agent_away", 9, 1),
        ],
        "answers": [Answers("market", "after_sales", 6, 1, 0, 5, 1, 5, 43, 2, 2, 1, 0, 0, 1)],
        "channels": [("phone", 12)],
        "problems": [Problem("after_sales", "product", 10)],
        "phrases": [("空调不制冷", 4)],
        "telephone": [Telephone("service-1", 12, 1, 2, 0, 0, 0), Telephone(None, 1, 1, 0, 0, 0, 0)],
        "agents": [Agent("market-1", "market", 20, 1, 2, 1, 8.0, 9.0, 10.0)],
        "policy_version": "test",
    }
    return Report(**given | changes)


def monthly() -> Report:
    case = Case("XR20261123001", "complaint", "product", "market", "urgent", 9, "very_satisfied")
    late = Case("XR20261123002", "after_sales", None, "market", "normal", None, None, 2, "resolution", 93_600, True)
    return report("monthly", complaints=[case], high_scores=[replace(case, score=10)], breaches=[late])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("made", [report, monthly])
def test_a_page_stands_for_itself(language: Language, made: Callable[[], Report]) -> None:
    """R-FB-05: well-formed, no script and no outside file, every table and chart in it, fit for print."""
    text = page(made(), Words(language, POLICY))
    assert text.startswith("<!DOCTYPE html>")
    body = re.search(r"<body>(.*)</body>", text, re.DOTALL)
    assert body is not None
    root = ET.fromstring(f"<body>{body[1]}</body>")
    assert len(root.findall(".//{http://www.w3.org/2000/svg}svg")) == 4
    assert len(root.findall(".//table")) == len(tables(made(), Words(language, POLICY)))
    assert "@media print" in text
    assert not re.search(r"<script|<link|<img|src=|@import|url\(|None|nan", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_report_is_in_its_language(language: Language) -> None:
    """R-FB-05: no key is left untranslated, and an English page holds no Chinese but what customers wrote."""
    text = page(replace(monthly(), phrases=[]), Words(language, POLICY))
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", re.sub(r"<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL))
    if language == "en":
        assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
    assert all(zh and en for zh, en in _WORDS.values())


def test_an_empty_period_has_a_report_that_says_so() -> None:
    """R-FB-05: a week in which nothing happened is told, too."""
    empty = Report(
        period=containing("weekly", date(2026, 11, 25), ZONE),
        made_at=local("2026-11-30 08:00"),
        totals=Totals(),
        previous=Totals(),
        trend=[Point(date(2026, 11, 23), Totals())],
    )
    text = page(empty, Words("zh", POLICY))
    assert text.count("本周期没有数据。") == 9
    assert "–" in text
    assert sheet(empty, Words("en", POLICY)).startswith(MARK)


def test_values_are_escaped() -> None:
    """R-FB-05: what comes from outside (a channel's name, a phrase) is never markup."""
    nasty = report(channels=[("<script>alert(1)</script>", 1)], phrases=[('"><img src=x>', 3)], policy_version="<b>")
    text = page(nasty, Words("zh", POLICY))
    assert "<script>" not in text
    assert "<img" not in text
    assert "&lt;b&gt;" in text


@pytest.mark.parametrize(
    "nasty", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", " =1", "|x"]
)
def test_no_cell_of_a_sheet_is_a_formula(nasty: str) -> None:
    """R-FB-05: as OWASP describes CSV injection, full-width forms included."""
    text = sheet(report(channels=[(nasty, 1)], phrases=[(nasty, 3)]), Words("zh", POLICY))
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix(MARK), newline="")) for cell in row]
    assert cells.count(f"'{nasty}") == 2
    assert nasty not in cells


@given(st.text(max_size=20))
def test_a_safe_cell_keeps_its_text(text: str) -> None:
    """R-FB-05."""
    assert safe(text).removeprefix("'") == text.removeprefix("'")
    assert not safe(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_sheet_is_read_as_written() -> None:
    """R-FB-05: UTF-8 with its mark, every row begins with its table, shares as percentages, durations in seconds."""
    text = sheet(monthly(), Words("en", POLICY))
    rows = list(csv.reader(io.StringIO(text.removeprefix(MARK))))
    assert text.startswith(MARK)
    assert rows[0] == ["Monthly feedback report", "2026-11-01", "2026-11-30", "test"]
    assert ["Deadlines", "Marketing", "Resolution", "9", "1", "90.0"] in rows
    worst = next(row for row in rows if row[:2] == ["Worst missed deadlines", "XR20261123002"])
    assert worst[6:] == ["Resolution", "93600", "yes", "2"]


def test_what_is_worth_telling_of_totals() -> None:
    """R-FB-05: shares of nothing are nothing, not zero."""
    assert (Totals().attainment, Totals().satisfaction, Totals().score) == (None, None, None)
    assert Totals(met=3, breached=1, rated=2, content=1, scored=2, score_sum=17).score == 8.5
    assert {field.name for field in fields(Totals)} == set(Totals().to_json())


def test_late_entries_are_the_difference_to_what_was_published() -> None:
    """R-FB-05: a deadline that turned out missed may also have been counted as none."""
    period = containing("weekly", date(2026, 11, 16), ZONE)
    late = late_entries(period, Totals(contacts=5, met=3).to_json(), Totals(contacts=6, met=2, breached=1))
    assert late is not None
    assert late.counts == {"contacts": 1, "met": -1, "breached": 1}
    assert late_entries(period, Totals(contacts=5).to_json(), Totals(contacts=5)) is None
    assert late_entries(period, None, Totals()) is None


@given(st.lists(st.tuples(st.text(max_size=6), st.integers(0, 10**6)), max_size=12))
def test_charts_are_well_formed_whatever_they_show(rows: list[tuple[str, int]]) -> None:
    """R-FB-05."""
    labels = ["".join(one for one in label if one.isprintable()) for label, _ in rows]
    values = [value for _, value in rows]
    shares = [(label, value / 10**6, "") for label, value in zip(labels, values, strict=True)]
    for chart in (
        charts.bars("<a>", labels, [("x", values), ("y", values)]),
        charts.lines("<a>", labels, [("x", [None if n % 3 == 0 else 0.5 for n in values])]),
        charts.shares("<a>", shares),
    ):
        assert ET.fromstring(chart).attrib["aria-label"] == "<a>"


def test_a_share_is_whole_only_where_it_is() -> None:
    """R-FB-05: one missed deadline of ten thousand is no 100 %."""
    assert [charts.percent(value) for value in (1.0, 0.9999, 0.5, 0.0, 0.333)] == [
        "100%",
        "99.9%",
        "50%",
        "0%",
        "33.3%",
    ]


def test_frequent_phrases_are_of_many_customers() -> None:
    """R-FB-05: what fewer than the policy's number of customers wrote is not told, however often one wrote it."""
    many = [(f"k{n}", f"买的空调不制冷，第{n}天了") for n in range(4)]
    one = [("k9", "我在幸福里小区三单元")] * 9
    few = [("k7", "发票抬头错误"), ("k8", "发票抬头错误")]
    found = frequent_phrases([*many, *one, *few], 3, 10)
    assert found == [("空调不制冷", 4)] or found[0][1] == 4
    assert not any("幸福" in phrase or "发票" in phrase for phrase, _ in found)
    assert frequent_phrases([*many, *few], 2, 1) == found[:1]

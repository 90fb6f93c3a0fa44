"""The tables of a report, the same for the page and the sheet (R-FB-05)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from services.feedback.domain.report.model import LEVELS, LIMITS, Answers, Case, Deadlines, Report, share
from services.feedback.domain.report.words import Words

Cell = str | int | float | None
Form = Literal["text", "count", "percent", "decimal", "duration"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading and how its cells are written."""

    name: str
    form: Form = "count"


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `percent` cells are shares of 1, `duration` cells seconds, None is nothing to tell."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables(report: Report, words: Words) -> list[Table]:
    """Return the tables that have something to tell; those that every reader looks for always."""
    made = [
        _work(report, words),
        _deadlines(report, words),
        _deadlines_by_category(report, words),
        _answers(report, words),
        _problems(report, words),
        _phrases(report, words),
        _channels(report, words),
        _telephone(report, words),
        _agents(report, words),
    ]
    if report.period.kind == "monthly":
        made += [
            _cases("complaints", report.complaints, words),
            _cases("high_scores", report.high_scores, words),
            _breaches(report.breaches, words),
        ]
    return [*made, _trend(report, words)]


def _text(words: Words, *keys: str) -> tuple[Column, ...]:
    return tuple(Column(words(key), "text") for key in keys)


def _counts(words: Words, *keys: str) -> tuple[Column, ...]:
    return tuple(Column(words(key)) for key in keys)


def _percent(words: Words, key: str) -> Column:
    return Column(words(key), "percent")


def _work(report: Report, words: Words) -> Table:
    attained = _sums(report.deadlines)
    said = {(one.department, one.category): one for one in report.answers}
    rows: list[tuple[Cell, ...]] = []
    for one in report.work:
        key = (one.department, one.category)
        met, breached = attained.get(key, (0, 0))
        answer = said.get(key)
        rows.append(
            (
                words.department(one.department),
                words.category(one.category),
                one.opened,
                one.closed,
                one.cancelled,
                one.reopened,
                one.open,
                share(met, met + breached),
                share(answer.content, answer.rated) if answer else None,
                share(answer.score_sum, answer.scored) if answer else None,
            )
        )
    if rows:
        totals = report.totals
        sums = [
            sum(getattr(one, name) for one in report.work)
            for name in ("opened", "closed", "cancelled", "reopened", "open")
        ]
        rows.append((words("total"), "", *sums, totals.attainment, totals.satisfaction, totals.score))
    columns = (
        *_text(words, "department", "category"),
        *_counts(words, "opened", "closed", "cancelled", "reopened", "open"),
        _percent(words, "attainment"),
        _percent(words, "satisfaction"),
        Column(words("score"), "decimal"),
    )
    return Table("work", words("work"), columns, tuple(rows))


def _sums(deadlines: Sequence[Deadlines]) -> dict[tuple[str, str | None], tuple[int, int]]:
    found: dict[tuple[str, str | None], tuple[int, int]] = {}
    for one in deadlines:
        met, breached = found.get((one.department, one.category), (0, 0))
        found[one.department, one.category] = (met + one.met, breached + one.breached)
    return found


def _deadlines(report: Report, words: Words) -> Table:
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in report.deadlines:
        found[one.department, one.metric][0] += one.met
        found[one.department, one.metric][1] += one.breached
    rows = tuple(
        (words.department(department), words(metric), met, breached, share(met, met + breached))
        for (department, metric), (met, breached) in sorted(found.items())
    )
    columns = (*_text(words, "department", "metric"), *_counts(words, "met", "breached"), _percent(words, "attainment"))
    return Table("deadlines", words("deadlines"), columns, rows)


def _deadlines_by_category(report: Report, words: Words) -> Table:
    rows = tuple(
        (
            words.department(one.department),
            words.category(one.category),
            words(one.metric),
            one.met,
            one.breached,
            share(one.met, one.met + one.breached),
        )
        for one in report.deadlines
        if one.category is not None
    )
    columns = (
        *_text(words, "department", "category", "metric"),
        *_counts(words, "met", "breached"),
        _percent(words, "attainment"),
    )
    return Table("deadlines_category", words("deadlines_category"), columns, rows)


def _answers(report: Report, words: Words) -> Table:
    names = ("reached", "no_answer", "refused", "solved", "unsolved", *LEVELS)
    rows = tuple(
        (
            words.department(one.department),
            words.category(one.category),
            *(getattr(one, name) for name in names),
            share(one.content, one.rated),
            share(one.score_sum, one.scored),
        )
        for one in report.answers
    )
    columns = (
        *_text(words, "department", "category"),
        *_counts(words, *names),
        _percent(words, "satisfaction"),
        Column(words("score"), "decimal"),
    )
    return Table("answers_title", words("answers_title"), columns, rows)


def levels_by_department(answers: Sequence[Answers]) -> dict[str, list[int]]:
    """Return how often each of the five levels was chosen, by department."""
    found: dict[str, list[int]] = {}
    for one in answers:
        held = found.setdefault(one.department, [0] * 5)
        for place, level in enumerate(LEVELS[:5]):
            held[place] += getattr(one, level)
    return {department: counts for department, counts in found.items() if any(counts)}


def _problems(report: Report, words: Words) -> Table:
    rows = tuple(
        (
            words.category(one.category),
            words.topic(one.category, one.topic),
            one.count,
            share(one.count, report.totals.opened),
        )
        for one in report.problems
    )
    columns = (*_text(words, "category", "topic"), Column(words("opened")), _percent(words, "share"))
    return Table("problems", words("problems"), columns, rows)


def _phrases(report: Report, words: Words) -> Table:
    columns = (*_text(words, "phrase"), Column(words("customers")))
    return Table("phrases", words("phrases", least=words.least_customers()), columns, tuple(report.phrases))


def _channels(report: Report, words: Words) -> Table:
    rows = tuple((words(name), count, share(count, report.totals.contacts)) for name, count in report.channels)
    columns = (*_text(words, "channel"), Column(words("contacts")), _percent(words, "share"))
    return Table("channels", words("channels"), columns, rows)


def _telephone(report: Report, words: Words) -> Table:
    rows = tuple(
        (
            one.agent_id or words("of_nobody"),
            one.calls,
            one.missed,
            share(one.calls - one.missed, one.calls),
            *(getattr(one, name) for name in LIMITS),
        )
        for one in report.telephone
    )
    columns = (
        *_text(words, "agent"),
        *_counts(words, "calls", "missed_calls"),
        _percent(words, "answer_rate"),
        *_counts(words, *LIMITS),
    )
    return Table("telephone", words("telephone"), columns, rows)


def _agents(report: Report, words: Words) -> Table:
    rows = tuple(
        (
            one.agent_id,
            words.department(one.department),
            one.texts,
            one.forbidden,
            one.evasions,
            one.reviews,
            one.expression,
            one.problem_solving,
            one.attitude,
        )
        for one in report.agents
    )
    columns = (
        *_text(words, "agent", "department"),
        *_counts(words, "texts", "forbidden", "evasions", "reviews"),
        *(Column(words(name), "decimal") for name in ("expression", "problem_solving", "attitude")),
    )
    return Table("agents", words("agents"), columns, rows)


def _case(case: Case, words: Words) -> Iterator[Cell]:
    yield case.number
    yield words.category(case.category)
    yield words.topic(case.category, case.topic)
    yield words.department(case.department)
    yield words.grade(case.grade)


_CASE = ("number", "category", "topic", "department", "grade")


def _cases(key: str, cases: Sequence[Case], words: Words) -> Table:
    rows = tuple(
        (*_case(case, words), case.score, words(case.satisfaction) if case.satisfaction else None) for case in cases
    )
    columns = (*_text(words, *_CASE), Column(words("one_score")), *_text(words, "level"))
    return Table(key, words(key), columns, rows)


def _breaches(cases: Sequence[Case], words: Words) -> Table:
    rows = tuple(
        (
            *_case(case, words),
            words(case.metric or ""),
            case.overdue_seconds,
            words("yes") if case.pending else "",
            case.reopenings,
        )
        for case in cases
    )
    columns = (
        *_text(words, *_CASE, "metric"),
        Column(words("overdue"), "duration"),
        *_text(words, "pending"),
        Column(words("reopenings")),
    )
    return Table("breaches", words("breaches"), columns, rows)


def _trend(report: Report, words: Words) -> Table:
    rows = tuple(
        (
            point.first.isoformat(),
            point.totals.contacts,
            point.totals.opened,
            point.totals.closed,
            point.totals.reopened,
            point.totals.attainment,
            point.totals.satisfaction,
            point.totals.score,
        )
        for point in report.trend
    )
    columns = (
        *_text(words, "first_day"),
        *_counts(words, "contacts", "opened", "closed", "reopened"),
        _percent(words, "attainment"),
        _percent(words, "satisfaction"),
        Column(words("score"), "decimal"),
    )
    return Table("trend", words("trend"), columns, rows)

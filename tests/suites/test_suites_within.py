"""The contract suites of calendars, knowledge builders and actions find what breaks a promise: each is held against some that do."""

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import httpx
import pytest

from services.feedback.ports import ClosedCase, Draft
from services.sla.ports import Done, Escalation, Later, Result
from shared.plugins import Config, Plugin, Setup
from shared.policy.ports import DaySpan, Holiday, HolidayYear, Text
from shared.testing.contracts import CalendarContract, HttpEscalationActionContract, KnowledgeBuilderContract

_turns = count()
DAY = date(2026, 10, 1)


def closed(day: date) -> HolidayYear:
    holiday = Holiday(name=Text(zh="休息日", en="closed"), days=DaySpan(day, day))
    return HolidayYear(official=True, holidays=(holiday,), make_up_days=(), special_days={})


class Rota:
    def __init__(self, answer: Callable[[int], Any]) -> None:
        self._answer = answer

    def year(self, year: int) -> Any:
        return self._answer(year)


def calendar(answer: Callable[[int], Any]) -> CalendarContract:
    class Fits(CalendarContract):
        plugin = Plugin(kind="calendar", name="rota", api=1, summary="A rota", build=lambda _: Rota(answer))
        closed = (DAY,)

    return Fits()


CALENDAR = (
    CalendarContract.test_knows_its_own_days,
    CalendarContract.test_any_year_has_an_answer_of_its_own_days,
    CalendarContract.test_the_same_question_has_the_same_answer,
)


def test_a_calendar_that_keeps_its_promises_passes() -> None:
    for promise in CALENDAR:
        promise(calendar(lambda year: closed(DAY) if year == DAY.year else None))


@pytest.mark.parametrize(
    ("answer", "promise", "said"),
    [
        (lambda _year: None, CALENDAR[0], "it knows nothing of 2026"),
        (lambda year: closed(date(year, 5, 1)), CALENDAR[0], "2026-10-01 is no holiday"),
        (lambda _year: closed(DAY), CALENDAR[1], "2000"),
        (lambda _year: {"closed": []}, CALENDAR[1], "2000 is answered by"),
        (lambda year: closed(date(year, 10, 1 + next(_turns) % 28)), CALENDAR[2], "two answers for"),
    ],
)
def test_a_calendar_that_breaks_a_promise_fails(
    answer: Callable[[int], Any], promise: Callable[[Any], None], said: str
) -> None:
    with pytest.raises((AssertionError, ValueError), match=said):
        promise(calendar(answer))


class Writes:
    def __init__(self, draft: Callable[[ClosedCase], Any]) -> None:
        self._draft = draft

    def draft(self, case: ClosedCase) -> Any:
        return self._draft(case)


def writes(draft: Callable[[ClosedCase], Any]) -> KnowledgeBuilderContract:
    class Fits(KnowledgeBuilderContract):
        plugin = Plugin(kind="knowledge_builder", name="writes", api=1, summary="Writes", build=lambda _: Writes(draft))
        samples = (("空调不制冷", "清洗滤网后恢复制冷", True),)

    return Fits()


def any_case(suite: KnowledgeBuilderContract) -> None:
    """Try one case, without hypothesis, which would look long for the smallest example."""
    promise: Any = KnowledgeBuilderContract.test_a_draft_can_be_kept_or_there_is_none
    promise.hypothesis.inner_test(suite, suite.case("空调不制冷", "清洗滤网"))


def test_a_builder_that_keeps_its_promises_passes() -> None:
    suite = writes(lambda case: Draft(case.problem, case.solution, ()))
    suite.test_decides_its_own_samples()
    any_case(suite)


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (lambda _case: "a text", "draft\\(\\) returned 'a text'"),
        (lambda case: Draft(" ", case.solution, ()), "a draft without a problem"),
        (lambda case: Draft(case.problem, "", ()), "a draft without a solution"),
        (lambda case: Draft(case.problem, case.solution, (), category="weather"), "'weather' is no category"),
        (lambda case: Draft(case.problem, str(next(_turns)), ()), "the same case gave two drafts"),
    ],
)
def test_a_builder_that_breaks_a_promise_fails(draft: Callable[[ClosedCase], Any], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        any_case(writes(draft))


def test_a_builder_that_decides_otherwise_fails() -> None:
    with pytest.raises(AssertionError, match="None"):
        writes(lambda _case: None).test_decides_its_own_samples()


class There(Config):
    url: str = "http://127.0.0.1:9/"
    """Where the other side is."""


class Tells:
    """Tells the other side which escalation it is, and believes what it hears."""

    def __init__(self, setup: Setup) -> None:
        self.url: str = setup.config.url

    async def act(self, escalation: Escalation) -> Result:
        async with httpx.AsyncClient(trust_env=False, timeout=1.0) as client:
            try:
                answer = await client.post(self.url, json={"id": self.id_of(escalation)})
            except httpx.HTTPError:
                return self.unheard()
        return self.heard(answer.status_code)

    def id_of(self, escalation: Escalation) -> str:
        return escalation.id

    def unheard(self) -> Result:
        return Later("nobody answers")

    def heard(self, status: int) -> Result:
        return Done() if status < 300 else Later(f"answered with {status}")

    async def close(self) -> None:
        """Nothing is open."""


class Believes(Tells):
    def unheard(self) -> Result:
        return Done()


class Insists(Tells):
    """Tries again what was refused for good."""


class Forgets(Tells):
    def id_of(self, escalation: Escalation) -> str:
        return f"again-{next(_turns)}" if escalation.attempt > 1 else escalation.metric


def tells(build: Callable[[Setup], Any]) -> HttpEscalationActionContract:
    class Fits(HttpEscalationActionContract):
        plugin = Plugin(kind="escalation_action", name="tells", api=1, summary="Tells", build=build, config=There)

        def config_at(self, url: str) -> dict[str, Any]:
            return {"url": url}

    return Fits()


def test_an_action_that_keeps_its_promises_passes() -> None:
    suite = tells(Tells)
    suite.test_is_done_where_it_is_taken()
    suite.test_nobody_there_is_never_done()
    suite.test_every_attempt_says_which_escalation_it_is()


@pytest.mark.parametrize(
    ("build", "promise", "said"),
    [
        (Believes, HttpEscalationActionContract.test_nobody_there_is_never_done, "is away: Done"),
        (Insists, HttpEscalationActionContract.test_says_what_will_never_be_and_what_may_be_later, "refuses: Later"),
        (Forgets, HttpEscalationActionContract.test_every_attempt_says_which_escalation_it_is, "is not in the request"),
    ],
)
def test_an_action_that_breaks_a_promise_fails(
    build: Callable[[Setup], Any], promise: Callable[[Any], None], said: str
) -> None:
    """R-SLA-10: an escalation that nobody heard of, or that nobody can know again."""
    with pytest.raises(AssertionError, match=said):
        promise(tells(build))

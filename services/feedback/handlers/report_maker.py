"""Makes a report: reads its figures and writes it down in each language (R-FB-05)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback import store
from services.feedback.domain.customer import Customer
from services.feedback.domain.redact import redact
from services.feedback.domain.report.model import Agent, Late, Point, Report, late_entries
from services.feedback.domain.report.page import page
from services.feedback.domain.report.period import Period, trend
from services.feedback.domain.report.phrases import frequent_phrases
from services.feedback.domain.report.sheet import sheet
from services.feedback.domain.report.words import Language, Words
from shared.policy import Policy

MOST_TEXTS = 3_000
"""Texts of contacts that are read for the most frequent words, the latest of the period."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a report."""

    name: str
    media_type: str
    text: str


class ReportMaker:
    """Knows what a report of this policy holds."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.zone = ZoneInfo(policy.timezone)

    async def report(self, connection: AsyncConnection, period: Period, now: datetime) -> Report:
        """Return the figures of `period` as the facts have them; a constant number of statements."""
        wanted = self._policy.feedback.reports
        periods = trend(period, max(wanted.trend, 2))
        totals = await store.totals_of(connection, periods)
        complaints = [key for key, category in self._policy.categories.items() if category.complaint]
        monthly = period.kind == "monthly"
        quality = await store.results(connection, period.start_at, period.end_at, self._policy.timezone, "all")
        good = self._policy.feedback.good_score
        return Report(
            period=period,
            made_at=now,
            totals=totals[-1],
            previous=totals[-2],
            trend=[Point(one.first, sums) for one, sums in zip(periods, totals, strict=True)][-wanted.trend :],
            work=await store.work(connection, period),
            deadlines=await store.deadlines(connection, period),
            answers=await store.answered(connection, period),
            channels=await store.channels(connection, period),
            problems=await store.problems(connection, period, wanted.problems),
            phrases=await self._phrases(connection, period),
            telephone=await store.telephone(connection, period),
            agents=[
                Agent(
                    one.agent_id,
                    one.department,
                    one.texts,
                    one.forbidden,
                    one.evasions,
                    one.reviews,
                    one.expression,
                    one.problem_solving,
                    one.attitude,
                )
                for one in quality
            ],
            complaints=await store.good_cases(connection, period, complaints, good, wanted.cases, complaints=True)
            if monthly
            else (),
            high_scores=await store.good_cases(
                connection, period, complaints, wanted.high_score, wanted.cases, complaints=False
            )
            if monthly
            else (),
            breaches=await store.worst_breaches(connection, period, now, wanted.cases) if monthly else (),
            late=await self._late(connection, periods[-2], now),
            policy_version=self._policy.policy_version,
            highest_score=self._policy.feedback.quality.highest_score,
        )

    async def files(self, report: Report, languages: Sequence[Language]) -> list[File]:
        """Return a page and a sheet in each of the languages, the page of the first language first."""
        return await asyncio.to_thread(self._written, report, languages)

    def _written(self, report: Report, languages: Sequence[Language]) -> list[File]:
        files = []
        for language in languages:
            words = Words(language, self._policy)
            name = f"{report.period.name}.{language}"
            files += [
                File(f"{name}.html", "text/html; charset=utf-8", page(report, words)),
                File(f"{name}.csv", "text/csv; charset=utf-8", sheet(report, words)),
            ]
        return files

    async def _phrases(self, connection: AsyncConnection, period: Period) -> list[tuple[str, int]]:
        owners = await store.customers_of(connection, period, MOST_TEXTS)
        customers = await store.load_customers(connection, owners)
        wanted = self._policy.feedback.reports
        return await asyncio.to_thread(_frequent, owners, customers, wanted.least_customers, wanted.problems)

    async def _late(self, connection: AsyncConnection, before: Period, now: datetime) -> Late | None:
        """Return what came too late for the published report of the period `before`."""
        published = await store.published_for(connection, before.kind, before.start_at)
        if published is None or published.made_at >= now:
            return None
        (totals,) = await store.totals_of(connection, [before])
        return late_entries(before, published.totals, totals)


def _frequent(
    owners: Mapping[str, str], customers: Mapping[str, Customer], least: int, limit: int
) -> list[tuple[str, int]]:
    texts = [(owners[key], redact(customer.text, customer)) for key, customer in customers.items()]
    return frequent_phrases(texts, least, limit)

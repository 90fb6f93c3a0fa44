"""Reports: published on schedule, once per period across all replicas, and made for whoever asks (R-FB-05)."""

import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from services.feedback import store
from services.feedback.domain.refusal import forbidden, invalid, not_staff
from services.feedback.domain.report.period import KINDS, Period, ReportKind, containing, missing
from services.feedback.handlers.problems import problem_of
from services.feedback.handlers.report_maker import File, ReportMaker
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem, ReportPublished
from shared.events.commands import ListReports, MakeReport
from shared.ids import derived_id
from shared.policy import Policy
from shared.service import Context, Loop
from shared.times import rfc3339

DIRECTORY: Final = "reports"
LONGEST_DAYS: Final = 400
_BACKLOG_SECONDS: Final = 0.2
REPORT_SECONDS: Final = 300.0
"""How long a report may take before the loop counts as standing still."""

log = structlog.get_logger()


class ReportPress:
    """Publishes the report of every period when it is due, and makes up for those that were missed."""

    def __init__(self, context: Context) -> None:
        self.loop = Loop("reports", self.turn, patience_seconds=REPORT_SECONDS)
        self._context = context
        self._policy = context.policy
        self._maker = ReportMaker(context.policy)
        self._awaited: int | None = None

    async def turn(self) -> datetime | None:
        """Publish one report that is due, or return when the next one is."""
        now = self._context.clock.now()
        moments = []
        for kind in KINDS:
            period, moment = await self._next(kind, now)
            if period is None:
                moments.append(moment)
                continue
            if await self._all_told():
                await self._publish(period)
            else:
                await asyncio.sleep(_BACKLOG_SECONDS)
            return now
        return min(moments)

    async def _next(self, kind: ReportKind, now: datetime) -> tuple[Period | None, datetime]:
        async with self._context.engine.connect() as connection:
            last = await store.last_published(connection, kind)
            begun = None if last else await store.begun_at(connection)
        zone = self._maker.zone
        after = containing(kind, last.period_start.astimezone(zone).date(), zone) if last else None
        return missing(kind, after, begun, now, self._policy.feedback.reports, zone)

    async def _all_told(self) -> bool:
        """Return whether everything that was on the stream when the report fell due has become a fact."""
        position = await self._context.position()
        if self._awaited is None:
            self._awaited = position.published
        if position.waiting and position.applied < self._awaited:
            return False
        self._awaited = None
        return True

    async def _publish(self, period: Period) -> None:
        """Make and publish one report in one transaction; another replica finds it made."""
        reports = self._policy.feedback.reports
        async with self._context.outbox.transaction() as tx:
            key = derived_id("report", period.kind, period.first.isoformat())
            start, end = period.start_at.astimezone(UTC), period.end_at.astimezone(UTC)
            claim = store.Published(key, period.kind, start, end, tx.now, "", {})
            if not await store.claim_report(tx.connection, claim):
                return
            report = await self._maker.report(tx.connection, period, tx.now)
            files = await self._maker.files(report, reports.languages)
            uri = await asyncio.to_thread(write, self._context.settings.data / DIRECTORY, files)
            await store.complete_report(tx.connection, key, uri, report.totals.to_json())
            event = ReportPublished(report=period.kind, period_start=start, period_end=end, uri=uri)
            tx.emit(event, subject=key)
        log.info("report published", report=period.kind, first=str(period.first), last=str(period.last))


class ReportDesk:
    """Answers the commands about reports."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._maker = ReportMaker(policy)

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {MakeReport: self.make, ListReports: self.list}

    async def make(self, tx: Transaction, command: MakeReport) -> Mapping[str, Any] | Problem:
        """Return {report, period_start, period_end, unfinished, files: [{name, media_type, text}]}; nothing is published."""
        if (problem := self._problem(command.by)) is not None:
            return problem
        period = self._period(command, tx.now)
        if not 0 < (period.end - period.first).days <= LONGEST_DAYS:
            return problem_of(invalid("until", f"A report is of 1 to {LONGEST_DAYS} days, the first day first."))
        report = await self._maker.report(tx.connection, period, tx.now)
        files = await self._maker.files(report, [command.language])
        return {
            "report": period.kind,
            "period_start": rfc3339(period.start_at),
            "period_end": rfc3339(period.end_at),
            "unfinished": report.unfinished,
            "files": [asdict(file) for file in files],
        }

    async def list(self, tx: Transaction, command: ListReports) -> Mapping[str, Any] | Problem:
        """Return {reports: [{report, period_start, period_end, made_at, uri}]}, the latest period first."""
        if (problem := self._problem(command.by)) is not None:
            return problem
        found = await store.list_published(tx.connection, command.report, command.limit)
        return {
            "reports": [
                {
                    "report": one.report,
                    "period_start": rfc3339(one.period_start),
                    "period_end": rfc3339(one.period_end),
                    "made_at": rfc3339(one.made_at),
                    "uri": one.uri,
                }
                for one in found
            ]
        }

    def _problem(self, by: str) -> Problem | None:
        """Return why `by` may not read reports: they tell of every agent's quality."""
        staff = self._policy.staff(by)
        if staff is None:
            return problem_of(not_staff(by))
        if staff.role == "agent":
            return problem_of(forbidden("Reports are for supervisors, heads and the manager."))
        return None

    def _period(self, command: MakeReport, now: datetime) -> Period:
        """Return the period asked for: by default the last whole one, with `since` alone that which the day lies in."""
        zone = self._maker.zone
        if command.since is None:
            day = command.until or now.astimezone(zone).date()
            current = containing(command.report, day, zone)
            return current if command.until else current.before()
        if command.until is None:
            return containing(command.report, command.since, zone)
        return Period(command.report, command.since, command.until + timedelta(days=1), zone)


def write(directory: Path, files: Sequence[File]) -> str:
    """Write `files` into `directory`, each in one step, and return the address of the first.

    What is there under the same name is replaced: a report that was made and not published is made again. Only the
    house's own account can read them, since they tell of every agent's quality.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for file in files:
        handle, draft = tempfile.mkstemp(dir=directory, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
                out.write(file.text)
            Path(draft).replace(directory / file.name)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    return (directory / files[0].name).resolve().as_uri()

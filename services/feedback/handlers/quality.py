"""Quality: agents' texts are looked through as they come, and the desk answers for checks, reviews and results (R-FB-06)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from services.feedback import store
from services.feedback.domain.quality.inspect import Finding, Inspector
from services.feedback.domain.quality.review import Review, Scores, may_see, score
from services.feedback.domain.quality.sampling import Spoken, sampled, spoken
from services.feedback.domain.redact import redact
from services.feedback.domain.refusal import Refusal, invalid, not_staff
from services.feedback.handlers.problems import problem_of, unknown
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Incoming, Transaction
from shared.events import Command, Problem, QualityFinding, QualityFound, QualityReviewed
from shared.events.commands import CheckText, ListReviews, QualityResults, ScoreReview
from shared.ids import derived_id
from shared.policy import Policy
from shared.times import rfc3339

PERIODS: Final = 12
"""Periods that results tell of where nobody says since when."""
_LONGEST_DAYS: Final = 750


class QualityEar:
    """Looks through every text that an agent wrote for a customer."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._inspector = Inspector(policy.feedback.quality)

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Count the texts of `batch`, keep what is found in them, and keep the sampled ones for their review."""
        said = [(item, one) for item in batch if (one := spoken(item.data)) is not None]
        if not said:
            return
        days: dict[tuple[str, str, object], store.Day] = {}
        rows: list[dict[str, Any]] = []
        reviews: dict[str, Review] = {}
        texts: list[dict[str, Any]] = []
        for item, one in said:
            found = self._inspector.findings(one.text, note=one.note)
            self._count(days, one, found)
            rows += self._rows(item, one, found)
            if found:
                tx.emit(self._told(one, found), subject=one.work_order_id, cause=item.message)
            if sampled(one.work_order_id, one.agent_id, self._policy.feedback.quality.sample_percent):
                review = self._review(reviews, one)
                texts.append(
                    {
                        "id": item.message.key,
                        "review_id": review.id,
                        "source": one.source,
                        "text": one.text,
                        "at": one.at,
                    }
                )
        await store.add_days(tx.connection, list(days.values()))
        await store.insert_findings(tx.connection, rows)
        await store.insert_sampled(tx.connection, list(reviews.values()), texts)

    def _count(self, days: dict[tuple[str, str, object], store.Day], one: Spoken, found: Sequence[Finding]) -> None:
        department, day = self._home(one), self._policy.calendar().local(one.at).date()
        key = (one.agent_id, department, day)
        held = days.get(key) or store.Day(one.agent_id, department, day)
        forbidden = sum(finding.kind == "forbidden" for finding in found)
        days[key] = replace(
            held,
            texts=held.texts + 1,
            forbidden=held.forbidden + forbidden,
            evasions=held.evasions + len(found) - forbidden,
        )

    def _rows(self, item: Incoming, one: Spoken, found: Sequence[Finding]) -> list[dict[str, Any]]:
        return [
            {
                "id": derived_id("quality", item.message.key, str(finding.start)),
                "work_order_id": one.work_order_id,
                "agent_id": one.agent_id,
                "department": self._home(one),
                "source": one.source,
                "kind": finding.kind,
                "phrase": finding.phrase,
                "matched": finding.matched,
                "at": one.at,
            }
            for finding in found
        ]

    def _told(self, one: Spoken, found: Sequence[Finding]) -> QualityFound:
        return QualityFound(
            work_order_id=one.work_order_id,
            number=one.number,
            agent_id=one.agent_id,
            department=self._home(one),
            source=one.source,
            findings=tuple(QualityFinding(kind=finding.kind, phrase=finding.phrase) for finding in found),
            at=one.at,
        )

    def _review(self, reviews: dict[str, Review], one: Spoken) -> Review:
        key = derived_id("review", one.work_order_id, one.agent_id)
        held = reviews.get(key) or Review(
            key, one.work_order_id, one.number, one.agent_id, self._home(one), began_at=one.at, last_at=one.at
        )
        reviews[key] = replace(held, last_at=max(held.last_at, one.at))
        return reviews[key]

    def _home(self, one: Spoken) -> str:
        """Return the agent's department; the work order's where the policy no longer knows the agent."""
        staff = self._policy.staff(one.agent_id)
        return staff.department if staff is not None and staff.department else one.department


class QualityDesk:
    """Answers the commands about quality. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._inspector = Inspector(policy.feedback.quality)

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {
            CheckText: self.check,
            ListReviews: self.list,
            ScoreReview: self.score,
            QualityResults: self.results,
        }

    async def check(self, _tx: Transaction, command: CheckText) -> Mapping[str, Any] | Problem:
        """Return {ok, findings: [{kind, phrase, matched, start, end, instead}]}; places count the text's characters."""
        if self._policy.staff(command.by) is None:
            return problem_of(not_staff(command.by))
        found = self._inspector.findings(command.text)
        return {"ok": not found, "findings": [asdict(one) | {"instead": self._instead(one)} for one in found]}

    async def list(self, tx: Transaction, command: ListReviews) -> Mapping[str, Any] | Problem:
        """Return {reviews: […], highest_score}: sampled conversations with their texts, without personal data."""
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        department = command.department
        if department is None and may_see(staff, None, None, self._policy, reviewer=True) is not None:
            department = staff.department
        if (refusal := may_see(staff, None, department, self._policy, reviewer=True)) is not None:
            return problem_of(refusal)
        reviews = await store.list_reviews(
            tx.connection,
            state=command.state,
            agent_id=command.agent_id,
            department=department,
            but=staff.id,
            limit=command.limit,
        )
        texts = await store.texts_of(tx.connection, [review.id for review in reviews])
        contacts = await store.contacts_of(tx.connection, [review.work_order_id for review in reviews])
        customers = await store.load_customers(tx.connection, contacts.values())
        items = []
        for review in reviews:
            customer = customers.get(contacts.get(review.work_order_id, ""))
            said = [
                {"source": one["source"], "text": redact(one["text"], customer), "at": rfc3339(one["at"])}
                for one in texts.get(review.id, ())
            ]
            items.append(_shown(review) | {"texts": said})
        return {"reviews": items, "highest_score": self._policy.feedback.quality.highest_score}

    async def score(self, tx: Transaction, command: ScoreReview) -> Mapping[str, Any] | Problem:
        """Score a conversation; returns it as `list` does, without its texts."""
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        review = await store.lock_review(tx.connection, command.review_id)
        if review is None:
            return unknown("review", "review_id", command.review_id)
        given = Scores(command.expression, command.problem_solving, command.attitude, command.comment or "")
        decided = score(review, given, staff, tx.now, self._policy)
        if isinstance(decided, Refusal):
            return problem_of(decided)
        await store.save_review_scores(tx.connection, decided)
        event = QualityReviewed(
            review_id=decided.id,
            work_order_id=decided.work_order_id,
            number=decided.number,
            agent_id=decided.agent_id,
            department=decided.department,
            expression=given.expression,
            problem_solving=given.problem_solving,
            attitude=given.attitude,
            by=staff.id,
            at=tx.now,
        )
        tx.emit(event, subject=decided.id)
        return _shown(decided)

    async def results(self, tx: Transaction, command: QualityResults) -> Mapping[str, Any] | Problem:
        """Return {results: […], highest_score}: per agent and local week or month, in order of time.

        An agent who names nobody is told their own; a supervisor or head their department's.
        """
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        agent_id, department = command.agent_id, command.department
        if agent_id is None and department is None and may_see(staff, None, None, self._policy) is not None:
            if staff.role == "agent":
                agent_id = staff.id
            else:
                department = staff.department
        asked = self._policy.staff(agent_id) if agent_id else None
        if (refusal := may_see(staff, agent_id, asked.department if asked else department, self._policy)) is not None:
            return problem_of(refusal)
        since, until = self._span(command, tx.now)
        if until <= since or until - since > timedelta(days=_LONGEST_DAYS):
            return problem_of(invalid("since", f"Results are told of up to {_LONGEST_DAYS} days, the first day first."))
        found = await store.results(
            tx.connection, since, until, self._policy.timezone, command.period, agent_id, department
        )
        return {
            "results": [asdict(one) | {"period": one.period.isoformat()} for one in found],
            "highest_score": self._policy.feedback.quality.highest_score,
        }

    def _span(self, command: QualityResults, now: datetime) -> tuple[datetime, datetime]:
        """Return the local midnights between which results are asked for."""
        local = self._policy.calendar().local
        until = local(command.until or now)
        end = until.replace(hour=0, minute=0, second=0, microsecond=0)
        if end < until:
            end = datetime.combine(end.date() + timedelta(days=1), time(), end.tzinfo)
        if command.since is not None:
            return local(command.since).replace(hour=0, minute=0, second=0, microsecond=0), end
        days = 7 * PERIODS if command.period == "week" else 31 * PERIODS
        return datetime.combine(end.date() - timedelta(days=days), time(), end.tzinfo), end

    def _instead(self, finding: Finding) -> dict[str, str] | None:
        wording = self._policy.feedback.quality.wordings.get(finding.phrase)
        return wording.instead.model_dump() if wording is not None and wording.instead is not None else None


def _shown(review: Review) -> dict[str, Any]:
    return {
        "review_id": review.id,
        "work_order_id": review.work_order_id,
        "number": review.number,
        "agent_id": review.agent_id,
        "department": review.department,
        "began_at": rfc3339(review.began_at),
        "last_at": rfc3339(review.last_at),
        "state": review.state,
        "expression": review.expression,
        "problem_solving": review.problem_solving,
        "attitude": review.attitude,
        "comment": review.comment,
        "reviewer": review.reviewer,
        "scored_at": rfc3339(review.scored_at) if review.scored_at else None,
    }

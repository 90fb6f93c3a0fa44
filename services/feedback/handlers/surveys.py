"""The desk for surveys: what a link leads to, and the one answer that it takes (R-FB-02, R-FB-03)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from pydantic import SecretStr

from services.feedback import store
from services.feedback.domain.callback import Answer
from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.domain.drafting import confirmed_in_writing, worth_keeping
from services.feedback.domain.survey import Answered, Standing, answered
from services.feedback.handlers.completion import complete
from services.feedback.handlers.drafting import Drafting
from services.feedback.handlers.learning import learn
from shared.bus.transaction import Transaction
from shared.service import Context
from shared.survey_token import survey_id_of


@dataclass(frozen=True, slots=True)
class Link:
    """What a link leads to. Of a survey that is gone nothing is known, as of one that never was."""

    standing: Standing
    locale: str | None = None
    number: str = ""
    expires_at: datetime | None = None


GONE = Link("gone")


class SurveyDesk:
    """Looks surveys up by the token of their link and takes their answers."""

    def __init__(self, context: Context, key: SecretStr, drafting: Drafting) -> None:
        self._context = context
        self._drafting = drafting
        self._key = key

    async def find(self, token: str) -> Link:
        """Return what the link with `token` leads to; a token that this house has not sealed costs no query."""
        survey_id = survey_id_of(token, self._key)
        if survey_id is None:
            return GONE
        async with self._context.engine.connect() as connection:
            found = await store.find_survey(connection, survey_id)
        return _link(found, self._context.clock.now())

    async def answer(self, token: str, answer: Answer) -> Standing | Literal["taken"]:
        """Take the answer of a survey and tell what follows from it; `taken`, or why it came too late.

        Of two answers sent at once the second waits for the first, and comes too late.
        """
        survey_id = survey_id_of(token, self._key)
        if survey_id is None:
            return "gone"
        policy = self._context.policy
        async with self._context.outbox.transaction() as tx:
            found = await store.find_survey(tx.connection, survey_id, lock=True)
            if found is None:
                return "gone"
            decision = answered(found.survey, answer, tx.now, policy)
            if not isinstance(decision, Answered):
                return decision
            await store.save_answered(tx.connection, decision)
            await complete(tx, decision.callback, decision.conclusion, found.case, found.customer, policy)
            case = replace(found.case, score=answer.score, solved=answer.solved)
            await self._learn(tx, confirmed_in_writing(case), found.customer)
        return "taken"

    async def _learn(self, tx: Transaction, case: Case, customer: Customer | None) -> None:
        """Make a draft of a case that the customer praised after it was closed (R-FB-04)."""
        policy = self._context.policy
        if customer is None or not worth_keeping(case, policy):
            return
        drafted = self._drafting.drafted_of(case, customer)
        if drafted is not None:
            await learn(tx, policy, [drafted], {case.work_order_id: case.traceparent})


def _link(found: store.Questioning | None, now: datetime) -> Link:
    if found is None or (standing := found.survey.standing(now)) == "gone":
        return GONE
    locale = found.customer.locale if found.customer else None
    return Link(standing, locale, found.case.number, found.survey.expires_at)

"""What the end of a callback leads to, whether an agent recorded it or the customer answered a survey (R-FB-03)."""

from dataclasses import replace
from datetime import datetime

from services.feedback import store
from services.feedback.domain.callback import ASKED, Callback, Conclusion
from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.domain.redact import redact
from services.feedback.domain.schedule import second_contact_for, told
from services.feedback.domain.survey import issued, survey_after
from shared.bus.transaction import Transaction
from shared.events import CallbackCompleted
from shared.ids import derived_id
from shared.policy import Policy


async def complete(
    tx: Transaction, done: Callback, conclusion: Conclusion, case: Case, customer: Customer | None, policy: Policy
) -> datetime | None:
    """Tell of a completed callback, and schedule what follows from it: the supervisor's contact, or a survey.

    Returns when the survey expires, where one was issued.
    """
    if done.kind in ASKED:
        case = replace(case, score=done.score, solved=done.solved)
        await store.save_answer(tx.connection, case)
    tx.emit(_completed(done, conclusion, case, customer), subject=done.id, cause=case.traceparent)
    if conclusion.second_contact:
        contact_id = derived_id("callback", case.work_order_id, str(done.cycle), "supervisor_contact")
        contact = second_contact_for(case, contact_id, done.cycle, tx.now, policy)
        if await store.insert_callbacks(tx.connection, [contact]):
            tx.emit(told(contact, case), subject=contact_id, cause=case.traceparent)
    survey = survey_after(done, derived_id("survey", done.id), tx.now, policy)
    if survey is not None and await store.insert_survey(tx.connection, survey):
        tx.emit(issued(survey, case.number, case.department), subject=survey.id, cause=case.traceparent)
    return survey.expires_at if survey else None


def _completed(done: Callback, conclusion: Conclusion, case: Case, customer: Customer | None) -> CallbackCompleted:
    if done.outcome is None or done.completed_by is None or done.completed_at is None:
        raise ValueError(f"the callback {done.id} is not over")
    return CallbackCompleted(
        callback_id=done.id,
        work_order_id=done.work_order_id,
        number=case.number,
        kind=done.kind,
        cycle=done.cycle,
        department=case.department,
        outcome=done.outcome,
        solved=done.solved,
        score=done.score,
        satisfaction=done.satisfaction,
        speed_satisfied=done.speed_satisfied,
        suggestion=redact(done.suggestion, customer),
        comment=redact(done.comment, customer),
        reopen=conclusion.reopen,
        second_contact=conclusion.second_contact,
        by=done.completed_by,
        at=done.completed_at,
        due_at=done.due_at,
    )

"""The desk for callbacks: the list of calls to make, and the recording of each (contract, `yingda.command.callback.`)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.feedback import store
from services.feedback.domain.callback import Answer, Recorded, record
from services.feedback.domain.permission import may_call
from services.feedback.domain.refusal import Refusal, not_staff
from services.feedback.domain.schedule import home
from services.feedback.domain.script import language_of, render, values_for
from services.feedback.handlers.completion import complete
from services.feedback.handlers.problems import problem_of, unknown
from services.feedback.ports import ScriptSource
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import CallbackAttempted, Command, Problem
from shared.events.commands import ListCallbacks, RecordCallback
from shared.policy import Policy, Staff
from shared.times import rfc3339


class CallbackDesk:
    """Answers the commands about callbacks. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy, scripts: ScriptSource) -> None:
        self._policy = policy
        self._scripts = scripts

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {RecordCallback: self.record, ListCallbacks: self.list}

    async def record(self, tx: Transaction, command: RecordCallback) -> Mapping[str, Any] | Problem:
        """Record one attempt (R-FB-01 to R-FB-03).

        Returns {callback_id, state, outcome, reopen, second_contact, attempts, next_at, survey_expires_at};
        `attempts` is how many calls count so far: unanswered ones as R-FB-01 counts them, and the one that reached the
        customer.
        """
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        call = await store.lock_call(tx.connection, command.callback_id)
        if call is None:
            return unknown("callback", "callback_id", command.callback_id)
        decision = self._may(staff, call) or record(
            call.callback, call.attempts, answer_of(command), staff.id, tx.now, self._policy
        )
        if isinstance(decision, Refusal):
            return problem_of(decision)
        await store.save_attempt(tx.connection, decision.callback, decision.attempt)
        after, expires_at = decision.callback, None
        if decision.over:
            expires_at = await complete(tx, after, decision.conclusion, call.case, call.customer, self._policy)
        else:
            _tell_attempt(tx, call, decision)
        return {
            "callback_id": after.id,
            "state": after.state,
            "outcome": decision.attempt.outcome,
            "reopen": decision.conclusion.reopen,
            "second_contact": decision.conclusion.second_contact,
            "attempts": decision.counted,
            "next_at": rfc3339(after.next_at) if after.next_at else None,
            "survey_expires_at": rfc3339(expires_at) if expires_at else None,
        }

    async def list(self, tx: Transaction, command: ListCallbacks) -> Mapping[str, Any] | Problem:
        """Return {callbacks: […]}: the open ones, whose next attempt is due first at the head.

        The script, the customer's phone and the texts of the case are given to those who may make the call.
        """
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        calls = await store.open_calls(
            tx.connection,
            department=command.department,
            work_order_id=command.work_order_id,
            kind=command.kind,
            limit=command.limit,
        )
        today = self._policy.calendar().local(tx.now).date()
        return {"callbacks": [self._item(call, staff, today) for call in calls]}

    def _may(self, staff: Staff, call: store.Call) -> Refusal | None:
        callback = call.callback
        return may_call(staff, callback.kind, home(call.case, self._policy), self._policy, callback.assignee)

    def _item(self, call: store.Call, staff: Staff, today: date) -> dict[str, Any]:
        callback, case = call.callback, call.case
        item = {
            "callback_id": callback.id,
            "work_order_id": case.work_order_id,
            "number": case.number,
            "kind": callback.kind,
            "cycle": callback.cycle,
            "department": case.department,
            "category": case.category,
            "assignee": callback.assignee,
            "due_at": rfc3339(callback.due_at),
            "next_at": rfc3339(callback.next_at or callback.due_at),
            "attempts": [
                {"outcome": a.outcome, "by": a.by, "at": rfc3339(a.at), "counted": a.half_day is not None}
                for a in call.attempts
            ],
            "script": callback.script,
        }
        allowed = self._may(staff, call) is None
        customer = call.customer if allowed else None
        return item | {
            "script_text": self._script(call, staff, today) if allowed else None,
            "phone": customer.phone if customer else None,
            "problem": customer.text if customer else None,
            "resolution": case.resolution if allowed else None,
        }

    def _script(self, call: store.Call, staff: Staff, today: date) -> str:
        """Return what this member of staff reads out to this customer (R-IN-11, R-FB-07)."""
        language = language_of(call.customer.locale if call.customer else self._policy.locale)
        values = values_for(call.customer, staff, call.case.number, today, language, self._policy)
        return render(self._scripts.text(language, call.callback.script), values)


def answer_of(command: RecordCallback) -> Answer:
    """Return what the command records of the customer's answer."""
    return Answer(
        outcome=command.outcome,
        solved=command.solved,
        score=command.score,
        satisfaction=command.satisfaction or "not_rated",
        speed_satisfied=command.speed_satisfied,
        suggestion=(command.suggestion or "").strip(),
        comment=(command.comment or "").strip(),
    )


def _tell_attempt(tx: Transaction, call: store.Call, decision: Recorded) -> None:
    event = CallbackAttempted(
        callback_id=call.callback.id,
        work_order_id=call.case.work_order_id,
        cycle=call.callback.cycle,
        attempt=decision.attempt.number,
        outcome=decision.attempt.outcome,
        by=decision.attempt.by,
        at=decision.attempt.at,
        next_at=decision.callback.next_at,
    )
    tx.emit(event, subject=call.callback.id, cause=call.case.traceparent)

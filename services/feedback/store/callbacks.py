"""Callbacks and their attempts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from sqlalchemy import ARRAY, Row, Select, Text, any_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.callback import Attempt, Callback
from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.store.cases import CASE_COLUMNS, CUSTOMER_COLUMNS, case_of
from services.feedback.store.tables import attempts, callbacks, cases, customers
from shared.db import Prepared, fetch, insert_rows, update_rows
from shared.events import CallbackKind

_COLUMNS: Final = tuple(callbacks.c[field.name] for field in fields(Callback))
_ATTEMPT_COLUMNS: Final = tuple(attempts.c[field.name] for field in fields(Attempt))


@dataclass(frozen=True, slots=True)
class Call:
    """A callback with what the agent must know: the case, the customer as far as known, and the attempts so far."""

    callback: Callback
    case: Case
    customer: Customer | None
    attempts: tuple[Attempt, ...]


async def insert_callbacks(connection: AsyncConnection, planned: Sequence[Callback]) -> set[str]:
    """Write new callbacks and return the ids of those that were not there yet."""
    rows = await insert_rows(
        connection, callbacks, [asdict(one) for one in planned], ignore_conflicts=True, returning=("id",)
    )
    return {row.id for row in rows}


async def withdraw(
    connection: AsyncConnection, *, reopened: Mapping[str, int], ended: Iterable[str], closed: Iterable[str]
) -> list[Callback]:
    """Withdraw open callbacks that nobody needs any more, and return them.

    Of work orders `reopened` into those cycles the callbacks of earlier ones, of the `ended` every one, of the
    `closed` the return calls: the customer has heard the result since.
    """
    given = {
        "reopened": list(reopened),
        "cycles": list(reopened.values()),
        "ended": list(ended),
        "closed": list(closed),
    }
    if not (given["reopened"] or given["ended"] or given["closed"]):
        return []
    return [Callback(*row) for row in await fetch(connection, _WITHDRAW, given)]


async def save_attempt(connection: AsyncConnection, callback: Callback, attempt: Attempt) -> None:
    """Write an attempt and what it made of its callback."""
    await update_rows(connection, callbacks, [asdict(callback)])
    await insert_rows(connection, attempts, [{"callback_id": callback.id, **asdict(attempt)}])


async def lock_call(connection: AsyncConnection, callback_id: str) -> Call | None:
    """Return the callback; it stays locked until the commit, so that two attempts never overlap."""
    locked = _calls().where(callbacks.c.id == callback_id).with_for_update(of=callbacks)
    found = await _read(connection, locked)
    return found[0] if found else None


async def open_calls(
    connection: AsyncConnection,
    *,
    department: str | None,
    work_order_id: str | None,
    limit: int,
    kind: CallbackKind | None = None,
) -> list[Call]:
    """Return open callbacks, those whose next attempt is due first at the head."""
    query = _calls().where(callbacks.c.state == "open")
    if department is not None:
        query = query.where(cases.c.department == department)
    if work_order_id is not None:
        query = query.where(callbacks.c.work_order_id == work_order_id)
    if kind is not None:
        query = query.where(callbacks.c.kind == kind)
    return await _read(
        connection, query.order_by(func.coalesce(callbacks.c.next_at, callbacks.c.due_at), callbacks.c.id).limit(limit)
    )


async def open_counts(connection: AsyncConnection) -> dict[str, int]:
    """Return how many callbacks are open, by kind."""
    query = select(callbacks.c.kind, func.count()).where(callbacks.c.state == "open").group_by(callbacks.c.kind)
    return {row[0]: row[1] for row in await connection.execute(query)}


_WITHDRAW: Final = Prepared(
    text(
        f"UPDATE {callbacks.fullname} AS callback SET state = 'withdrawn', next_at = NULL "
        "WHERE callback.work_order_id = ANY(CAST(:ended AS text[]) || CAST(:closed AS text[]) || CAST(:reopened AS text[])) "
        # Open, but not in the words of the index of the open ones: it is read whole where PostgreSQL takes it for empty.
        "AND callback.state NOT IN ('completed', 'withdrawn') AND (callback.work_order_id = ANY(CAST(:ended AS text[])) "
        "OR (callback.kind = 'return_call' AND callback.work_order_id = ANY(CAST(:closed AS text[]))) "
        "OR (callback.kind = 'callback' AND EXISTS (SELECT FROM unnest(CAST(:reopened AS text[]), CAST(:cycles AS integer[])) "
        "AS given(work_order_id, cycle) WHERE given.work_order_id = callback.work_order_id AND callback.cycle < given.cycle))) "
        f"RETURNING {', '.join(f'callback.{column.name}' for column in _COLUMNS)}"
    )
)


def _calls() -> Select[Any]:
    return (
        select(*CASE_COLUMNS, *_COLUMNS, *CUSTOMER_COLUMNS)
        .select_from(callbacks)
        .join(cases, cases.c.work_order_id == callbacks.c.work_order_id)
        .outerjoin(customers, customers.c.contact_id == cases.c.contact_id)
    )


async def _read(connection: AsyncConnection, query: Select[Any]) -> list[Call]:
    rows = [(_callback(row), row) for row in await connection.execute(query)]
    made = await _attempts(connection, [callback.id for callback, _ in rows])
    return [Call(callback, case_of(row), _customer(row), tuple(made.get(callback.id, ()))) for callback, row in rows]


async def _attempts(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, list[Attempt]]:
    if not ids:
        return {}
    query = (
        select(attempts.c.callback_id, *_ATTEMPT_COLUMNS)
        .where(attempts.c.callback_id == any_(bindparam("ids", type_=ARRAY(Text))))
        .order_by(attempts.c.callback_id, attempts.c.number)
    )
    made: dict[str, list[Attempt]] = {}
    for callback_id, *attempt in await connection.execute(query, {"ids": list(ids)}):
        made.setdefault(callback_id, []).append(Attempt(*attempt))
    return made


def _callback(row: Row[Any]) -> Callback:
    begin = len(CASE_COLUMNS)
    return Callback(*row[begin : begin + len(_COLUMNS)])


def _customer(row: Row[Any]) -> Customer | None:
    facts = row[len(CASE_COLUMNS) + len(_COLUMNS) :]
    return Customer(*facts) if facts[0] is not None else None

"""The queue of what escalations set off: ordered with the escalation, claimed with SKIP LOCKED, settled after the attempt."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement

from services.sla.domain.actions import Escalation, Order, State, Verdict
from services.sla.store.tables import actions, subjects
from shared.db import insert_rows
from shared.events import SlaEscalated, SlaWarned
from shared.retention import Expiry

_WAITING: Final = actions.c.state == "waiting"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An action in hand: nobody else takes it up before `until`."""

    plugin: str
    escalation: Escalation
    until: datetime


async def order(connection: AsyncConnection, ordered: Sequence[tuple[str, Order]], now: datetime) -> None:
    """Write what is to be done, by owner of the clock; what is there already stays as it is."""
    rows = [
        {
            "id": one.id,
            "owner": owner,
            "plugin": one.plugin,
            "step": one.to,
            "event": one.event.model_dump(mode="json"),
            "state": "waiting",
            "attempts": 0,
            "next_at": now,
            "created_at": now,
        }
        for owner, one in ordered
    ]
    await insert_rows(connection, actions, rows, ignore_conflicts=True)


async def claim(connection: AsyncConnection, plugin: str, now: datetime, until: datetime, limit: int) -> list[Claimed]:
    """Take up to `limit` actions of `plugin` that are due, the oldest first; the attempt is counted."""
    due = _due(actions.c.plugin == plugin, now).limit(limit)
    taken = (
        update(actions)
        .where(actions.c.id.in_(due.scalar_subquery()))
        .values(attempts=actions.c.attempts + 1, next_at=until)
        .returning(actions)
        .cte("taken")
    )
    found = select(taken, subjects.c.number, subjects.c.category, subjects.c.topic).outerjoin(
        subjects, subjects.c.id == taken.c.owner
    )
    rows = sorted(await connection.execute(found), key=lambda row: row.created_at)
    return [Claimed(row.plugin, _escalation(row._mapping), until) for row in rows]  # noqa: SLF001 (SQLAlchemy's public name)


async def give_up_others(
    connection: AsyncConnection, plugins: Collection[str], since: datetime, now: datetime, why: str
) -> int:
    """Make dead what was due at `since` already of plugins other than `plugins`; return how many those were."""
    due = _due(actions.c.plugin.not_in(sorted(plugins)), since)
    gone = update(actions).where(actions.c.id.in_(due.scalar_subquery()))
    done = await connection.execute(gone.values(state="dead", reason=why, settled_at=now))
    return int(done.rowcount)


async def settle(
    connection: AsyncConnection, claimed: Claimed, verdict: Verdict, now: datetime, *, counts: bool
) -> bool:
    """Write what became of an attempt; False where it has been taken up again meanwhile, so that nothing is written.

    An attempt that was none does not count (`counts`).
    """
    waits = verdict.state == "waiting"
    mine = (
        update(actions)
        .where(actions.c.id == claimed.escalation.id, actions.c.attempts == claimed.escalation.attempt, _WAITING)
        .values(
            state=verdict.state,
            reason=verdict.reason,
            attempts=claimed.escalation.attempt if counts else claimed.escalation.attempt - 1,
            next_at=now + verdict.after,
            settled_at=None if waits else now,
        )
    )
    return (await connection.execute(mine)).rowcount == 1


async def next_due(connection: AsyncConnection) -> datetime | None:
    """Return when the next attempt is due, None where nothing waits."""
    at: datetime | None = await connection.scalar(select(func.min(actions.c.next_at)).where(_WAITING))
    return at


async def counts(connection: AsyncConnection) -> Mapping[tuple[str, str], int]:
    """Return how many are not done, by plugin and state."""
    query = (
        select(actions.c.plugin, actions.c.state, func.count())
        .where(actions.c.state.in_(("waiting", "refused", "dead")))
        .group_by(actions.c.plugin, actions.c.state)
    )
    return {(plugin, state): count for plugin, state, count in await connection.execute(query)}


async def listed(
    connection: AsyncConnection, state: State | None, work_order_id: str | None, limit: int
) -> Sequence[Any]:
    """Return actions, the newest first; without a state and a work order those that somebody should look at."""
    query = select(actions, subjects.c.number).outerjoin(subjects, subjects.c.id == actions.c.owner)
    if work_order_id is not None:
        query = query.where(actions.c.owner == work_order_id)
    if state is not None:
        query = query.where(actions.c.state == state)
    elif work_order_id is None:
        query = query.where(actions.c.state.in_(("refused", "dead")))
    return (await connection.execute(query.order_by(actions.c.created_at.desc(), actions.c.id).limit(limit))).all()


async def again(connection: AsyncConnection, action_id: str | None, plugin: str | None, now: datetime) -> int:
    """Let what was refused or is dead wait anew: the action of that id, else all of `plugin`; return how many."""
    chosen = actions.c.id == action_id if action_id is not None else actions.c.plugin == plugin
    query = update(actions).where(chosen, actions.c.state.in_(("refused", "dead")))
    done = await connection.execute(
        query.values(state="waiting", attempts=0, next_at=now, reason=None, settled_at=None)
    )
    return int(done.rowcount)


def actions_of_agents(days: int) -> Expiry:
    """Return what expires by itself: actions that belong to no work order."""
    return Expiry(actions, actions.c.created_at, days, when=actions.c.event["subject_type"].astext == "agent")


def _due(which: ColumnElement[bool], now: datetime) -> Any:
    return (
        select(actions.c.id)
        .where(which, _WAITING, actions.c.next_at <= now)
        .order_by(actions.c.next_at)
        .with_for_update(skip_locked=True)
    )


def _escalation(row: RowMapping) -> Escalation:
    written = row["event"]
    event = (SlaWarned if "percent" in written else SlaEscalated).model_validate(written)
    return Escalation(
        id=row["id"],
        on="warning" if isinstance(event, SlaWarned) else "breach",
        to=row["step"],
        percent=event.percent if isinstance(event, SlaWarned) else None,
        clock_id=event.clock_id,
        metric=event.metric,
        cycle=event.cycle,
        department=event.department,
        due_at=event.due_at,
        at=event.at,
        grade=event.grade,
        work_order_id=None if event.subject_type == "agent" else row["owner"],
        number=row["number"],
        category=row["category"],
        topic=row["topic"],
        attempt=row["attempts"],
    )

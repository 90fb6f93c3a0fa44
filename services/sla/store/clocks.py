"""Loads and saves clocks and subjects: a constant number of statements, however many work orders a batch holds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ARRAY, Text, and_, any_, bindparam, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.sla.domain.agent_clocks import Agent, AgentClocks
from services.sla.domain.clock import BREACH, Clock
from services.sla.domain.pace import WALL
from services.sla.domain.side_clocks import RESULTS
from services.sla.domain.subject import Subject
from services.sla.domain.workorder_clocks import WorkorderClocks
from services.sla.store.tables import LIVE, NOT_OVER, agents, clocks, subjects
from shared.bus.transaction import Transaction
from shared.db import Prepared, Row, fetch, insert_new, insert_rows, update_rows
from shared.policy import Duration
from shared.times import parse_rfc3339, rfc3339

_CLOCK_FIELDS: Final = tuple(field.name for field in fields(Clock))
_CLOCK_COLUMNS: Final = tuple(clocks.c[name] for name in _CLOCK_FIELDS)
_SUBJECT_FIELDS: Final = tuple(field.name for field in fields(Subject))
_REBASED: Final = frozenset({"calendar", "target", "policy_version"})
_FIXED: Final = frozenset(
    {"owner", "subject_type", "subject_id", "metric", "cycle", "started_at", "about", "traceparent"}
)
_CHANGING: Final = tuple(name for name in _CLOCK_FIELDS if name not in _FIXED | _REBASED)
_written: Final = lru_cache(maxsize=256)(str)  # a policy holds a dozen durations, and every work order copies some
_read: Final = lru_cache(maxsize=256)(Duration.parse)
_IDS: Final = bindparam("ids", type_=ARRAY(Text))
_LOCKED: Final = Prepared(
    text(
        f"SELECT {', '.join(f'held.{name}' for name in _SUBJECT_FIELDS)} FROM {subjects.fullname} AS held "
        "JOIN unnest(CAST(:ids AS text[]), CAST(:departments AS text[])) AS given(id, department) "
        "ON held.id = given.id WHERE given.department IS NULL OR held.department <> given.department "
        "ORDER BY held.id FOR UPDATE OF held"
    )
)
_LIVE: Final = Prepared(
    select(*_CLOCK_COLUMNS)
    .where(clocks.c.owner == any_(_IDS))
    .where(text(NOT_OVER))
    .order_by(clocks.c.id)  # always locked in the same order, so that two replicas never wait for each other
    .with_for_update()
)
_NEXT: Final = Prepared(
    select(clocks.c.next_at).where(text(LIVE), clocks.c.next_at.is_not(None)).order_by(clocks.c.next_at).limit(1)
)
"""Wanted for every batch, so they are put together once."""


async def lock(
    connection: AsyncConnection, wanted: Mapping[str, str | None]
) -> tuple[dict[str, Subject], dict[str, list[Clock]]]:
    """Return those of the subjects `wanted` that are there, with their live clocks, locked until the commit.

    One for which a department is given is left out where it is in that very department.
    """
    if not wanted:
        return {}, {}
    given = {"ids": list(wanted), "departments": list(wanted.values())}
    found = {row.id: _subject(row) for row in await fetch(connection, _LOCKED, given)}
    return found, await _live(connection, list(found)) if found else {}


async def create(connection: AsyncConnection, fresh: Iterable[Subject]) -> set[str]:
    """Write new subjects and return the ids of those written; the others are there already, committed by now.

    Whichever event of a work order comes first, a second replica that has another one in hand waits for it here.
    """
    rows = [_subject_row(subject) for subject in sorted(fresh, key=lambda subject: subject.id)]
    return await insert_new(connection, subjects, rows)


async def lock_agents(
    connection: AsyncConnection, ids: Iterable[str]
) -> tuple[dict[str, Agent], dict[str, list[Clock]]]:
    """Return the agents and their live clocks, locked until the commit; one not known yet is created."""
    wanted = sorted(ids)
    await insert_rows(connection, agents, [_agent_row(Agent(key)) for key in wanted], ignore_conflicts=True)
    query = select(agents).where(agents.c.id == any_(_IDS)).order_by(agents.c.id).with_for_update()
    rows = await connection.execute(query, {"ids": wanted})
    return {row.id: Agent(row.id, row.cycle, row.changed_at) for row in rows}, await _live(connection, wanted)


async def _live(connection: AsyncConnection, owners: Sequence[str]) -> dict[str, list[Clock]]:
    running: dict[str, list[Clock]] = {key: [] for key in owners}
    for row in await fetch(connection, _LIVE, {"ids": owners}):
        clock = _clock(row)
        running[clock.owner].append(clock)
    return running


async def results(connection: AsyncConnection, ids: Iterable[str]) -> list[Clock]:
    """Return the clocks of these work orders that a result has ended; their work orders are locked already."""
    query = (
        select(*_CLOCK_COLUMNS)
        .where(clocks.c.owner == any_(_IDS), clocks.c.subject_type == "workorder")
        .where(clocks.c.metric.in_(RESULTS), clocks.c.state.in_(("met", "ended")))
    )
    return [_clock(row) for row in await connection.execute(query, {"ids": sorted(ids)})]


async def save(tx: Transaction, before: Mapping[str, Subject], after: Sequence[WorkorderClocks]) -> None:
    """Write what `after` has changed or started; subjects that were not there `before` are written already."""
    changed = [one.subject for one in after if one.subject.id in before and one.subject != before[one.subject.id]]
    await save_subjects(tx.connection, changed)
    await _save_clocks(tx, after)


async def save_agents(tx: Transaction, after: Sequence[AgentClocks]) -> None:
    """Write what `after` has changed or started."""
    await update_rows(tx.connection, agents, [_agent_row(one.agent) for one in after])
    await _save_clocks(tx, after)


async def _save_clocks(tx: Transaction, after: Sequence[WorkorderClocks | AgentClocks]) -> None:
    every = [(clock, one.loaded.get(clock.id)) for one in after for clock in one.clocks.values()]
    # Changes first: a clock that is cancelled makes room for the one that takes its place.
    await save_changes(tx.connection, [clock for clock, old in every if old is not None and clock != old])
    tx.insert(clocks, [_row(clock, _CLOCK_FIELDS) for clock, old in every if old is None])


async def save_changes(connection: AsyncConnection, changed: Sequence[Clock]) -> None:
    """Write what can change of clocks that are in the table."""
    await update_rows(connection, clocks, [_row(clock, _CHANGING) for clock in changed])


async def save_rebased(connection: AsyncConnection, moved: Sequence[Clock]) -> None:
    """Write clocks whose very target has changed (R-SLA-12)."""
    await update_rows(connection, clocks, [_row(clock, (*_CHANGING, *sorted(_REBASED))) for clock in moved])


async def save_subjects(connection: AsyncConnection, changed: Sequence[Subject]) -> None:
    """Write what is remembered of these work orders."""
    await update_rows(connection, subjects, [_subject_row(subject) for subject in changed])


async def outdated(connection: AsyncConnection, edition: int, after: str, limit: int) -> list[Clock]:
    """Return up to `limit` live clocks on a calendar that were computed with older holidays, by id from `after` on."""
    query = (
        select(*_CLOCK_COLUMNS)
        .where(clocks.c.id > after, clocks.c.edition < edition, clocks.c.calendar != WALL)
        .where(text(LIVE))
        .order_by(clocks.c.id)
        .limit(limit)
        .with_for_update()
    )
    return [_clock(row) for row in await connection.execute(query)]


async def claim(connection: AsyncConnection, now: datetime, settled: datetime, limit: int) -> list[Clock]:
    """Return up to `limit` clocks whose next moment has come, the earliest first, locked until the commit.

    Warnings count up to `now`, all else up to `settled`. What another replica has in hand is left to it.
    """
    warning = and_(clocks.c.state == "running", clocks.c.next_mark != BREACH)
    query = (
        select(*_CLOCK_COLUMNS)
        .where(text(LIVE), clocks.c.next_at <= now)
        .where(or_(clocks.c.next_at < settled, warning))
        .order_by(clocks.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_clock(row) for row in await connection.execute(query)]


async def next_moment(connection: AsyncConnection) -> datetime | None:
    """Return when the next thing is due, None where no clock runs."""
    rows = await fetch(connection, _NEXT)
    return rows[0][0] if rows else None


def _row(clock: Clock, names: tuple[str, ...]) -> dict[str, Any]:
    return dict(zip(names, _picked(names)(clock), strict=True))


@cache
def _picked(names: tuple[str, ...]) -> Callable[[Clock], tuple[Any, ...]]:
    return attrgetter(*names)


def _clock(row: Iterable[Any]) -> Clock:
    """Return the clock of a row of `_CLOCK_COLUMNS`, which are its fields in their order."""
    return Clock(*row)


def _subject_row(subject: Subject) -> dict[str, Any]:
    values = {name: getattr(subject, name) for name in _SUBJECT_FIELDS}
    values["pauses"] = [[rfc3339(since), rfc3339(until)] for since, until in subject.pauses]
    values["early"] = {what: rfc3339(at) for what, at in subject.early.items()}
    values["targets"] = {metric: _written(target) for metric, target in subject.targets.items()}
    return values


def _subject(row: Row) -> Subject:
    values = dict(row)
    values["pauses"] = tuple((parse_rfc3339(since), parse_rfc3339(until)) for since, until in row.pauses)
    values["early"] = {what: parse_rfc3339(at) for what, at in row.early.items()}
    values["targets"] = {metric: _read(written) for metric, written in row.targets.items()}
    return Subject(**values)


def _agent_row(agent: Agent) -> dict[str, Any]:
    return {"id": agent.id, "cycle": agent.cycle, "changed_at": agent.changed_at}

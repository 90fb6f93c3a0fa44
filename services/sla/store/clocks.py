"""Loads and saves clocks and subjects: a constant number of statements, however many work orders a batch holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, Row, Text, and_, any_, bindparam, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.sla.domain.clock import BREACH, Clock
from services.sla.domain.subject import Subject
from services.sla.domain.workorder_clocks import WorkorderClocks
from services.sla.store.tables import LIVE, clocks, subjects
from shared.db import insert_rows, update_rows
from shared.policy import Duration
from shared.times import parse_rfc3339, rfc3339

_CLOCK_FIELDS: Final = tuple(field.name for field in fields(Clock))
_SUBJECT_FIELDS: Final = tuple(field.name for field in fields(Subject))
_FIXED: Final = frozenset({"subject_type", "subject_id", "metric", "cycle", "calendar", "target", "started_at"})
_CHANGING: Final = tuple(name for name in _CLOCK_FIELDS if name not in _FIXED | {"traceparent"})
_written: Final = lru_cache(maxsize=256)(str)  # a policy holds a dozen durations, and every work order copies some
_read: Final = lru_cache(maxsize=256)(Duration.parse)
_IDS: Final = bindparam("ids", type_=ARRAY(Text))


async def lock(connection: AsyncConnection, ids: Iterable[str]) -> tuple[dict[str, Subject], dict[str, list[Clock]]]:
    """Return the subjects and their live clocks, locked until the commit.

    A subject that is not known yet is created: whichever event of a work order comes first, a second replica that has
    another one in hand waits for it here and then sees what it wrote.
    """
    wanted = sorted(ids)
    stubs = [_subject_row(Subject(id=key)) for key in wanted]
    await insert_rows(connection, subjects, stubs, ignore_conflicts=True)
    query = select(subjects).where(subjects.c.id == any_(_IDS)).order_by(subjects.c.id).with_for_update()
    found = {row.id: _subject(row) for row in await connection.execute(query, {"ids": wanted})}
    running: dict[str, list[Clock]] = {key: [] for key in wanted}
    live = (
        select(clocks)
        .where(clocks.c.subject_id == any_(_IDS))
        .where(text(LIVE))  # in these words, so that the partial index is known to serve it
        .order_by(clocks.c.id)  # always locked in the same order, so that two replicas never wait for each other
        .with_for_update()
    )
    for row in await connection.execute(live, {"ids": wanted}):
        running[row.subject_id].append(_clock(row))
    return found, running


async def save(connection: AsyncConnection, before: Mapping[str, Subject], after: Sequence[WorkorderClocks]) -> None:
    """Write what `after` has changed or started."""
    changed = [_subject_row(one.subject) for one in after if one.subject != before[one.subject.id]]
    await update_rows(connection, subjects, changed)
    every = [(clock, one.loaded.get(clock.id)) for one in after for clock in one.clocks.values()]
    # Changes first: a clock that is cancelled makes room for the one that takes its place.
    await save_changes(connection, [clock for clock, old in every if old is not None and clock != old])
    await insert_rows(connection, clocks, [_row(clock, _CLOCK_FIELDS) for clock, old in every if old is None])


async def save_changes(connection: AsyncConnection, changed: Sequence[Clock]) -> None:
    """Write what can change of clocks that are in the table."""
    await update_rows(connection, clocks, [_row(clock, _CHANGING) for clock in changed])


async def claim(connection: AsyncConnection, now: datetime, settled: datetime, limit: int) -> list[Clock]:
    """Return up to `limit` clocks whose next moment has come, the earliest first, locked until the commit.

    Warnings count up to `now`, all else up to `settled`. What another replica has in hand is left to it.
    """
    warning = and_(clocks.c.state == "running", clocks.c.next_mark != BREACH)
    query = (
        select(clocks)
        .where(clocks.c.next_at <= now)
        .where(or_(clocks.c.next_at < settled, warning))
        .order_by(clocks.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_clock(row) for row in await connection.execute(query)]


async def next_moment(connection: AsyncConnection) -> datetime | None:
    """Return when the next thing is due, None where no clock runs."""
    query = select(clocks.c.next_at).where(clocks.c.next_at.is_not(None)).order_by(clocks.c.next_at).limit(1)
    at: datetime | None = await connection.scalar(query)
    return at


def _row(clock: Clock, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(clock, name) for name in names}


def _clock(row: Row[Any]) -> Clock:
    return Clock(**{name: getattr(row, name) for name in _CLOCK_FIELDS})


def _subject_row(subject: Subject) -> dict[str, Any]:
    values = {name: getattr(subject, name) for name in _SUBJECT_FIELDS}
    values["pauses"] = [[rfc3339(since), rfc3339(until)] for since, until in subject.pauses]
    values["targets"] = {metric: _written(target) for metric, target in subject.targets.items()}
    return values


def _subject(row: Row[Any]) -> Subject:
    values = {name: getattr(row, name) for name in _SUBJECT_FIELDS}
    values["pauses"] = tuple((parse_rfc3339(since), parse_rfc3339(until)) for since, until in row.pauses)
    values["targets"] = {metric: _read(written) for metric, written in row.targets.items()}
    return Subject(**values)

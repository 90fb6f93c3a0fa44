"""The runs of the reconciliation, what they found missing, and the rows that they count (guarantee 6)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Index,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.store.asides import asides
from services.intake.store.tables import contacts, metadata, runtime
from shared.bus.streams import CONTACTS
from shared.db import insert_rows

HOURLY: Final = "hourly"
ASKED: Final = "asked"
BACK: Final = "system"
"""Who settles a difference by finding that nothing is missing any more."""
LEASE: Final = timedelta(minutes=2)
"""A run whose replica has not said for so long that it goes on is taken up by another."""
_KEPT: Final = timedelta(days=30)
_KEYS: Final = bindparam("keys", type_=ARRAY(Text))

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # hourly, asked
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("since", DateTime(timezone=True)),  # contacts registered after it
    Column("until", DateTime(timezone=True)),  # and up to it
    Column("sequence", BigInteger, nullable=False),  # messages of the stream after it; once ended, up to it
    Column("lease_until", DateTime(timezone=True)),  # real time, like the next
    Column("ended_at", DateTime(timezone=True)),
    Column("result", JSONB),
    Index("reconciliations_due", "due_at", postgresql_where=text("ended_at IS NULL")),
    Index(
        "reconciliations_one_hourly",
        "kind",
        unique=True,
        postgresql_where=text(f"ended_at IS NULL AND kind = '{HOURLY}'"),
    ),
)

differences = Table(
    "differences",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("contact_id", Text),
    Column("run_id", Text, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_by", Text),
    Column("note", Text),
    Index("differences_open", "stage", postgresql_where=text("settled_at IS NULL")),
)
"""What was found missing; open until it is there again, or until somebody has said why it never will be."""


@dataclass(frozen=True, slots=True)
class Run:
    """One reconciliation that is to be made."""

    id: str
    kind: str
    since: datetime | None
    sequence: int


async def plan(
    connection: AsyncConnection, run_id: str, kind: str, due_at: datetime, since: datetime | None, sequence: int = 0
) -> None:
    """Note a run that is due at a moment; of hourly ones, one waits at most."""
    row = {"id": run_id, "kind": kind, "due_at": due_at, "since": since, "sequence": sequence}
    await insert_rows(connection, reconciliations, [row], ignore_conflicts=True)


async def claim_run(connection: AsyncConnection, now: datetime) -> Run | None:
    """Take the run that has been due for longest and is in nobody's hands; None where there is none."""
    free = or_(reconciliations.c.lease_until.is_(None), reconciliations.c.lease_until < func.clock_timestamp())
    due = (
        select(reconciliations.c.id)
        .where(reconciliations.c.ended_at.is_(None), reconciliations.c.due_at <= now, free)
        .order_by(reconciliations.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(reconciliations)
        .where(reconciliations.c.id == due.scalar_subquery())
        .values(lease_until=func.clock_timestamp() + LEASE)
        .returning(reconciliations.c.id, reconciliations.c.kind, reconciliations.c.since, reconciliations.c.sequence)
    )
    row = (await connection.execute(taken)).one_or_none()
    return None if row is None else Run(*row)


async def go_on(connection: AsyncConnection, run_id: str) -> None:
    """Say that the run is still in hand."""
    await connection.execute(
        update(reconciliations).where(reconciliations.c.id == run_id).values(lease_until=func.clock_timestamp() + LEASE)
    )


async def put_off(connection: AsyncConnection, run_id: str, due_at: datetime, result: Mapping[str, Any]) -> None:
    """Let the run be made later, and keep what it came to so far."""
    change = {"due_at": due_at, "lease_until": None, "result": dict(result)}
    await connection.execute(update(reconciliations).where(reconciliations.c.id == run_id).values(**change))


async def end_run(
    connection: AsyncConnection, run_id: str, until: datetime | None, sequence: int, result: Mapping[str, Any]
) -> None:
    """Keep what came of the run; results that are a month old go."""
    ended: dict[str, Any] = {"until": until, "sequence": sequence, "result": dict(result)}
    await connection.execute(
        update(reconciliations)
        .where(reconciliations.c.id == run_id)
        .values(**ended, ended_at=func.clock_timestamp(), lease_until=None)
    )
    old = and_(
        reconciliations.c.ended_at < func.clock_timestamp() - _KEPT,
        reconciliations.c.id != run_id,
    )
    await connection.execute(delete(reconciliations).where(old))


async def next_run(connection: AsyncConnection) -> datetime | None:
    """Return when the next run is due."""
    free = or_(reconciliations.c.lease_until.is_(None), reconciliations.c.lease_until < func.clock_timestamp())
    query = select(func.min(reconciliations.c.due_at)).where(reconciliations.c.ended_at.is_(None), free)
    found: datetime | None = await connection.scalar(query)
    return found


async def run_of(connection: AsyncConnection, run_id: str | None) -> Mapping[str, Any] | None:
    """Return one run as it stands, or the last that has ended."""
    query = select(reconciliations)
    if run_id is None:
        query = (
            query.where(reconciliations.c.ended_at.is_not(None)).order_by(reconciliations.c.ended_at.desc()).limit(1)
        )
    else:
        query = query.where(reconciliations.c.id == run_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def last_hourly(connection: AsyncConnection) -> Mapping[str, Any] | None:
    """Return `ended_at` and `result` of the last hourly run that has ended."""
    query = (
        select(reconciliations.c.ended_at, reconciliations.c.result)
        .where(reconciliations.c.kind == HOURLY, reconciliations.c.ended_at.is_not(None))
        .order_by(reconciliations.c.ended_at.desc())
        .limit(1)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def open_differences(connection: AsyncConnection) -> list[Mapping[str, Any]]:
    """Return what is missing still, by stage and name."""
    query = (
        select(differences.c.stage, differences.c.name, differences.c.contact_id, differences.c.found_at)
        .where(differences.c.settled_at.is_(None))
        .order_by(differences.c.stage, differences.c.name)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def count_differences(connection: AsyncConnection) -> dict[str, int]:
    """Return by stage how many differences are open."""
    query = select(differences.c.stage, func.count()).where(differences.c.settled_at.is_(None))
    return {row[0]: row[1] for row in await connection.execute(query.group_by(differences.c.stage))}


async def keep_differences(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Note what is missing; return those (stage, name) that were not known to be.

    What came back and is missing again is open again; what a person has settled stays settled.
    """
    places = [(row["stage"], row["name"]) for row in rows]
    place = tuple_(differences.c.stage, differences.c.name)
    await connection.execute(delete(differences).where(place.in_(places), differences.c.settled_by == BACK))
    written = await insert_rows(connection, differences, rows, ignore_conflicts=True, returning=("stage", "name"))
    return {(row.stage, row.name) for row in written}


async def settle_differences(
    connection: AsyncConnection, places: Collection[tuple[str, str]], now: datetime, by: str, note: str | None
) -> int:
    """Close differences; return how many of them were open."""
    done = {"settled_at": now, "settled_by": by, "note": note}
    result = await connection.execute(
        update(differences)
        .where(tuple_(differences.c.stage, differences.c.name).in_(list(places)), differences.c.settled_at.is_(None))
        .values(**done)
    )
    return result.rowcount


async def registered_page(
    connection: AsyncConnection, after: tuple[datetime, str], until: datetime, limit: int
) -> list[tuple[datetime, str]]:
    """Return moment and id of contacts registered after a place and up to `until`, in order."""
    place = tuple_(contacts.c.registered_at, contacts.c.id)
    query = (
        select(contacts.c.registered_at, contacts.c.id)
        .where(contacts.c.registered_at >= after[0], contacts.c.registered_at <= until, place > after)
        .order_by(contacts.c.registered_at, contacts.c.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]


async def registered_after(connection: AsyncConnection, moment: datetime) -> int:
    """Return how many contacts were registered after a moment."""
    query = select(func.count()).select_from(contacts).where(contacts.c.registered_at > moment)
    return await connection.scalar(query) or 0


async def recorded_among(connection: AsyncConnection, source_ids: Sequence[str]) -> set[str]:
    """Return those of the source ids whose contact is recorded, or set aside as none."""
    query = union_all(
        select(contacts.c.source_id).where(contacts.c.source_id == any_(_KEYS)),
        select(asides.c.source_id).where(asides.c.source_id == any_(_KEYS)),
    )
    return set(await connection.scalars(query, {"keys": list(source_ids)}))


async def letters_between(connection: AsyncConnection, first: int, last: int) -> dict[int, str]:
    """Return the reasons of the dead letters of the stream of contacts, by their sequence."""
    letters = runtime.dead_letters
    query = select(letters.c.sequence, letters.c.reason).where(
        letters.c.stream == CONTACTS.name, letters.c.sequence.between(first, last)
    )
    return {row.sequence: row.reason for row in await connection.execute(query)}


async def letters_of(connection: AsyncConnection, source_ids: Sequence[str]) -> dict[str, str]:
    """Return the reasons of the dead letters of the stream of contacts, by the source id of what they hold."""
    letters = runtime.dead_letters
    query = select(letters.c.message_id, letters.c.reason).where(
        letters.c.stream == CONTACTS.name, letters.c.message_id == any_(_KEYS)
    )
    return {row.message_id: row.reason for row in await connection.execute(query, {"keys": list(source_ids)})}

"""What one contact costs the servers: messages and rows, counted in a run of the suite, and fed to the baselines."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from shared.bench.passage import Passage
from shared.bench.stage import Emission, Footprint, Stage
from shared.service import Service

STATISTICS_SECONDS = 11.0
"""PostgreSQL tells what a connection wrote at the latest when that has been idle for ten seconds."""
_LOOKED_AT = 2_000  # rows of each table, for the width
_LEAST_WIDTH = 16
_OVERHEAD = 24 + 37 + 12  # of a row of the baseline: its header, its key, its other columns


@dataclass(frozen=True, slots=True)
class Written:
    """Rows of one schema that were inserted and updated."""

    inserted: int
    updated: int


async def rows_written(connection: asyncpg.Connection, *, settle_seconds: float) -> dict[str, Written]:
    """Return, by schema, what has been written since the database exists; `settle_seconds` lets the statistics come in."""
    await asyncio.sleep(settle_seconds)
    rows = await connection.fetch(
        "SELECT schemaname, sum(n_tup_ins)::bigint AS inserted, sum(n_tup_upd)::bigint AS updated "
        "FROM pg_stat_user_tables GROUP BY schemaname"
    )
    return {row["schemaname"]: Written(row["inserted"], row["updated"]) for row in rows}


async def row_widths(connection: asyncpg.Connection) -> dict[str, int]:
    """Return, by schema, the mean bytes of the rows that were inserted."""
    totals: dict[str, list[float]] = {}
    tables = await connection.fetch("SELECT schemaname, relname, n_tup_ins AS n FROM pg_stat_user_tables")
    for schema, name, count in ((row["schemaname"], row["relname"], row["n"]) for row in tables if row["n"]):
        some = f'(SELECT * FROM "{schema}"."{name}" LIMIT {_LOOKED_AT})'
        width = await connection.fetchval(f"SELECT avg(pg_column_size(t.*)) FROM {some} AS t")
        if width is not None:
            total = totals.setdefault(schema, [0.0, 0.0])
            total[0] += float(width) * count
            total[1] += count
    return {schema: round(size / count) for schema, (size, count) in totals.items()}


def footprint_of(
    contacts: int,
    services: Mapping[str, Service],
    passage: Passage,
    consumed: Mapping[str, int],
    written: Mapping[str, Written],
    widths: Mapping[str, int],
) -> Footprint:
    """Return what `contacts` cost, stage by stage; `consumed`, `written` and `widths` are by service."""
    stages = [
        _stage(contacts, service, passage, consumed[name], written.get(name, Written(0, 0)), widths.get(name, 0))
        for name, service in services.items()
    ]
    return Footprint(
        messages=round(passage.messages.total() / contacts, 2),
        inserts=round(sum(one.inserted for one in written.values()) / contacts, 2),
        updates=round(sum(one.updated for one in written.values()) / contacts, 2),
        stages=tuple(stages),
    )


def _stage(contacts: int, service: Service, passage: Passage, consumed: int, written: Written, width: int) -> Stage:
    per = max(consumed, 1)
    return Stage(
        name=service.name,
        stream=service.stream.name,
        subjects=service.consumer.subjects,
        consumed_per_contact=round(consumed / contacts, 3),
        inserts_per_message=written.inserted / per,
        updates_per_message=written.updated / per,
        row_bytes=max(_LEAST_WIDTH, width - _OVERHEAD),
        emits=tuple(
            Emission(subject=subject, per_message=count / per, body_bytes=round(passage.bytes[source, subject] / count))
            for (source, subject), count in sorted(passage.messages.items())
            if source == service.name
        ),
    )
